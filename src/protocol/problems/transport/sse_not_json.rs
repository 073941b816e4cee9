//! An event of a message's type that is no message.

use std::collections::HashSet;

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "sse-data-not-json-rpc",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        if !matches!(view.era(), Era::Modern | Era::Legacy | Era::TwoEndpoints) {
            continue;
        }
        let carried: HashSet<u32> = view.got().filter_map(|said| said.message.frame).collect();
        for frame in view.events() {
            let event = frame.event.as_deref().unwrap_or_default();
            if !frame.complete
                || frame.data.trim_ascii().is_empty()
                || !matches!(event, "" | "message")
                || carried.contains(&frame.index)
            {
                continue;
            }
            found.report(view.finding(
                "an event of a message's type holds no JSON-RPC message",
                format!("frame {}: {} bytes of data", frame.index, frame.data.len()),
                "send keep-alives as comments, and anything of your own under its own event type",
            ));
        }
    }
}
