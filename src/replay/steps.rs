//! A session taken apart into steps (faces.md, Tapes): the client's calls, each over all its
//! exchanges, its notifications, the streams that it opened to listen, and its DELETE.

use std::collections::HashSet;

use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{CallStory, Direction, Ending, Envelope, Kind, Message, Story, Told, oauth},
};

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// A request of the client with its answer.
    Call,
    /// A notification of the client.
    Notification,
    /// A standalone GET, or `subscriptions/listen`: judged by its opening.
    Stream,
    /// The end of a session.
    Delete,
}

/// A step of a session.
#[derive(Clone, Debug)]
pub struct Step<'s> {
    /// The session that it is a step of.
    pub story: &'s Story,
    /// What it is.
    pub kind: StepKind,
    /// The exchange of what the client sent first.
    pub exchange: ExchangeId,
    /// What the client sent; none for a GET or DELETE.
    pub message: Option<&'s Message>,
    /// The first call of its operation; none for what is no request.
    pub call: Option<&'s CallStory>,
    request: Option<Envelope<'s>>,
    answer: Option<(&'s Message, Envelope<'s>)>,
}

/// The steps of a session in the order of time. Retries and polls are parts of the call that they
/// continue; requests of the server are answered within its calls; resumes, legs of OAuth and
/// requests that were refused for want of a token and then made again belong to what they serve.
#[must_use]
pub fn steps(story: &Story) -> Vec<Step<'_>> {
    let made_again = refused_then_made_again(story);
    let first = |(place, call): &(usize, &CallStory)| call.first == *place;
    let calls = story.calls.iter().enumerate().filter(first);
    let calls = calls.filter(|(place, _)| !made_again.contains(place));
    let mut steps: Vec<_> = calls.filter_map(|(_, call)| Step::of_call(story, call)).collect();
    let told = |message: &&Message| message.kind == Kind::Notification && is_clients(message);
    let notifications = story.messages.iter().filter(told);
    steps.extend(notifications.map(|message| Step::new(story, StepKind::Notification, message)));
    steps.extend(story.exchanges.iter().filter_map(|told| Step::of_bare(story, told)));
    steps.sort_by_key(|step| (step.sent_at(), step.exchange, step.message.map(|m| m.number)));
    steps
}

/// A leg of OAuth may bear MCP's headers.
fn is_leg(story: &Story, exchange: ExchangeId) -> bool {
    use oauth::StepKind::{Challenge, Retry, StepUp};
    let steps = story.oauth.iter().flat_map(|oauth| &oauth.steps);
    let mut legs = steps.filter(|step| !matches!(step.kind, Challenge | StepUp | Retry));
    legs.any(|step| step.exchange == exchange)
}

fn is_clients(message: &Message) -> bool {
    message.direction == Direction::ClientToServer
}

/// The places of calls that HTTP refused with 401 or 403 and that were made again later: the
/// same method, name and parameters.
fn refused_then_made_again(story: &Story) -> HashSet<usize> {
    let key = |call: &CallStory| {
        let request = story.request(call)?;
        let params = envelope(request)?.params.map(str::to_owned);
        Some((request.method.clone(), request.name.clone(), params))
    };
    let (mut later, mut places) = (HashSet::new(), HashSet::new());
    for (place, call) in story.calls.iter().enumerate().rev() {
        if !matches!(call.ending, Ending::Refused(401 | 403)) {
            later.extend(key(call));
        } else if key(call).is_some_and(|key| later.contains(&key)) {
            places.insert(place);
        }
    }
    places
}

impl<'s> Step<'s> {
    fn new(story: &'s Story, kind: StepKind, message: &'s Message) -> Self {
        let (exchange, request) = (message.exchange, envelope(message));
        Self { story, kind, exchange, message: Some(message), call: None, request, answer: None }
    }

    fn of_call(story: &'s Story, call: &'s CallStory) -> Option<Self> {
        let message = story.messages.get(call.request).filter(|m| is_clients(m))?;
        let is_listen = message.method.as_deref() == Some("subscriptions/listen");
        let kind = if is_listen { StepKind::Stream } else { StepKind::Call };
        let last = call.parts.last().and_then(|part| story.calls.get(*part)).unwrap_or(call);
        let answer = [last, call].into_iter().find_map(|call| call.answer.or(call.refusal));
        let answer = answer.and_then(|place| story.messages.get(place));
        let answer = answer.and_then(|answer| Some((answer, envelope(answer)?)));
        Some(Self { call: Some(call), answer, ..Self::new(story, kind, message) })
    }

