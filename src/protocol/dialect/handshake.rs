//! The handshake of every revision before 2026-07-28, and the headers that go with it
//! (protocol.md §3).

use super::Spoken;
use crate::{
    capture::Open,
    protocol::{
        facts::Facts,
        jsonrpc::{pick, string},
        model::Kind,
    },
};

const METHOD_NOT_FOUND: i64 = -32601;

pub(super) fn request(open: &Open, facts: &mut Facts) {
    facts.revision(open.headers.text("mcp-protocol-version"), false);
    facts.last_event_id(open.headers.text("last-event-id"));
}

pub(super) fn message(spoken: &Spoken<'_>, facts: &mut Facts) {
    let envelope = spoken.envelope;
    match (envelope.kind, spoken.method) {
        (Kind::Request, Some("initialize")) => {
            facts.asks_initialize();
            let info = envelope.params.and_then(|params| pick(params, ["clientInfo"]));
            facts.client(info.and_then(|[info]| info));
        }
        (Kind::Notification, Some("notifications/initialized")) => facts.initialized(),
        (Kind::Response, Some("initialize") | None) => {
            let Some(version) = envelope.seen.protocol_version else { return };
            if spoken.method.is_some() {
                facts.answers_initialize(string(version));
            }
            // On HTTP+SSE the answer comes in another exchange than the request: the keys of an
            // InitializeResult tell it.
            facts.revision(string(version).as_deref(), true);
            facts.server(envelope.seen.server_info);
        }
        (Kind::Error, _) if envelope.code() == Some(METHOD_NOT_FOUND) => {
            facts.unknown_method = true;
        }
        _ => {}
    }
}
