//! The server asks the client for what it never said it can do.

use std::collections::HashSet;

use super::{
    Check, Finding, Findings, Look, Severity,
    capabilities::{Capabilities, has},
    view::{inside, text_inside, values, within},
};
use crate::protocol::{
    model::{Direction, Kind, Message},
    story::Story,
};

pub(super) static RULE: Check = Check {
    id: "client-capability-missing",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/lifecycle, capability negotiation",
    look: Look::One(look),
};

/// Input requests of one result that are looked at; further ones are passed over.
const INPUTS_CAP: usize = 64;

fn look(story: &Story, found: &mut Findings<'_>) {
    let mut capabilities = Capabilities::default();
    let mut reported = HashSet::new();
    for message in &story.messages {
        capabilities.hear(message);
        if message.direction != Direction::ServerToClient {
            continue;
        }
        let Some(told) = capabilities.client_for(message) else { continue };
        for (method, needed) in asks(message) {
            if has(told, needed) || !reported.insert(needed) {
                continue;
            }
            found.report(Finding {
                exchange: Some(message.exchange),
                message: Some(message.id()),
                text: format!("the server asks for `{method}`, which the client did not offer"),
                evidence: format!("the client's capabilities have no `{needed}`"),
                remedy: "ask only for what the client declared, or declare it in the client"
                    .to_owned(),
                ..Finding::default()
            });
        }
    }
}

/// What a message asks of the client, each with the capability that it needs: a request, or the
/// input requests of 2026-07-28.
fn asks(message: &Message) -> Vec<(String, &'static str)> {
    match message.kind {
        Kind::Request => {
            let method = message.method.clone().unwrap_or_default();
            let mode = within(message, ["params", "mode"]);
            needed(&method, mode.as_deref()).map(|needed| (method, needed)).into_iter().collect()
        }
        Kind::Response => {
            let inputs = within(message, ["result", "inputRequests"]).unwrap_or_default();
            let inputs = values(&inputs);
            let ask = |input: &&str| {
                let method = text_inside(input, &["method"])?;
                let needed = needed(&method, inside(input, &["params", "mode"]))?;
                Some((method, needed))
            };
            inputs.iter().take(INPUTS_CAP).filter_map(ask).collect()
        }
        _ => Vec::new(),
    }
}

fn needed(method: &str, mode: Option<&str>) -> Option<&'static str> {
    match method {
        "sampling/createMessage" => Some("sampling"),
        "roots/list" => Some("roots"),
        "elicitation/create" if mode == Some("\"url\"") => Some("elicitation.url"),
        "elicitation/create" => Some("elicitation"),
        _ => None,
    }
}
