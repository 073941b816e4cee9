//! A prompt is asked for that is on no list.

use super::{Check, Finding, Findings, Look, Severity, catalogue::Catalogue, view::is};
use crate::protocol::{model::Direction, story::Story};

pub(super) static RULE: Check = Check {
    id: "prompt-not-listed",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 server/prompts",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    let mut catalogue =
        Catalogue::new("prompts/list", "prompts", "name", "notifications/prompts/list_changed");
    for message in &story.messages {
        catalogue.hear(message);
        let Some(listed) = catalogue.listed() else { continue };
        let called = is(message, Direction::ClientToServer, "prompts/get");
        let Some(name) = message.name.as_ref().filter(|_| called) else { continue };
        if listed.contains(name) {
            continue;
        }
        found.report(Finding {
            exchange: Some(message.exchange),
            message: Some(message.id()),
            text: format!("the client gets the prompt `{name}`, which the server does not list"),
            evidence: format!("{} listed, `{name}` is not among them", listed.len()),
            remedy:
                "take names from the latest `prompts/list`; a server that changes it tells so by \
                     `notifications/prompts/list_changed`"
                    .to_owned(),
            ..Finding::default()
        });
    }
}
