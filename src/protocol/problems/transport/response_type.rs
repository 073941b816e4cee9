//! An answer whose `Content-Type` hides it from clients.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "response-content-type",
    severity: Severity::Error,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        if !matches!(view.era(), Era::Modern | Era::Legacy | Era::TwoEndpoints)
            || !view.is_ok()
            || view.status() == Some(202)
            || view.era() == Era::TwoEndpoints && view.is_post()
        {
            continue;
        }
        let Some(first) = view.got().next() else { continue };
        let is_stream = !view.events().is_empty();
        // Lines of JSON have a type of their own; a single one with a line end is plain JSON.
        let is_lines = first.message.frame.is_some() && view.told.reading.frames.len() > 1;
        if is_lines && !is_stream {
            continue;
        }
        let wanted = if is_stream { "text/event-stream" } else { "application/json" };
        let media = view.media_type();
        if media.as_deref() == Some(wanted) {
            continue;
        }
        let what = if is_stream { "server-sent events" } else { "plain JSON" };
        found.report(view.finding(
            format!("the response is {what} under another Content-Type than {wanted}: clients do not read its messages"),
            format!("Content-Type: {}; the body begins {}", media.as_deref().unwrap_or("(none)"), if is_stream { "with an event" } else { "with JSON" }),
            format!("answer with `Content-Type: {wanted}`, or look for what in between changed it"),
        ));
    }
}
