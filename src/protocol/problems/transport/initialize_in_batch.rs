//! `initialize` as part of a batch.

use super::{Findings, Plain, Severity, Story};
use crate::capture::Side;

pub(super) static RULE: Plain = Plain {
    id: "initialize-in-batch",
    severity: Severity::Warning,
    source: "MCP 2025-03-26 basic/lifecycle",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.told.batches.contains(&Side::Request)) {
        let count = view.sent().count();
        for said in view.requests().filter(|said| said.method() == "initialize") {
            found.report(said.finding(
                "`initialize` is part of a batch",
                format!("a JSON array of {count} messages"),
                "send `initialize` alone: nothing may be sent before it was answered",
            ));
        }
    }
}
