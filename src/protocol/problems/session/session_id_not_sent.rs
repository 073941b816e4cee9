//! A client does not send the id that it was given.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "session-id-not-sent",
    severity: Severity::Error,
    source: "houses.md 3, fault 4",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::NotSent) {
        let before = refused.given.map(|g| format!("; {} was given in {}", g.id, g.exchange));
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the client was given a session id and did not send it".to_owned(),
            evidence: refused.evidence + &before.unwrap_or_default(),
            remedy: "keep the `Mcp-Session-Id` of the answer to `initialize` and send it with every later request"
                .to_owned(),
            ..Finding::default()
        });
    }
}
