//! The UI's only door: what it asks, and the news that come. Who answers reads the store, parses and
//! searches; the UI never does (tui.md §4: it never reads disk, parses or greps).

mod replays;

use std::sync::Arc;

use bytes::Bytes;

pub use replays::{
    Given, GivenHeader, GivenValue, Preview, Replayed, ReportForm, Secret, VerdictTold,
};

use super::{
    json::Index,
    rows::{Row, RowId, SessionId, SessionRow, Symbol},
};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        Direction, Kind,
        picture::{self, Timeline},
        problems::Problem,
    },
};

/// Names one question, so that an answer that comes late is known. A new question of the same kind
/// cancels the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What the UI asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// One exchange whole: [`News::Exchange`].
    Exchange {
        /// Comes back.
        ticket: Ticket,
        /// Which.
        exchange: ExchangeId,
    },
    /// A session told: [`News::Told`].
    Session {
        /// Comes back.
        ticket: Ticket,
        /// Which.
        session: SessionId,
    },
    /// The rows that a query takes: [`News::Hits`], in parts, then [`News::Over`].
    Filter {
        /// Comes back.
        ticket: Ticket,
        /// In the language of faces.md.
        query: String,
        /// Within one session.
        session: Option<SessionId>,
    },
    /// The rows whose bodies, names or methods hold a text, decoded: the same news.
    Search {
        /// Comes back.
        ticket: Ticket,
        /// What is looked for; case is ignored where it has no capital.
        text: String,
        /// Within one session.
        session: Option<SessionId>,
    },
    /// The row that shows a message, or else its exchange: [`News::Found`].
    Row {
        /// Comes back.
        ticket: Ticket,
        /// The exchange.
        exchange: ExchangeId,
        /// The message's number in it.
        number: u32,
    },
    /// Makes rows whole that are shown ([`Row::is_whole`]): [`News::Row`].
    Complete(Vec<RowId>),
    /// No answer is waited for any more.
    Cancel(Ticket),
    /// Secrets are to be shown from now on, or masked again; all texts come anew.
    Reveal(bool),
    /// Writes a file: [`News::Done`] or [`News::Failed`].
    Export {
        /// Comes back.
        ticket: Ticket,
        /// Which session.
        session: SessionId,
        /// `tape`, `har`, `curl`, `json`, `html`, `mermaid`.
        format: String,
        /// Where.
        path: String,
    },
    /// The same as a text to be copied: [`News::Text`].
    Written {
        /// Comes back.
        ticket: Ticket,
        /// Which session.
        session: SessionId,
        /// As with [`Ask::Export`].
        format: String,
    },
    /// Where a value stands in the recording, old to new: [`News::Mentions`] as they are found, then
    /// [`News::Over`].
    Trace {
        /// Comes back.
        ticket: Ticket,
        /// The value.
        value: String,
    },
    /// A text to be copied: [`News::Text`].
    Text {
        /// Comes back.
        ticket: Ticket,
        /// Of which row.
        row: RowId,
        /// What of it.
        what: Copyable,
    },
    /// What a replay would send, and where: [`News::Preview`]. Nothing is sent.
    Preview {
        /// Comes back.
        ticket: Ticket,
        /// Of which session.
        session: SessionId,
        /// One call of it; none for all.
        row: Option<At>,
        /// The endpoint, as `--to`; none for the recorded one.
        to: Option<String>,
        /// What is taken beside the recording.
        given: Given,
    },
    /// Replays what was previewed: [`News::Verdict`] a step, then [`News::Replayed`], or
    /// [`News::Failed`].
    Replay {
        /// Comes back.
        ticket: Ticket,
        /// Of which session.
        session: SessionId,
        /// One call of it; none for all.
        row: Option<At>,
        /// The endpoint, as `--to`; empty for the recorded one.
        to: String,
        /// Tools that may have side effects are called too.
        allow_side_effects: bool,
        /// What is taken beside the recording.
        given: Given,
    },
    /// Holds two calls, or two sessions, against each other: the same news.
    Compare {
        /// Comes back.
        ticket: Ticket,
        /// Which.
        what: Pair,
    },
    /// Puts the answers of the latest replay into the tape that was replayed: [`News::Done`].
    Accept {
        /// Comes back.
        ticket: Ticket,
        /// The replay.
        run: Ticket,
    },
    /// Writes what a replay or a diff came to into a file, as `verify` does: [`News::Done`].
    Report {
        /// Comes back.
        ticket: Ticket,
        /// The replay.
        run: Ticket,
        /// Paths that are looked over: what differs there alone is the same.
        ignored: Vec<String>,
        /// How.
        form: ReportForm,
        /// Where.
        path: String,
    },
    /// Writes a text into a file that is not there yet: [`News::Done`].
    Save {
        /// Comes back.
        ticket: Ticket,
        /// Where.
        path: String,
        /// What.
        text: String,
    },
    /// Indexes a JSON text that is too long to be indexed between two keys: [`News::Indexing`] now
    /// and then, then [`News::Indexed`]; [`Index::in_steps`] makes it.
    Index {
        /// Comes back.
        ticket: Ticket,
        /// The text.
        text: Bytes,
    },
    /// Deletes a session: [`News::Done`].
    Delete {
        /// Comes back.
        ticket: Ticket,
        /// Which.
        session: SessionId,
    },
}

