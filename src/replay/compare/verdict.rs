//! What is said of a step: its verdict and the places where it differs (faces.md, verify).

use crate::{capture::ExchangeId, protocol::Message, replay::steps::Step};

/// What became of a step (faces.md, `verify`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Nothing differs but what differs from run to run.
    Same,
    /// Something in it differs.
    Changed,
    /// The other session has no such step, or no answer to it.
    Missing,
    /// Only the other session has it.
    Extra,
    /// It was not compared, and the reason says why.
    Skipped,
}

impl Ruling {
    /// The word of faces.md.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Skipped => "skipped",
        }
    }
}

/// How two values differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// They are of different JSON types.
    Type,
    /// Same type, another value.
    Value,
    /// The step came out in another way.
    Outcome,
    /// The step's stream brought other notifications, or other requests of the server.
    Notifications,
}

impl Kind {
    /// The word of faces.md.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Type => "type",
            Self::Value => "value",
            Self::Outcome => "outcome",
            Self::Notifications => "notifications",
        }
    }
}

/// One place where two steps differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// RFC 6901, from the message: `/result/content/0/text`; empty for the message as a whole. In
    /// text that is JSON it goes on into that JSON.
    pub path: String,
    /// How.
    pub kind: Kind,
    /// The first session's value, JSON text.
    pub recorded: Option<String>,
    /// The second session's value, JSON text.
    pub replayed: Option<String>,
    /// The recorded message that has the place, where that is known: a step may have several answers.
    pub message: Option<String>,
}

impl Difference {
    /// One of the step as a whole, told in words.
    pub(super) fn outcome(recorded: &str, replayed: &str) -> Self {
        let json = |text: &str| Some(serde_json::Value::from(text).to_string());
        let (recorded, replayed) = (json(recorded), json(replayed));
        Self { path: String::new(), kind: Kind::Outcome, recorded, replayed, message: None }
    }
}

/// What is to be said of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The session that has the step: the second one for an extra step, else the first.
    pub session: ExchangeId,
    /// The exchange of its message.
    pub exchange: ExchangeId,
    /// Its message, `EXCHANGE.N`; none for an extra step.
    pub message: Option<String>,
    /// The method.
    pub method: String,
    /// Tool, prompt, resource or task.
    pub name: Option<String>,
    /// What became of it.
    pub ruling: Ruling,
    /// Where it differs, in the order of its fields.
    pub differences: Vec<Difference>,
    /// Why, where the ruling alone does not say.
    pub reason: Option<String>,
}

impl Verdict {
    /// What is to be said of a step before anything is compared: that it was skipped, and why.
    #[must_use]
    pub fn of(step: &Step<'_>, ruling: Ruling, reason: Option<String>) -> Self {
        Self {
            session: step.story.session.id,
            exchange: step.exchange,
            message: step.message.map(Message::id),
            method: step.method().to_owned(),
            name: step.name().map(str::to_owned),
            ruling,
            differences: Vec::new(),
            reason,
        }
    }
}
