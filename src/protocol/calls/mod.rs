//! The calls of a session: each JSON-RPC request with its answer and what belongs to it, over
//! however many exchanges (design.md, Words).
//!
//! The fold goes over the messages once, in the order of time. `ways` knows which exchanges are
//! one stream (resumes, polling, the channel of HTTP+SSE), `said` what a message says beyond its
//! envelope, `belonging` to which call a notification or a request of the other side belongs,
//! `links` which calls are parts of one operation (multi-round-trip retries, tasks).

mod about;
mod belonging;
mod ending;
mod fold;
mod links;
mod said;
mod ways;

use crate::capture::{ExchangeId, Outcome};

use super::{
    call::{Call, CallOutcome},
    model::Message,
};
pub use about::{About, Remark, about};
pub use said::gist;
pub(crate) use said::is_about_itself;
pub use ways::{Marks, Way};

/// The calls of a session. Places are indexes into the messages that they were told from
/// ([`super::Story::messages`]); calls are named by their index in [`Calls::list`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// In the order of their requests.
    pub list: Vec<CallStory>,
    /// Places of answers to no request, in the order of time: unknown ids, `null`, no id. Those
    /// that are some call's [`CallStory::refusal`] are not among them.
    pub orphans: Vec<usize>,
    /// Exchanges that took up a stream by `Last-Event-ID`, ascending, each with the one that it
    /// began with.
    pub resumed: Vec<(ExchangeId, ExchangeId)>,
}

/// One call told whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallStory {
    /// The place of the request.
    pub request: usize,
    /// The place of the answer; of several that of the first.
    pub answer: Option<usize>,
    /// Places of further answers.
    pub duplicates: Vec<usize>,
    /// The place of an error without the request's id that stands for its answer: the one request
    /// of its exchange was refused before its id was read (protocol.md §3).
    pub refusal: Option<usize>,
    /// How it came out.
    pub ending: Ending,
    /// From the request to its answer.
    pub latency_us: Option<u64>,
    /// The answer came when, or where, nobody waited for it any more.
    pub late: Option<Late>,
    /// The exchanges that it spans, ascending: its request's, those that resumed its stream, its
    /// answer's.
    pub exchanges: Vec<ExchangeId>,
    /// Those of them that resumed its stream by `Last-Event-ID`.
    pub resumes: Vec<ExchangeId>,
    /// Places of progress notifications with its token.
    pub progress: Vec<usize>,
    /// Places of the other notifications on its stream or about its task; a cancellation that
    /// came after the answer.
    pub notifications: Vec<usize>,
    /// Calls of the other side made while it ran, on its stream or for its task.
    pub asks: Vec<usize>,
    /// The call during which this one was made, of which it is one of [`CallStory::asks`].
    pub asked_by: Option<usize>,
    /// The place of the notification that cancelled it.
    pub cancelled: Option<usize>,
    /// The call before it in its operation.
    pub continues: Option<Continues>,
    /// The first call of its operation; itself where it stands alone.
    pub first: usize,
    /// Calls that continue this one, the first of its operation, in order; empty on others.
    pub parts: Vec<usize>,
    /// How its operation came out at last; the same on each of its calls.
    pub whole: Whole,
}

/// How a call came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Answered with a result.
    Ok,
    /// Answered with a tool's failure, `result.isError`.
    ToolError,
    /// Answered with a JSON-RPC error of this code.
    RpcError(Option<i64>),
    /// HTTP refused it with this status.
    Refused(u16),
    /// Its last exchange broke off, and nothing took it up.
    Fault(Outcome),
    /// Cancelled, and not answered: by notification, or in 2026-07-28 by the client's leaving.
    Cancelled,
    /// All that could carry an answer has ended without one.
    Unanswered,
    /// The same, but not all of that could be read: an answer may have been in the rest.
    Unread,
    /// An answer can still come.
    Pending,
}

/// What makes an answer late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Late {
    /// Whoever asked had cancelled before it came.
    AfterCancel,
    /// It came on an exchange that is neither its request's, nor a resume, nor the channel.
    Elsewhere,
}

/// Why a call is part of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Continues {
    /// The call before it.
    pub call: usize,
    /// What shows it.
    pub by: Link,
}

/// What links a call to one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// It brings the input that the call's result required (2026-07-28 patterns/mrtr).
    Retry,
    /// It is about the task that the call made (tasks/get and its like).
    Task,
}

/// How an operation came out, be it one call or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The final outcome; that of the work, where a task did it.
    pub ending: Ending,
    /// From the first request to what showed the outcome.
    pub latency_us: Option<u64>,
}

/// Tells the calls of a session from its exchanges and messages, in any order. Pairs the messages
/// first ([`super::pair()`]), aware of resumed streams.
pub fn tell(ways: impl IntoIterator<Item = Way>, messages: &mut [Message]) -> Calls {
    let ways = ways::Ways::of(ways, messages);
    super::pair::pair_along(messages, |exchange| ways.stream(exchange));
    fold::fold(&ways, messages)
}

impl CallStory {
    /// What a query is tested on, with the messages that it was told from.
    #[must_use]
    pub fn outcome(&self, messages: &[Message]) -> Call {
        let outcome = match self.ending {
            Ending::Ok => CallOutcome::Ok,
            Ending::ToolError | Ending::RpcError(_) | Ending::Refused(_) | Ending::Fault(_) => {
                CallOutcome::Error
            }
            Ending::Cancelled => CallOutcome::Cancelled,
            Ending::Unanswered | Ending::Unread | Ending::Pending => CallOutcome::Pending,
        };
        let answer = self.answer.or(self.refusal).and_then(|place| messages.get(place));
        Call {
            outcome,
            rpc_code: answer.and_then(|answer| answer.rpc_code),
            tool_error: self.ending == Ending::ToolError,
            latency_us: self.latency_us,
        }
    }
}

#[cfg(test)]
mod tests;
