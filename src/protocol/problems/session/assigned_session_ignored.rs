//! A client ignores the id that a router assigned to it.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "assigned-session-ignored",
    severity: Severity::Warning,
    source: "houses.md 2",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::Ignored) {
        let before = refused.given.map(|g| format!("; {} was given in {}", g.id, g.exchange));
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the client was assigned a session id and went on without it".to_owned(),
            evidence: refused.evidence + &before.unwrap_or_default(),
            remedy: "send the assigned id as `Mcp-Session-Id`, or post to the `messageEndpoint` as it was given"
                .to_owned(),
            ..Finding::default()
        });
    }
}
