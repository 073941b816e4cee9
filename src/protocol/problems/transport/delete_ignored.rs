//! A session that was deleted and goes on.

use std::collections::HashMap;

use super::{Findings, Plain, Severity, Story};
use crate::capture::Timestamp;
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "session-used-after-delete",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let mut deleted: HashMap<&str, Timestamp> = HashMap::new();
    for view in story.views().filter(|view| view.era() == Era::Legacy) {
        let Some(id) = view.session_id() else { continue };
        let summary = &view.told.reading.summary;
        if view.told.open.method == "DELETE" {
            if view.is_ok() {
                deleted.entry(id).or_insert(summary.last_at);
            }
            continue;
        }
        let after = deleted.get(id).is_some_and(|at| *at <= summary.started_at);
        let again = view.requests().any(|said| said.method() == "initialize");
        if !after || again || !view.is_ok() {
            continue;
        }
        found.report(view.finding(
            "the server still serves a session after it had answered its DELETE",
            format!("HTTP {} for {} after DELETE", view.status().unwrap_or_default(), view.told.open.method),
            "answer 404 to the id of a session that was ended, or 405 to DELETE where sessions cannot be",
        ));
    }
}
