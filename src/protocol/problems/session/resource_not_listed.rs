//! A resource is read that the server never named.

use super::{Check, Finding, Findings, Look, Severity, catalogue::Catalogue, view::is};
use crate::protocol::{jsonrpc, listings::List, model::Direction, story::Story};

pub(super) static RULE: Check = Check {
    id: "resource-not-listed",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 server/resources",
    look: Look::One(look),
};

/// Only where both lists were seen whole and no template was on them. Results may name resources
/// that are on no list: whatever the server ever said counts as named.
fn look(story: &Story, found: &mut Findings<'_>) {
    let mut resources = Catalogue::new(&[List::Resources]);
    let mut templates = Catalogue::new(&[List::Templates]);
    for (place, message) in story.messages.iter().enumerate() {
        resources.hear(message);
        templates.hear(message);
        let (Some(listed), Some(patterns)) = (resources.listed(), templates.listed()) else {
            continue;
        };
        let reads = is(message, Direction::ClientToServer, "resources/read");
        let Some(uri) = message.name.as_ref().filter(|_| reads) else { continue };
        if listed.contains(uri) || !patterns.is_empty() {
            continue;
        }
        let before = story.messages.get(..place).unwrap_or_default();
        let named = before.iter().any(|said| {
            said.direction == Direction::ServerToClient
                && jsonrpc::text(&said.payload).contains(uri.as_str())
        });
        if named {
            continue;
        }
        found.report(Finding {
            exchange: Some(message.exchange),
            message: Some(message.id()),
            text: format!("the client reads `{uri}`, which the server never named"),
            evidence: format!("{} resources and no template listed", listed.len()),
            remedy: "take URIs from `resources/list`, from a template or from a result".to_owned(),
            ..Finding::default()
        });
    }
}