    /// A GET to listen or a DELETE: no message says what it is.
    fn of_bare(story: &'s Story, told: &'s Told) -> Option<Self> {
        let summary = &told.reading.summary;
        if is_leg(story, summary.id) {
            return None;
        }
        let kind = match summary.method.as_str() {
            "GET" if summary.last_event_id.is_none() => StepKind::Stream,
            "DELETE" => StepKind::Delete,
            _ => return None,
        };
        let exchange = summary.id;
        let bare =
            Self { story, kind, exchange, message: None, call: None, request: None, answer: None };
        summary.is_mcp.then_some(bare)
    }

    /// The JSON-RPC method; that of HTTP where no message was sent.
    #[must_use]
    pub fn method(&self) -> &'s str {
        match (self.message, self.kind) {
            (Some(message), _) => message.method.as_deref().unwrap_or_default(),
            (None, StepKind::Delete) => "DELETE",
            (None, _) => "GET",
        }
    }

    /// Tool, prompt, resource or task.
    #[must_use]
    pub fn name(&self) -> Option<&'s str> {
        self.message?.name.as_deref()
    }

    /// The exchange of what the client sent first.
    #[must_use]
    pub fn told(&self) -> Option<&'s Told> {
        self.story.exchange(self.exchange)
    }

    /// The request's parameters, JSON text.
    #[must_use]
    pub fn params(&self) -> Option<&'s str> {
        self.request?.params
    }

    /// The last answer of its operation.
    #[must_use]
    pub fn answer(&self) -> Option<&'s Message> {
        self.answer.map(|(answer, _)| answer)
    }

    /// The result that came, JSON text.
    #[must_use]
    pub fn result(&self) -> Option<&'s str> {
        self.answer?.1.result
    }

    /// The error that came, JSON text.
    #[must_use]
    pub fn error(&self) -> Option<&'s str> {
        self.answer?.1.error
    }

    /// When it was sent.
    #[must_use]
    pub fn sent_at(&self) -> Timestamp {
        let opened = || self.told().map(|told| told.reading.summary.started_at);
        self.message.map(|message| message.at).or_else(opened).unwrap_or_default()
    }

    /// When its answer came, or it was sent.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.answer.map_or_else(|| self.sent_at(), |(answer, _)| answer.at)
    }

    /// Something came back, be it a refusal. A notification asks for nothing.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        use Ending::{Cancelled, Fault, Pending, Unanswered};
        let unanswered = |call: &CallStory| {
            matches!(call.whole.ending, Cancelled | Fault(_) | Pending | Unanswered)
        };
        match self.kind {
            StepKind::Call => self.call.is_none_or(|call| !unanswered(call)),
            StepKind::Notification => true,
            StepKind::Stream | StepKind::Delete => self.status().is_some(),
        }
    }

    /// What came back could not be read: it cannot be compared.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.kind == StepKind::Call
            && self.call.is_some_and(|call| call.whole.ending == Ending::Unread)
    }

    /// The status of its first exchange.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        Some(self.told()?.head.as_ref()?.status)
    }

    /// How it came out, in a word or two.
    #[must_use]
    pub fn outcome(&self) -> String {
        let ending = self.call.map(|call| call.whole.ending);
        match ending.filter(|_| self.kind == StepKind::Call) {
            None if self.kind == StepKind::Notification => "sent".to_owned(),
            None => self.opening(),
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

    /// What a stream is judged by: status class and media type (faces.md, Tapes).
    fn opening(&self) -> String {
        let Some(head) = self.told().and_then(|told| told.head.as_ref()) else {
            return "unanswered".to_owned();
        };
        let media = head.headers.text("content-type").unwrap_or_default();
        let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let class = head.status / 100;
        match self.kind {
            StepKind::Stream if class == 2 => {
                format!("http {class}xx {essence}").trim_end().to_owned()
            }
            _ => format!("http {class}xx"),
        }
    }
}

/// A payload that is no UTF-8 or no JSON has no parts to compare.
fn envelope(message: &Message) -> Option<Envelope<'_>> {
    Envelope::read(std::str::from_utf8(&message.payload).ok()?.trim())
}
