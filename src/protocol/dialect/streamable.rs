//! Streamable HTTP with a handshake: 2025-03-26, 2025-06-18, 2025-11-25 (protocol.md §3).
//!
//! Session headers, the `initialize` handshake, `Last-Event-ID`. The handshake is that of
//! 2024-11-05 too.

use url::Url;

use super::{Dialect, Spoken};
use crate::{
    capture::{Head, Headers, Open},
    protocol::{facts::Facts, jsonrpc::pick, jsonrpc::string, model::Kind},
};

pub(crate) struct Streamable;

/// The headers that bear a session id in the field, the specification's first (houses.md §2).
const SESSION_HEADERS: [(&str, &str); 5] = [
    ("mcp-session-id", "header:mcp-session-id"),
    ("x-mcp-session-id", "header:x-mcp-session-id"),
    ("x-mcp-session", "header:x-mcp-session"),
    ("session-id", "header:session-id"),
    ("x-session-id", "header:x-session-id"),
];

impl Dialect for Streamable {
    fn request(&self, open: &Open, _: Option<&Url>, facts: &mut Facts) {
        headers(&open.headers, false, facts);
        facts.revision(open.headers.text("mcp-protocol-version"), false);
        facts.last_event_id(open.headers.text("last-event-id"));
    }

    fn response(&self, head: &Head, facts: &mut Facts) {
        headers(&head.headers, true, facts);
    }

    fn message(&self, spoken: &Spoken<'_>, facts: &mut Facts) {
        let envelope = spoken.envelope;
        match (envelope.kind, spoken.method) {
            (Kind::Request, Some("initialize")) => {
                facts.asks_initialize();
                let info = envelope.params.and_then(|params| pick(params, ["clientInfo"]));
                facts.client(info.and_then(|[info]| info));
            }
            (Kind::Notification, Some("notifications/initialized")) => facts.initialized(),
            (Kind::Response, Some("initialize") | None) => {
                let Some([Some(version), info]) = envelope
                    .result
                    .and_then(|result| pick(result, ["protocolVersion", "serverInfo"]))
                else {
                    return;
                };
                if spoken.method.is_some() {
                    facts.answers_initialize(string(version));
                }
                // On HTTP+SSE the answer comes in another exchange than the request: the keys of
                // an InitializeResult tell it.
                facts.revision(string(version).as_deref(), true);
                facts.server(info);
            }
            _ => {}
        }
    }
}

fn headers(headers: &Headers, in_response: bool, facts: &mut Facts) {
    for (name, source) in SESSION_HEADERS {
        if let Some(id) = headers.text(name) {
            facts.candidate(source, id, in_response);
        }
    }
    // design.md, What is intercepted and kept: an `Mcp-*` header.
    if headers.iter().any(|(name, _)| name.get(..4).is_some_and(|n| n.eq_ignore_ascii_case("mcp-")))
    {
        facts.shows_mcp();
    }
}
