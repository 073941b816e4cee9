//! What an exchange, a session, a place of a value is told as. Texts are masked and visible.

use bytes::Bytes;

use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        Direction, Kind,
        picture::{self, Timeline},
        problems::Problem,
    },
    tui::rows::SessionId,
};

/// An exchange with all its texts, masked. Payloads are shared, not copied.
#[derive(Clone, Debug)]
pub struct ExchangeTold {
    /// Which.
    pub exchange: ExchangeId,
    /// `POST https://host/mcp HTTP/2`, then the request's headers.
    pub request_line: String,
    /// Name and value, in the order of the wire.
    pub request_headers: Vec<(String, String)>,
    /// `200 OK`; none before there is one.
    pub status_line: Option<String>,
    /// The response's headers.
    pub response_headers: Vec<(String, String)>,
    /// Facts as `name: value`: outcome, timings, TLS, upstream, rewrites, gaps.
    pub facts: Vec<(String, String)>,
    /// The messages of both sides and those that belong to its calls.
    pub messages: Vec<MessageTold>,
    /// SSE events and NDJSON lines.
    pub frames: Vec<FrameTold>,
    /// The request's body as on the wire, masked where it is text.
    pub request_body: Bytes,
    /// The response's body likewise.
    pub response_body: Bytes,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// One message.
#[derive(Clone, Debug)]
pub struct MessageTold {
    /// `EXCHANGE.N`.
    pub id: String,
    /// The exchange that carried it.
    pub exchange: ExchangeId,
    /// Its number there.
    pub number: u32,
    /// The frame that carried it.
    pub frame: Option<u32>,
    /// Who sent it.
    pub direction: Direction,
    /// What it is.
    pub kind: Kind,
    /// When it had come whole.
    pub at: Timestamp,
    /// Its JSON text, masked.
    pub payload: Bytes,
    /// The message that it answers.
    pub answers: Option<String>,
}

/// One frame.
#[derive(Clone, Debug)]
pub struct FrameTold {
    /// Its number in the response.
    pub index: u32,
    /// When it was complete.
    pub at: Timestamp,
    /// `event`.
    pub event: Option<String>,
    /// `id`.
    pub id: Option<String>,
    /// What it holds in a few words: `progress 1/4`, `result #7`, `comment`.
    pub words: String,
    /// Its bytes, masked.
    pub raw: Bytes,
}

/// A session told whole, for the panes that look at all of it. Texts are masked and visible.
#[derive(Clone, Debug)]
pub struct SessionTold {
    /// Which.
    pub session: SessionId,
    /// Facts as `name: value`.
    pub facts: Vec<(String, String)>,
    /// State history: state, time, evidence.
    pub states: Vec<(crate::protocol::State, Timestamp, String)>,
    /// What each side said it can do.
    pub client_can: Vec<String>,
    /// Likewise.
    pub server_can: Vec<String>,
    /// What is wrong, in the order of time.
    pub problems: Vec<Problem>,
    /// Its sequence diagram ([`crate::tui::pictures::sequence`]).
    pub sequence: Vec<SequenceRow>,
    /// Its timeline ([`crate::tui::pictures::timeline`]).
    pub timeline: Timeline,
    /// What is written at each bar of the timeline.
    pub bars: Vec<String>,
    /// Tools, resources, templates, prompts.
    pub offers: Vec<OfferTold>,
    /// Only so many of its exchanges were read: the newest. None where all were.
    pub only_last: Option<u64>,
}

/// A row of the sequence diagram, with what it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceRow {
    /// How it is drawn; its places are the story's and mean nothing here.
    pub row: picture::Row,
    /// What is written at it, masked and visible.
    pub label: String,
    /// The exchange; none for a pause.
    pub exchange: Option<ExchangeId>,
    /// The message's number in it; none where it is no message.
    pub number: Option<u32>,
    /// The request of the call to which it belongs.
    pub call: Option<(ExchangeId, u32)>,
    /// It was said while the server was asked: the request of the call whose stream carried it.
    pub during: Option<(ExchangeId, u32)>,
    /// The stream that the client opened to listen brought it.
    pub listened: bool,
}

/// What a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferTold {
    /// `tool`, `resource`, `template`, `prompt`.
    pub kind: &'static str,
    /// Its name or URI.
    pub name: String,
    /// Its description's first line.
    pub about: String,
    /// The whole definition, JSON.
    pub definition: Bytes,
    /// It was listed; false where it was called and never listed.
    pub listed: bool,
    /// Calls, failures, 95th percentile.
    pub calls: u64,
    /// Failures among them.
    pub errors: u64,
    /// Microseconds.
    pub p95_us: Option<u32>,
}

/// Places of one value that are told at most: `wiretape trace` has all.
pub const MENTIONS: usize = 10_000;

/// A place where a value stands. Texts are masked and visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionTold {
    /// The exchange.
    pub exchange: ExchangeId,
    /// The message's number in it; none where it is none's.
    pub number: Option<u32>,
    /// The session, where it has a row.
    pub session: Option<SessionId>,
    /// When.
    pub at: Timestamp,
    /// The server said it.
    pub from_server: bool,
    /// `request-header:NAME`, `response-body:/a/b`, `url`, `cookie:NAME`.
    pub place: String,
    /// What it is in the life of the value: `first seen`, `first used`, or nothing.
    pub what: &'static str,
    /// It came before the first use that succeeded.
    pub origin: bool,
    /// The exchange in a few words: method, URL, status.
    pub words: String,
}
