//! A session taken apart into steps: the client's calls, each over all its exchanges, and the
//! client's notifications.

use super::{Ruling, Verdict};
use crate::{
    capture::Timestamp,
    protocol::{CallStory, Direction, Ending, Envelope, Kind, Message, Story},
};

/// A step of a session.
#[derive(Debug)]
pub(super) struct Step<'s> {
    pub(super) story: &'s Story,
    /// What the client sent.
    pub(super) message: &'s Message,
    /// None for a notification.
    pub(super) call: Option<&'s CallStory>,
    request: Option<Envelope<'s>>,
    answer: Option<(&'s Message, Envelope<'s>)>,
}

/// The steps of a session in the order of time. Retries and polls are parts of the call that they
/// continue; requests of the server are answered within its calls and are no steps.
pub(super) fn steps(story: &Story) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let calls = story.calls.iter().enumerate();
    for (_, call) in calls.filter(|(place, call)| call.first == *place) {
        let last = call.parts.last().and_then(|part| story.calls.get(*part)).unwrap_or(call);
        let answer = [last, call].into_iter().find_map(|call| call.answer.or(call.refusal));
        let answer = answer.and_then(|place| story.messages.get(place));
        if let Some(message) = story.messages.get(call.request).filter(|m| is_clients(m)) {
            steps.push(Step::new(story, message, Some(call), answer));
        }
    }
    let told = |message: &&Message| message.kind == Kind::Notification && is_clients(message);
    let notifications = story.messages.iter().filter(told);
    steps.extend(notifications.map(|message| Step::new(story, message, None, None)));
    steps.sort_by_key(|step| (step.message.at, step.message.exchange, step.message.number));
    steps
}

fn is_clients(message: &Message) -> bool {
    message.direction == Direction::ClientToServer
}

impl<'s> Step<'s> {
    fn new(
        story: &'s Story,
        message: &'s Message,
        call: Option<&'s CallStory>,
        answer: Option<&'s Message>,
    ) -> Self {
        let request = envelope(message);
        let answer = answer.and_then(|answer| Some((answer, envelope(answer)?)));
        Self { story, message, call, request, answer }
    }

    pub(super) fn method(&self) -> &str {
        self.message.method.as_deref().unwrap_or_default()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.message.name.as_deref()
    }

    pub(super) fn params(&self) -> Option<&'s str> {
        self.request?.params
    }

    pub(super) fn result(&self) -> Option<&'s str> {
        self.answer?.1.result
    }

    pub(super) fn error(&self) -> Option<&'s str> {
        self.answer?.1.error
    }

    /// When its answer came, or it was sent.
    pub(super) fn at(&self) -> Timestamp {
        self.answer.map_or(self.message.at, |(answer, _)| answer.at)
    }

    /// Something came back, be it a refusal. A notification asks for nothing.
    pub(super) fn is_answered(&self) -> bool {
        use Ending::{Cancelled, Fault, Pending, Unanswered};
        let unanswered = |call: &CallStory| {
            matches!(call.whole.ending, Cancelled | Fault(_) | Pending | Unanswered)
        };
        self.call.is_none_or(|call| !unanswered(call))
    }

    /// What came back could not be read: it cannot be compared.
    pub(super) fn is_unread(&self) -> bool {
        self.call.is_some_and(|call| call.whole.ending == Ending::Unread)
    }

    /// How it came out, in a word or two.
    pub(super) fn outcome(&self) -> String {
        match self.call.map(|call| call.whole.ending) {
            None => "sent".to_owned(),
            Some(Ending::Ok) => "ok".to_owned(),
            Some(Ending::ToolError) => "tool-error".to_owned(),
            Some(Ending::RpcError(Some(code))) => format!("rpc-error {code}"),
            Some(Ending::RpcError(None)) => "rpc-error".to_owned(),
            Some(Ending::Refused(status)) => format!("http {status}"),
            Some(Ending::Fault(outcome)) => outcome.as_str().to_owned(),
            Some(Ending::Cancelled) => "cancelled".to_owned(),
            Some(Ending::Unanswered) => "unanswered".to_owned(),
            Some(Ending::Unread) => "unread".to_owned(),
            Some(Ending::Pending) => "pending".to_owned(),
        }
    }

    pub(super) fn verdict(&self, ruling: Ruling) -> Verdict {
        Verdict {
            session: self.story.session.id,
            exchange: self.message.exchange,
            message: Some(self.message.id()),
            method: self.method().to_owned(),
            name: self.message.name.clone(),
            ruling,
            differences: Vec::new(),
            reason: None,
        }
    }
}

/// A payload that is no UTF-8 or no JSON has no parts to compare.
fn envelope(message: &Message) -> Option<Envelope<'_>> {
    Envelope::read(std::str::from_utf8(&message.payload).ok()?.trim())
}
