//! An array of messages in a revision that has none.

use super::{Findings, Plain, Severity, Story};
use crate::capture::Side;
use crate::protocol::seen::View;

pub(super) static RULE: Plain = Plain {
    id: "batch-removed",
    severity: Severity::Warning,
    source: "MCP 2025-06-18 changelog",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        let Some(revision) = view.revision().filter(|revision| *revision >= "2025-06-18") else {
            continue;
        };
        let side = |side: &Side| match side {
            Side::Request => "the client posted",
            Side::Response => "the server answered with",
        };
        for who in view.told.batches.iter().filter(|of| is_messages(&view, **of)).map(side) {
            found.report(view.finding(
                format!("{who} a batch, which {revision} does not have"),
                format!("a JSON array; in force is {revision}"),
                "send each message in a POST of its own; batches are of 2025-03-26 alone",
            ));
        }
    }
}

fn is_messages(view: &View<'_>, side: Side) -> bool {
    match side {
        Side::Request => view.sent().next().is_some(),
        Side::Response => view.got().next().is_some(),
    }
}
