//! Messages under an event type that clients pass over.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "sse-event-type",
    severity: Severity::Error,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        if !matches!(view.era(), Era::Modern | Era::Legacy | Era::TwoEndpoints) {
            continue;
        }
        for said in view.got() {
            let event = said.message.sse.as_ref().and_then(|sse| sse.event.as_deref());
            let Some(event) = event.filter(|event| !matches!(*event, "" | "message")) else {
                continue;
            };
            found.report(said.finding(
                "a message came under an event type that clients pass over",
                format!("event: {}", quote(event)),
                "send messages as `event: message`, or without an event type",
            ));
        }
    }
}
