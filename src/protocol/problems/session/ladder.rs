//! Why a request was not taken into its session: one name for each exchange.
//!
//! The houses refuse in words of their own, and a status says little: only the exchanges before it
//! tell an expired id from one that never was, and a client that does not send its id from one that
//! never had any (houses.md 1, 2, 3).

use std::collections::HashSet;

use super::view::{self, answered, brought_id, quote, sent_id, succeeded};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        dialect::says,
        model::RefusalReason,
        story::{Story, Told},
    },
};

/// Sessions of the houses expire after so long without a message (houses.md 2, 3).
const IDLE_US: u64 = 30 * 60 * 1_000_000;

/// The name of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The server took a request on an id for a new session: it kept nothing of `initialize`.
    Rebuilt,
    /// The client was given an id and did not send it.
    NotSent,
    /// The client went on without the id that a router assigned to it.
    Ignored,
    /// No `initialize` came before.
    NotInitialized,
    /// A path-session host demands the header.
    Missing,
    /// The id was alive earlier in the recording.
    Expired,
    /// The id was never alive in the recording.
    NeverValid,
    /// The id was alive, and then idle for longer than sessions live.
    AfterExpiry,
    /// The id was alive a moment ago, and nobody closed it.
    Lost,
    /// The server connected one transport twice.
    Started,
}

/// A refusal with its name.
pub(super) struct Refused<'a> {
    pub(super) told: &'a Told,
    pub(super) why: Why,
    /// What the wire said.
    pub(super) evidence: String,
    /// The id that the client was given before, for those that did not send it.
    pub(super) given: Option<Given<'a>>,
}

/// An id that a client was given.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) exchange: ExchangeId,
    pub(super) id: &'a str,
    path: &'a str,
}

/// The refusals of a story that have this name.
pub(super) fn named(story: &Story, why: Why) -> impl Iterator<Item = Refused<'_>> {
    all(story).into_iter().filter(move |refused| refused.why == why)
}

/// All refusals of a story, in the order of its exchanges.
pub(super) fn all(story: &Story) -> Vec<Refused<'_>> {
    let mut life = Life::of(story);
    let mut found = Vec::new();
    for told in &story.exchanges {
        if let Some(why) = life.why(told) {
            let said = quote(&said(told));
            let evidence = match (why, brought_id(told)) {
                (Why::NotSent | Why::Ignored, Some(id)) if succeeded(told) => {
                    format!("{}, which assigned {id}", answered(told))
                }
                _ if said.is_empty() => answered(told),
                _ => format!("{}: {said}", answered(told)),
            };
            found.push(Refused { told, why, evidence, given: life.given(told) });
        }
        life.goes_on(told);
    }
    found
}

/// What the exchanges so far have shown.
struct Life<'a> {
    story: &'a Story,
    /// The ids that were seen alive.
    alive: HashSet<&'a str>,
    /// When anything was sent, ascending.
    active: Vec<Timestamp>,
    /// The id that the answer to `initialize` issued.
    own: Option<Given<'a>>,
    /// An `initialize` was answered.
    handshake: bool,
    /// Since when the session is closed by who uses it.
    closed: Option<Timestamp>,
}

impl<'a> Life<'a> {
    fn of(story: &'a Story) -> Self {
        let sent = story.messages.iter().map(|message| message.at);
        let asked = story.exchanges.iter().map(|told| told.reading.summary.started_at);
        let mut active: Vec<Timestamp> = sent.chain(asked).collect();
        active.sort_unstable();
        Self { story, alive: HashSet::new(), active, own: None, handshake: false, closed: None }
    }

    fn why(&self, told: &Told) -> Option<Why> {
        let summary = &told.reading.summary;
        let reason = reason(told);
        if reason == Some(RefusalReason::AlreadyStarted) {
            return Some(Why::Started);
        }
        let closed = self.closed.is_some_and(|at| at <= summary.started_at);
        // A path-session host refuses an `initialize` as it refuses everything.
        let of_path_host = matches!(code(told), "SessionExpired" | "InvalidArgument");
        let begins = summary.initialize.is_some() && !of_path_host;
        let bears_id = sent_id(told).is_some();
        if view::is_modern(told) || begins || (closed && bears_id) {
            return None;
        }
        match (reason, sent_id(told).or_else(|| path_id(told))) {
            (Some(RefusalReason::NotInitialized), Some(id)) => Some(self.rebuilt(id)),
            (Some(RefusalReason::NotInitialized), None)
                if self.handshake && self.given(told).is_none() =>
            {
                Some(Why::Rebuilt)
            }
            (Some(RefusalReason::NoSessionId), _) if code(told) == "InvalidArgument" => {
                Some(Why::Missing)
            }
            (Some(RefusalReason::NotInitialized | RefusalReason::NoSessionId), None) => {
                self.bare(told)
            }
            (Some(RefusalReason::UnknownSession), Some(id)) => self.refused(told, id),
            (None, None) if succeeded(told) && summary.method == "POST" => self.reassigned(told),
            _ => None,
        }
    }

