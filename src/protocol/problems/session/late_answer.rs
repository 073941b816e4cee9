//! An answer comes after its request was cancelled.

use super::{Check, Finding, Findings, Look, Severity, view::asked};
use crate::protocol::{model::Direction, story::Story};

pub(super) static RULE: Check = Check {
    id: "late-answer",
    severity: Severity::Info,
    source: "MCP 2025-11-25 basic/utilities/cancellation",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for asked in asked(story, Direction::ClientToServer) {
        let (Some(answer), Some(cancelled)) = (asked.answer, asked.cancelled) else { continue };
        if answer.at <= cancelled.at {
            continue;
        }
        let late = answer.at.micros_since(cancelled.at) / 1_000;
        found.report(Finding {
            exchange: Some(answer.exchange),
            message: Some(answer.id()),
            text: "an answer came after its request was cancelled".to_owned(),
            evidence: format!(
                "request id {}; {late} ms after notifications/cancelled",
                asked.request.rpc_id.as_deref().unwrap_or_default()
            ),
            remedy: "clients pass over such an answer; a server should stop the work and send none"
                .to_owned(),
            ..Finding::default()
        });
    }
}