/// A message, or an exchange itself: what a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The exchange.
    pub exchange: ExchangeId,
    /// The message's number in it; 0 for an exchange without one.
    pub number: u32,
}

/// What is held against each other, the recorded one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// Two calls.
    Calls(At, At),
    /// Two sessions.
    Sessions(SessionId, SessionId),
}

/// What can be copied of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copyable {
    /// The answer's body, decoded.
    Body,
    /// The request as a curl command.
    Curl,
    /// The request's JSON-RPC object.
    JsonRpc,
    /// The message's id.
    Id,
}

/// What the UI is told.
#[derive(Clone, Debug)]
pub enum News {
    /// The next texts of `rows::Symbols`; they come before the rows that name them.
    Symbols(Vec<Box<str>>),
    /// Other words for texts that are known: secrets are shown, or masked again.
    Texts(Vec<(Symbol, Box<str>)>),
    /// The next rows.
    Rows(Vec<Row>),
    /// A row changed.
    Row(RowId, Row),
    /// Sessions that are new or changed.
    Sessions(Vec<(SessionId, SessionRow)>),
    /// How far the reading of what was there before has come, in exchanges; equal when all is there.
    Loading {
        /// Read.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// How the source stands.
    Status(SourceStatus),
    /// An exchange.
    Exchange(Ticket, Arc<ExchangeTold>),
    /// A session.
    Told(Ticket, Arc<SessionTold>),
    /// A row; none where there is none yet.
    Found(Ticket, Option<RowId>),
    /// Rows that were found, ascending.
    Hits {
        /// Of which question.
        ticket: Ticket,
        /// The rows.
        rows: Vec<RowId>,
        /// Exchanges looked at.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// Places where a value stands, in the order of time.
    Mentions {
        /// Of which question.
        ticket: Ticket,
        /// The places.
        mentions: Vec<MentionTold>,
        /// Exchanges looked at.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// All was looked at.
    Over(Ticket),
    /// What would be sent.
    Preview(Ticket, Arc<Preview>),
    /// A step was compared.
    Verdict(Ticket, Arc<VerdictTold>),
    /// All steps were.
    Replayed(Ticket, Replayed),
    /// A text.
    Text(Ticket, String),
    /// How far an index has come.
    Indexing {
        /// Of which question.
        ticket: Ticket,
        /// Bytes.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// An index.
    Indexed(Ticket, Arc<Index>),
    /// It was done; what to say.
    Done(Ticket, String),
    /// There is nothing to show: what was to be opened cannot be. Who opens it says why once the screen
    /// is gone.
    Unopened,
    /// It failed; why, with what to do about it. Without a question it is the recording that cannot
    /// be read on.
    Failed(Ticket, String),
}

/// How the source stands: the top line's right end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStatus {
    /// What is read: the tape's file, the home, the recorder's address.
    pub what: String,
    /// Records are still coming.
    pub live: bool,
    /// The recorder runs in this process: leaving ends it.
    pub own: bool,
    /// Where the clock stands, as it does at a tape's last record; none where it goes on.
    pub as_of: Option<Timestamp>,
    /// Where clients are to connect: `http://127.0.0.1:7070`; none where nothing listens.
    pub listening: Vec<String>,
    /// The CA file that clients are to trust, for settings that add to their roots.
    pub ca: Option<String>,
    /// The system's roots and that CA, for settings that replace their roots.
    pub bundle: Option<String>,
    /// Connections that are open now.
    pub connections: u64,
    /// Bytes that passed unrecorded.
    pub missed_bytes: u64,
    /// Recording is paused, and why.
    pub paused: Option<String>,
    /// Traffic waits for the disk.
    pub waiting: bool,
    /// Seconds since what came last was recorded, where traffic is too heavy to be shown as it comes;
    /// 0 where it is not.
    pub behind_s: u64,
    /// Bytes of the store or tape; 0 where they are not counted.
    pub store_bytes: u64,
    /// Bytes free on its disk.
    pub free_bytes: u64,
}

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
    /// Its sequence diagram ([`super::pictures::sequence`]).
    pub sequence: Vec<SequenceRow>,
    /// Its timeline ([`super::pictures::timeline`]).
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

/// Who answers. Neither end waits: asking puts into a queue, news are taken from one.
pub trait Desk: Send {
    /// Asks.
    fn ask(&mut self, ask: Ask);
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
