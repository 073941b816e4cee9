//! Progress stands still or goes back.

use super::{
    Check, Finding, Findings, Look, Severity,
    progress::{Wrong, wrong},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "progress-not-increasing",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/utilities/progress",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for step in wrong(story) {
        let Wrong::NotAbove { before, now } = step.wrong else { continue };
        found.report(Finding {
            exchange: Some(step.message.exchange),
            message: Some(step.message.id()),
            text: "progress has to rise with each notification, and did not".to_owned(),
            evidence: format!("progressToken {}: {now} after {before}", step.token),
            remedy: "send only progress above the last one".to_owned(),
            ..Finding::default()
        });
    }
}
