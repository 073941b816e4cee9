//! 2026-07-28: a client that wants to resume.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, MODERN, quote};

pub(super) static RULE: Plain = Plain {
    id: "modern-last-event-id",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern) {
        let Some(id) = view.asked("last-event-id") else { continue };
        found.report(view.finding(
            format!(
                "the client sent Last-Event-ID, which {} does not have",
                view.revision().unwrap_or(MODERN)
            ),
            format!("Last-Event-ID: {}", quote(id)),
            "send the request again with a new id: streams are not resumed any more",
        ));
    }
}
