//! The client uses what the server never said it can do.

use std::collections::HashSet;

use super::{
    Check, Finding, Findings, Look, Severity,
    capabilities::{Capabilities, has, since},
};
use crate::protocol::{
    model::{Direction, Kind, Message},
    story::Story,
};

pub(super) static RULE: Check = Check {
    id: "server-capability-missing",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/lifecycle, capability negotiation",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    let mut capabilities = Capabilities::default();
    let mut reported = HashSet::new();
    for message in &story.messages {
        capabilities.hear(message);
        let Some(needed) = needed(story, message) else { continue };
        let Some(told) = &capabilities.server else { continue };
        if has(told, needed) || !reported.insert(needed) {
            continue;
        }
        let method = message.method.as_deref().unwrap_or_default();
        found.report(Finding {
            exchange: Some(message.exchange),
            message: Some(message.id()),
            text: format!("the client uses `{method}`, which the server did not offer"),
            evidence: format!("the server's capabilities have no `{needed}`"),
            remedy: "declare the capability in the server, or ask for it only where it is declared"
                .to_owned(),
            ..Finding::default()
        });
    }
}

fn needed(story: &Story, message: &Message) -> Option<&'static str> {
    if message.kind != Kind::Request || message.direction != Direction::ClientToServer {
        return None;
    }
    let method = message.method.as_deref()?;
    match method {
        "logging/setLevel" => Some("logging"),
        // The capability came with 2025-03-26.
        "completion/complete" => since(story, "2025-03-26").then_some("completions"),
        "resources/subscribe" | "resources/unsubscribe" => Some("resources.subscribe"),
        _ if method.starts_with("tools/") => Some("tools"),
        _ if method.starts_with("prompts/") => Some("prompts"),
        _ if method.starts_with("resources/") => Some("resources"),
        _ => None,
    }
}
