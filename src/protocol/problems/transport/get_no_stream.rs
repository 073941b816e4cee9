//! A GET for the listen stream answered 2xx with something else.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "get-not-a-stream",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Legacy && view.is_get()) {
        let asks = view.asked("accept").is_some_and(|accept| accept.contains("text/event-stream"));
        let media = view.media_type();
        if !asks
            || !view.is_ok()
            || media.as_deref() == Some("text/event-stream")
            || !view.told.reading.frames.is_empty()
        {
            continue;
        }
        found.report(view.finding(
            "the GET for the listen stream was answered with something else",
            format!(
                "HTTP {} {}",
                view.status().unwrap_or_default(),
                media.as_deref().unwrap_or("without Content-Type")
            ),
            "answer with text/event-stream, or 405 where the server has no such stream",
        ));
    }
}
