//! A GET for the listen stream refused otherwise than by 405, in a session that lives.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "get-refused-without-405",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    // The last exchange that shows the session alive.
    let alive = story
        .views()
        .filter(|view| view.era() == Era::Legacy && view.is_post() && view.is_ok())
        .map(|view| view.told.id())
        .last();
    for view in story.views().filter(|view| view.era() == Era::Legacy && view.is_get()) {
        let Some(status) = view.status().filter(|status| matches!(status, 400 | 404 | 500 | 501))
        else {
            continue;
        };
        // Without its id the client is at fault, and after the session's end 404 is right.
        let known = view.session_id().is_some() || story.session.wire_id.is_none();
        if !known
            || view.negotiated().is_none()
            || view.asked("last-event-id").is_some()
            || alive.is_none_or(|alive| alive < view.told.id())
        {
            continue;
        }
        found.report(view.finding(
            "the GET for the listen stream was refused, and not by 405",
            format!("HTTP {status}, while the session goes on"),
            "answer 405 where the server has no listen stream: clients take other refusals for faults or for the session's end",
        ));
    }
}
