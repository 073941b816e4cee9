//! Messages posted as something else than JSON.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "request-content-type",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.is_streamable() && view.is_post()) {
        let media = view.told.open.headers.media_type();
        if view.sent().next().is_none() || media.as_deref() == Some("application/json") {
            continue;
        }
        found.report(view.finding(
            "the client posted JSON-RPC under another Content-Type than application/json",
            format!("Content-Type: {}", quote(media.as_deref().unwrap_or("(none)"))),
            "send `Content-Type: application/json`; servers answer 415 to anything else",
        ));
    }
}
