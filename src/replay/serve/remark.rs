//! What is said of each request: what it matched, or what came nearest and where it differs.

use super::{
    asked::{Asked, Incoming, Part},
    script::{Entry, Script},
};
use crate::{capture::ExchangeId, protocol::Kind, replay::compare::Difference};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// Answered as recorded.
    Matched,
    /// Refused as the recorded server would: no session, no credential, another era.
    Refused,
    /// Not on the tape, or used up.
    Missed,
    /// Not on the tape, and passed on because that was asked for.
    Forwarded,
    /// A rule's fault befell it.
    Faulted,
}

impl Match {
    /// In a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Refused => "refused",
            Self::Missed => "missed",
            Self::Forwarded => "forwarded",
            Self::Faulted => "faulted",
        }
    }
}

/// What is said of one request.
#[derive(Clone, Debug)]
pub struct Remark {
    /// The HTTP method.
    pub http: String,
    /// The path.
    pub path: String,
    /// The JSON-RPC method; none where no message was sent.
    pub method: Option<String>,
    /// Tool, prompt, resource or task.
    pub name: Option<String>,
    /// The caller's id, as spelled.
    pub rpc_id: Option<String>,
    /// The status that was sent; none where nothing was.
    pub status: Option<u16>,
    /// What became of it.
    pub outcome: Match,
    /// The recorded session, exchange and message that it matched, or that come nearest.
    pub recorded: Option<Recorded>,
    /// Where it differs from that.
    pub differences: Vec<Difference>,
    /// Why, in words.
    pub reason: Option<String>,
}

/// A place on the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The session.
    pub session: ExchangeId,
    /// The exchange.
    pub exchange: ExchangeId,
    /// The message, `EXCHANGE.N`.
    pub message: Option<String>,
}

/// How often what was the case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answered as recorded.
    pub matched: u64,
    /// Refused as the recorded server would.
    pub refused: u64,
    /// Not on the tape, or used up.
    pub missed: u64,
    /// Passed on.
    pub forwarded: u64,
    /// Befallen by a fault.
    pub faulted: u64,
}

impl Tally {
    pub(super) fn count(&mut self, outcome: Match) {
        match outcome {
            Match::Matched => self.matched += 1,
            Match::Refused => self.refused += 1,
            Match::Missed => self.missed += 1,
            Match::Forwarded => self.forwarded += 1,
            Match::Faulted => self.faulted += 1,
        }
    }
}

/// A remark before anything is known.
pub(super) fn remark(asked: &Asked) -> Remark {
    let part = asked.head_part();
    let is_request = |part: &&Part| part.kind == Kind::Request;
    Remark {
        http: asked.http.clone(),
        path: asked.path.clone(),
        method: part.and_then(|part| part.method.clone()),
        name: part.and_then(|part| part.name.clone()),
        rpc_id: part.filter(is_request).and_then(|part| part.id.clone()),
        status: None,
        outcome: Match::Missed,
        recorded: None,
        differences: Vec::new(),
        reason: None,
    }
}

/// A remark of a request that cannot be read.
pub(super) fn blank(incoming: &Incoming) -> Remark {
    Remark {
        http: incoming.method.clone(),
        path: incoming.target.clone(),
        method: None,
        name: None,
        rpc_id: None,
        status: None,
        outcome: Match::Missed,
        recorded: None,
        differences: Vec::new(),
        reason: None,
    }
}

/// Where an entry stands on its tape.
pub(super) fn recorded(script: &Script, entry: &Entry) -> Recorded {
    let session = script.sessions.get(entry.session).map_or(entry.exchange, |session| session.id);
    Recorded { session, exchange: entry.exchange, message: entry.message.clone() }
}
