//! An event id without a data line.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "sse-id-without-data",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        for frame in view.events().iter().filter(|frame| frame.complete && !frame.has_data) {
            let Some(id) = frame.id.as_deref().filter(|id| !id.is_empty()) else { continue };
            found.report(view.finding(
                "an event has an id and no data line: some clients do not see the id and cannot resume there",
                format!("frame {}: id {}", frame.index, quote(id)),
                "send an empty `data:` line with the id",
            ));
        }
    }
}
