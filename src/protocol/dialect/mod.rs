//! What each protocol revision and house dialect has to say about an exchange.
//!
//! One file each and one line in [`DIALECTS`]. A dialect looks at heads, frames and messages and
//! notes facts; it never sees another exchange and decides nothing about sessions.

mod http_sse;
mod ndjson_session;
mod streamable;
mod v2026_07_28;

use url::Url;

use super::{
    facts::Facts,
    jsonrpc::Envelope,
    model::{Direction, Frame},
};
use crate::capture::{Head, Open, Side};

/// All dialects, asked in this order.
pub(crate) static DIALECTS: &[&dyn Dialect] = &[
    &streamable::Streamable,
    &http_sse::HttpSse,
    &ndjson_session::NdjsonSession,
    &v2026_07_28::V2026_07_28,
];

/// One protocol revision, group of revisions or house dialect.
pub(crate) trait Dialect: Sync {
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
