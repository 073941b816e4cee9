//! What the UI asks.

use bytes::Bytes;

use super::{Given, ReportForm, Ticket};
#[cfg(doc)]
use crate::tui::{desk::News, json::Index, rows::Row};
use crate::{
    capture::ExchangeId,
    tui::rows::{RowId, SessionId},
};

/// What the UI asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// One exchange whole: perhaps [`News::Beginning`], then [`News::Exchange`].
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
