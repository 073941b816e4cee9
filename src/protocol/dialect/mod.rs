//! What each protocol revision and house dialect has to say about an exchange.
//!
//! One file each and one line in the registry below. A dialect looks at heads, frames, documents and
//! messages and notes facts; it never sees another exchange and decides nothing about sessions.
//! What all of them share, where session ids stand and the handshake, is in `ids`, `handshake` and
//! `refusals`, which are asked first.

mod handshake;
mod ids;
mod refusals;

pub(crate) use refusals::says;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    facts::Facts,
    jsonrpc::Envelope,
    model::{Direction, Frame, Summary},
};
use crate::capture::{Head, Open, Side};

/// Declares the dialects' files and lists what is in them, so that a dialect is one line here.
/// rustfmt does not find files by a macro: `.ci/run` names these.
macro_rules! registry {
    ($($file:ident::$dialect:ident,)+) => {
        $(mod $file;)+

        /// All dialects, asked in this order.
        pub(crate) static DIALECTS: &[&dyn Dialect] = &[$(&$file::$dialect),+];
    };
}

// A new one goes to the end: its place is its bit in the summaries of a catalog, which is rebuilt
// when there are more (`recorder/rows.rs`).
registry! {
    v2024_11_05::V2024_11_05,
    v2025_03_26::V2025_03_26,
    v2025_06_18::V2025_06_18,
    v2025_11_25::V2025_11_25,
    v2026_07_28::V2026_07_28,
    http_sse::HttpSse,
    json_response::JsonResponse,
    stateless::Stateless,
    path_session::PathSession,
    router_bridge::RouterBridge,
    session_manager::SessionManager,
    resumable_mobile::ResumableMobile,
    ndjson_response::NdjsonResponse,
}

/// How many there are.
#[expect(clippy::cast_possible_truncation, reason = "64 at most")]
pub(crate) const DIALECT_COUNT: u32 = {
    assert!(DIALECTS.len() <= 64, "each has a bit in `Dialects`");
    DIALECTS.len() as u32
};

/// The names of all registered dialects, in the order of the registry.
#[must_use]
pub fn dialects() -> Vec<&'static str> {
    DIALECTS.iter().map(|dialect| dialect.name()).collect()
}

/// One protocol revision, kind of server or house dialect.
pub(crate) trait Dialect: Sync {
    /// Its name, stable: `dialects` of faces.md, and what scripts and tapes are named by.
    fn name(&self) -> &'static str;

    /// A request's head was read.
    fn request(&self, _open: &Open, _url: Option<&Url>, _facts: &mut Facts) {}

    /// The response's head was read.
    fn response(&self, _head: &Head, _facts: &mut Facts) {}

    /// The response brought a frame.
    fn frame(&self, _frame: &Frame, _facts: &mut Facts) {}

    /// A body was JSON, but no JSON-RPC.
    fn document(&self, _side: Side, _json: &str, _facts: &mut Facts) {}

    /// Either side sent a message.
    fn message(&self, _message: &Spoken<'_>, _facts: &mut Facts) {}

    /// Its own name for the notification that tells how far a call is, beside MCP's
    /// `notifications/progress`. One that bears no token belongs to the call whose answer it
    /// precedes.
    fn progress(&self) -> Option<&'static str> {
        None
    }

    /// What is known of the exchange shows the dialect, though no one part of it said so. Asked
    /// of exchanges of MCP alone.
    fn shown_by(&self, _summary: &Summary) -> bool {
        false
    }

    /// The session as a whole does not speak against what some of its exchanges showed.
    fn holds(&self, _own: &[&Summary]) -> bool {
        true
    }
}

/// A message in its place.
#[derive(Clone, Copy)]
pub(crate) struct Spoken<'a> {
    /// Who sent it.
    pub(crate) direction: Direction,
    /// Its text.
    pub(crate) envelope: &'a Envelope<'a>,
    /// Its method; of an answer that of its request, where this exchange carried it.
    pub(crate) method: Option<&'a str>,
}

/// Dialects that an exchange shows: a bit each, by place in the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dialects(u64);

impl Dialects {
    /// The names, in the order of the registry.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.registered().map(Dialect::name)
    }

    /// Whether the dialect of this name is among them.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// Those of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Adds the dialect of this name; one that is not registered changes nothing.
    pub(crate) fn add(&mut self, name: &str) {
        if let Some(place) = DIALECTS.iter().position(|dialect| dialect.name() == name) {
            self.0 |= 1 << place;
        }
    }

    fn registered(self) -> impl Iterator<Item = &'static dyn Dialect> {
        let own = move |place: usize| self.0 >> place & 1 == 1;
        DIALECTS.iter().enumerate().filter(move |(place, _)| own(*place)).map(|(_, own)| *own)
    }
}

/// A request's head was read.
pub(crate) fn request(open: &Open, url: Option<&Url>, facts: &mut Facts) {
    ids::request(open, url, facts);
    handshake::request(open, facts);
    for dialect in DIALECTS {
        dialect.request(open, url, facts);
    }
}

/// The response's head was read.
pub(crate) fn response(head: &Head, facts: &mut Facts) {
    ids::response(head, facts);
    for dialect in DIALECTS {
        dialect.response(head, facts);
    }
}

/// The response brought a frame.
pub(crate) fn frame(frame: &Frame, facts: &mut Facts) {
    for dialect in DIALECTS {
        dialect.frame(frame, facts);
    }
}

/// A body was JSON, but no JSON-RPC.
pub(crate) fn document(side: Side, json: &str, facts: &mut Facts) {
    for dialect in DIALECTS {
        dialect.document(side, json, facts);
    }
    if side == Side::Response {
        refusals::document(json, facts);
    }
}

/// Either side sent a message.
pub(crate) fn message(spoken: &Spoken<'_>, facts: &mut Facts) {
    ids::message(spoken, facts);
    handshake::message(spoken, facts);
    refusals::message(spoken, facts);
    for dialect in DIALECTS {
        dialect.message(spoken, facts);
    }
}

/// Whether a notification of this method tells how far a call is: MCP's own, or a dialect's.
#[must_use]
pub fn tells_progress(method: &str) -> bool {
    method == "notifications/progress"
        || DIALECTS.iter().any(|dialect| dialect.progress() == Some(method))
}

/// All dialects that an exchange shows.
pub(crate) fn shown(summary: &Summary) -> Dialects {
    let mut dialects = summary.dialects;
    for dialect in DIALECTS.iter().filter(|dialect| dialect.shown_by(summary)) {
        dialects.add(dialect.name());
    }
    dialects
}

/// The dialects of a session by those that its exchanges show.
pub(crate) fn of_session(own: &[&Summary]) -> Vec<String> {
    let shown = own.iter().fold(Dialects::default(), |all, summary| all.and(summary.dialects));
    shown.registered().filter(|d| d.holds(own)).map(|d| d.name().to_owned()).collect()
}

#[cfg(test)]
mod tests;
