//! The same thing is delivered twice: one SSE event, or one answer.

use std::collections::HashSet;

use super::{Check, Finding, Findings, Look, Severity};
use crate::protocol::{
    model::{Direction, Message},
    story::Story,
};

pub(super) static RULE: Check = Check {
    id: "duplicate-delivery",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports, resumability",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    let mut events: HashSet<(&str, &[u8])> = HashSet::new();
    for message in &story.messages {
        let event = message.sse.as_ref().and_then(|sse| sse.id.as_deref());
        let event = event.filter(|id| !id.is_empty());
        let again = event.is_some_and(|id| !events.insert((id, &message.payload)));
        let surplus = message.duplicate && message.direction == Direction::ServerToClient;
        if again || surplus {
            found.report(finding(message, event.filter(|_| again)));
        }
    }
}

fn finding(message: &Message, event: Option<&str>) -> Finding {
    let what = if event.is_some() { "event" } else { "answer" };
    let id = event.or(message.rpc_id.as_deref()).unwrap_or_default();
    Finding {
        exchange: Some(message.exchange),
        message: Some(message.id()),
        text: format!("the server delivered the same {what} twice"),
        evidence: format!("{what} id {id} came before"),
        remedy: "send each message on one stream only, and on a resume only what came after \
                 `Last-Event-ID`"
            .to_owned(),
        ..Finding::default()
    }
}
