//! One session's steps against another's: what is the same, what changed, what is missing or new.
//!
//! `steps` takes a session apart, `matching` says which step answers to which, `walk` finds the
//! differences of two JSON texts, `volatile` knows what differs from run to run and says nothing
//! (protocol.md §7), `time` which values are the clock's, `notices` compares what a call's stream
//! brought beside its answer.

mod matching;
mod notices;
mod steps;
#[cfg(test)]
mod tests;
mod time;
mod value;
mod volatile;
mod walk;

use std::collections::BTreeSet;

use crate::{capture::ExchangeId, protocol::Story};
use matching::{Pair, pairs};
use steps::{Step, steps};
use walk::Walk;

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
    /// The call came out in another way.
    Outcome,
    /// The call's stream brought other notifications.
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

/// Two sessions compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// One for each step of the first session in its order, then the extra ones of the second.
    pub verdicts: Vec<Verdict>,
    /// Steps that were held against their like.
    pub compared: u64,
    /// Steps of the first session.
    pub of: u64,
    /// Steps that could not be compared.
    pub skipped: u64,
    /// Where values were let pass, as `volatile` writes them.
    pub ignored_paths: BTreeSet<String>,
}

impl Comparison {
    /// Every step is the same, and none is new.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.ruling == Ruling::Same)
    }
}

/// Holds the steps of `second` against those of `first`.
#[must_use]
pub fn compare(first: &Story, second: &Story) -> Comparison {
    let (ours, theirs) = (steps(first), steps(second));
    let mut comparison = Comparison { of: ours.len() as u64, ..Comparison::default() };
    for pair in pairs(&ours, &theirs) {
        let verdict = match pair {
            Pair::Both(own, its) if own.is_unread() || its.is_unread() => {
                comparison.skipped += 1;
                let reason = "an answer may stand in what could not be read";
                Verdict { reason: Some(reason.to_owned()), ..own.verdict(Ruling::Skipped) }
            }
            Pair::Both(own, its) => {
                comparison.compared += 1;
                judge(own, its, &mut comparison.ignored_paths)
            }
            Pair::First(own) => {
                let reason = "the other session has no such step";
                Verdict { reason: Some(reason.to_owned()), ..own.verdict(Ruling::Missing) }
            }
            Pair::Second(its) => Verdict { message: None, ..its.verdict(Ruling::Extra) },
        };
        comparison.verdicts.push(verdict);
    }
    comparison
}

fn judge(own: &Step<'_>, its: &Step<'_>, ignored: &mut BTreeSet<String>) -> Verdict {
    if own.is_answered() && !its.is_answered() {
        let reason = format!("no answer came: {}", its.outcome());
        return Verdict { reason: Some(reason), ..own.verdict(Ruling::Missing) };
    }
    let mut walk = Walk::new(own, its, ignored);
    walk.part("params", own.params(), its.params());
    if own.outcome() == its.outcome() {
        walk.part("result", own.result(), its.result());
        walk.part("error", own.error(), its.error());
    } else {
        walk.outcome(&own.outcome(), &its.outcome());
    }
    let (mut differences, more) = walk.finish();
    differences.extend(notices::difference(own, its));
    let ruling = if differences.is_empty() { Ruling::Same } else { Ruling::Changed };
    let reason = (more > 0).then(|| format!("{more} more differences"));
    Verdict { differences, reason, ..own.verdict(ruling) }
}