    fn rebuilt(&self, id: &str) -> Why {
        if self.alive.contains(id) { Why::Rebuilt } else { Why::NotInitialized }
    }

    /// A request refused for the id that it bore.
    fn refused(&self, told: &Told, id: &str) -> Option<Why> {
        let of_path_host = code(told) == "SessionExpired";
        let says_expired = of_path_host || said(told).to_lowercase().contains("expired");
        if !self.alive.contains(id) {
            return says_expired.then_some(Why::NeverValid);
        }
        let idle = self.idle_us(told) > IDLE_US;
        Some(match (of_path_host, idle, says_expired) {
            (false, true, _) => Why::AfterExpiry,
            (_, _, true) => Why::Expired,
            _ => Why::Lost,
        })
    }

    /// How long nothing had been sent when this was. A stream that is merely open keeps nothing
    /// alive.
    fn idle_us(&self, told: &Told) -> u64 {
        let began = told.reading.summary.started_at;
        let place = self.active.partition_point(|at| *at < began);
        let last = place.checked_sub(1).and_then(|place| self.active.get(place));
        last.map_or(0, |last| began.micros_since(*last))
    }

    /// A request without an id that the server does not take.
    fn bare(&self, told: &Told) -> Option<Why> {
        let summary = &told.reading.summary;
        match self.given(told) {
            Some(given) if self.is_router(given) => Some(Why::Ignored),
            Some(given) if summary.method == "POST" || summary.path == given.path => {
                Some(Why::NotSent)
            }
            // A GET may be a client's way to find out about HTTP+SSE (protocol.md §2.6).
            None if summary.method == "POST" && !self.handshake => Some(Why::NotInitialized),
            _ => None,
        }
    }

    /// A request without an id that was answered with a new one, though the client had been given
    /// one before.
    fn reassigned(&self, told: &Told) -> Option<Why> {
        brought_id(told)?;
        let given = self.given(told)?;
        Some(if self.is_router(given) { Why::Ignored } else { Why::NotSent })
    }

    /// The router bridge assigns ids to whoever sends none (houses.md 2).
    fn is_router(&self, given: Given<'_>) -> bool {
        let dialects = &self.story.session.dialects;
        given.path == "/mcp/message" || dialects.iter().any(|name| name == "router-bridge")
    }

    /// The id that the client had when it sent this: of this session, else of one before it.
    fn given(&self, told: &Told) -> Option<Given<'a>> {
        let before = self.story.session.given.iter().rev().find(|g| g.exchange < told.id());
        let before = before.map(|g| Given { exchange: g.exchange, id: &g.id, path: &g.path });
        self.own.or(before)
    }

    fn goes_on(&mut self, told: &'a Told) {
        let summary = &told.reading.summary;
        if succeeded(told) {
            self.alive.extend(summary.candidates.iter().map(|c| c.value.as_str()));
        }
        if summary.initialize.as_ref().is_some_and(|initialize| initialize.answered) {
            (self.handshake, self.closed) = (true, None);
            let (exchange, path) = (told.id(), summary.path.as_str());
            self.own = brought_id(told).map(|id| Given { exchange, id, path });
        }
        let is_channel = summary.candidates.iter().any(|c| c.source == "endpoint-event");
        let ends = summary.method == "DELETE" || (is_channel && summary.outcome.is_some());
        if ends && succeeded(told) {
            self.closed = Some(summary.last_at);
            (self.handshake, self.own) = (false, None);
        }
    }
}

/// Why the server refused, by its JSON, else by whatever it wrote: Express answers in HTML.
fn reason(told: &Told) -> Option<RefusalReason> {
    let by_json = told.reading.summary.refusal.as_ref().map(|refusal| refusal.reason);
    by_json.or_else(|| says(told.refusal.as_deref()?))
}

/// The code of a refusal.
fn code(told: &Told) -> &str {
    told.reading.summary.refusal.as_ref().map_or("", |refusal| &refusal.code)
}

/// What a server says against a request.
fn said(told: &Told) -> String {
    match &told.reading.summary.refusal {
        Some(refusal) if !refusal.text.is_empty() => {
            format!("{} {}", refusal.code, refusal.text).trim().to_owned()
        }
        _ => told.refusal.clone().unwrap_or_default(),
    }
}

/// The id in the request's path.
fn path_id(told: &Told) -> Option<&str> {
    let mut candidates = told.reading.summary.candidates.iter();
    candidates.find(|c| !c.in_response && c.source == "path").map(|c| c.value.as_str())
}
