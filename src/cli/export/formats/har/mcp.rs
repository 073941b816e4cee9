//! `_mcp`: what wiretape knows and HAR has no place for.

use serde::Serialize;

use super::parts::{Pair, pairs};
use crate::{
    capture::{ExchangeId, Mode},
    cli::{
        exchange::Exchange,
        faces::{FrameFace, MessageFace, SessionFace},
        recording::Entry,
    },
    protocol::{Reading, Session},
};

/// What `_mcp` says of itself; `wiretape import` refuses a newer one.
const SCHEMA: &str = "wiretape/har/1";

/// `_mcp` of a page.
#[derive(Serialize)]
pub(super) struct PageMcp<'a> {
    schema: &'static str,
    session: SessionFace<'a>,
}

impl<'a> PageMcp<'a> {
    pub(super) fn of(session: &'a Session) -> Self {
        Self { schema: SCHEMA, session: SessionFace::new(session, &session.server, None) }
    }
}

/// `_mcp` of an entry.
#[derive(Serialize)]
pub(super) struct EntryMcp<'a> {
    schema: &'static str,
    exchange: String,
    session: Option<String>,
    /// What grouping rests on (protocol.md §1.1).
    client: &'a str,
    pid: Option<u32>,
    run: Option<&'a str>,
    name: Option<&'a str>,
    mode: Mode,
    outcome: Option<&'static str>,
    upstream: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    as_on_the_wire: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    request_trailers: Vec<Pair>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    response_trailers: Vec<Pair>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<&'a str>,
    messages: Vec<MessageFace<'a>>,
    frames: Vec<FrameFace<'a>>,
}

impl<'a> EntryMcp<'a> {
    pub(super) fn of(
        exchange: &Exchange<'a>,
        session: Option<ExchangeId>,
        as_on_the_wire: bool,
        reading: Option<&'a Reading>,
        entries: &'a [Entry],
    ) -> Self {
        let id = exchange.id;
        let message = |entry: &'a Entry| {
            let message = entry.message.as_ref()?;
            let name = message.name.as_deref();
            let face = MessageFace::new(session.unwrap_or(id), message, name, &message.payload);
            Some(face.with(&entry.remarks))
        };
        let frames = reading.map(|reading| reading.frames.as_slice()).unwrap_or_default();
        Self {
            schema: SCHEMA,
            exchange: id.to_string(),
            session: session.map(|id| id.to_string()),
            client: &exchange.open.client,
            pid: exchange.open.pid,
            run: exchange.open.run.as_deref(),
            name: exchange.open.name.as_deref(),
            mode: exchange.open.mode,
            outcome: exchange.end.map(|end| end.outcome.as_str()),
            upstream: exchange.end.and_then(|end| end.upstream.as_deref()),
            as_on_the_wire,
            request_trailers: pairs(&exchange.request.trailers),
            response_trailers: pairs(&exchange.response.trailers),
            notes: exchange.notes.clone(),
            messages: entries.iter().filter_map(message).collect(),
            frames: frames
                .iter()
                .map(|frame| FrameFace::new(id, frame, &frame.raw, &frame.comments))
                .collect(),
        }
    }
}
