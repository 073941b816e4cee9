//! Calls of the client that never got their answer, and how that ended.
//!
//! An answer may come on another stream than the one that asked: the channel of HTTP+SSE, or one
//! that resumes a stream by an event id. Only the last of these tells how it ended.

use super::view::{self, ByExchange};
use crate::{
    capture::{Outcome, Timestamp},
    protocol::{
        calls::CallStory,
        model::{Direction, Message, Transport},
        story::{Story, Told},
    },
};

/// How a call ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// All went well, and no answer came.
    Missing,
    /// The connection broke.
    Cut,
    /// A stream was resumed and brought nothing.
    Nothing,
    /// The server would not resume the stream.
    Refused,
}

/// A call without an answer.
pub(super) struct Pending<'a> {
    pub(super) request: &'a Message,
    /// The exchange on which it ended.
    pub(super) last: &'a Told,
    pub(super) ending: Ending,
}

/// The pending calls of a story that ended like this.
pub(super) fn ended(story: &Story, ending: Ending) -> impl Iterator<Item = Pending<'_>> {
    all(story).into_iter().filter(move |pending| pending.ending == ending)
}

fn all(story: &Story) -> Vec<Pending<'_>> {
    let streams = Streams::of(story);
    story.calls.iter().filter_map(|call| streams.judge(call)).collect()
}

struct Streams<'a> {
    story: &'a Story,
    messages: ByExchange<'a>,
    /// The exchanges that resume after a message of the client's count (houses.md 4).
    by_sequence: Vec<&'a Told>,
    /// A stream goes on, on which anything may come.
    running: bool,
    /// When the client first closed the session.
    closed: Option<Timestamp>,
}

impl<'a> Streams<'a> {
    fn of(story: &'a Story) -> Self {
        let mut by_sequence = Vec::new();
        let (mut running, mut closed) = (false, None);
        for told in &story.exchanges {
            let summary = &told.reading.summary;
            if summary.method == "GET"
                && summary.last_event_id.is_none()
                && told.open.headers.get("mcp-sequence").is_some()
            {
                by_sequence.push(told);
            }
            running |= summary.streaming && told.end.is_none();
            if summary.method == "DELETE" && view::succeeded(told) {
                closed.get_or_insert(summary.started_at);
            }
        }
        Self { story, messages: ByExchange::of(story), by_sequence, running, closed }
    }

    fn judge(&self, call: &CallStory) -> Option<Pending<'a>> {
        let request = self.story.request(call)?;
        let settled = call.answer.is_some() || call.refusal.is_some() || call.cancelled.is_some();
        // A listen stream may end without a result: the client listens anew (protocol.md §1.1).
        let listens = request.method.as_deref() == Some("subscriptions/listen");
        if settled || listens || request.direction != Direction::ClientToServer {
            return None;
        }
        let first = self.story.exchange(request.exchange)?;
        if first.reading.summary.status.is_some_and(|status| status >= 400) && !proxy_failed(first)
        {
            return None;
        }
        let last = self.last(call, first);
        if self.may_yet_come(last) || self.was_answered_somehow(first) {
            return None;
        }
        let ending = self.ending(first, last)?;
        // An answer that ends in the midst is told as what it is.
        let torn = last.reading.frames.last().is_some_and(|f| !f.complete && f.has_data);
        if torn && ending == Ending::Missing {
            return None;
        }
        Some(Pending { request, last, ending })
    }

    /// The stream on which the answer had to come at last.
    fn last(&self, call: &CallStory, first: &'a Told) -> &'a Told {
        let resumed = call.resumes.last().and_then(|id| self.story.exchange(*id));
        if let Some(resumed) = resumed {
            return resumed;
        }
        let ended = first.reading.summary.last_at;
        let mut counted = self.by_sequence.iter();
        match counted.rfind(|told| told.reading.summary.started_at >= ended) {
            Some(counted) => counted,
            None => self.channel(first),
        }
    }

    /// Where a request was merely accepted, its answer comes on a stream that was open then.
    fn channel(&self, first: &'a Told) -> &'a Told {
        let elsewhere = self.story.session.transport != Some(Transport::StreamableHttp);
        if first.reading.summary.status != Some(202) && !elsewhere {
            return first;
        }
        let asked_at = first.reading.summary.started_at;
        let open_then = |told: &&Told| {
            let summary = &told.reading.summary;
            summary.method == "GET" && summary.streaming && summary.last_at >= asked_at
        };
        self.story.exchanges.iter().rfind(open_then).unwrap_or(first)
    }

    /// Something goes on, was not read, or was given up by the client.
    fn may_yet_come(&self, last: &Told) -> bool {
        let ended = last.reading.summary.last_at;
        last.end.is_none()
            || self.running
            || self.closed.is_some_and(|at| at <= ended)
            || view::has_holes(last)
            || view::is_unseen(last)
            || view::client_left(last)
    }

    /// The exchange bears an answer to an id that nobody asked with: another rule's business.
    fn was_answered_somehow(&self, first: &Told) -> bool {
        let orphans = self.story.orphans.iter().filter_map(|place| self.story.messages.get(*place));
        let mut orphans = orphans.filter(|m| m.direction == Direction::ServerToClient);
        orphans.any(|message| message.exchange == first.id())
    }

    fn ending(&self, first: &Told, last: &Told) -> Option<Ending> {
        let status = last.reading.summary.status;
        let headers = &last.open.headers;
        let resumes = ["last-event-id", "mcp-sequence"].iter().any(|n| headers.get(n).is_some());
        let is_resume = last.id() != first.id() && resumes;
        if view::was_cut(last) {
            return Some(Ending::Cut);
        }
        match status {
            Some(status) if status >= 400 => is_resume.then_some(Ending::Refused),
            Some(_) if is_resume && self.messages.get(last).is_empty() => Some(Ending::Nothing),
            Some(_) => Some(Ending::Missing),
            None => None,
        }
    }
}

/// The proxy answers in the upstream's place where it does not reach it.
fn proxy_failed(told: &Told) -> bool {
    told.end.as_ref().is_some_and(|end| end.outcome == Outcome::ProxyError)
}
