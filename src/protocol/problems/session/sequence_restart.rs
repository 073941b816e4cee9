//! The client's message counter begins again within a session.

use super::{
    Check, Finding, Findings, Look, Severity,
    sequence::{Step, steps},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "sequence-restart",
    severity: Severity::Warning,
    source: "houses.md 4",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for step in steps(story, Step::Restart) {
        found.report(Finding {
            exchange: Some(step.told.id()),
            text: "the client's message counter began again within the session".to_owned(),
            evidence: format!("Mcp-Sequence {} after {}", step.number, step.before),
            remedy: "keep the counter as long as the session, also over a reconnect; a resume by a number is of no use else"
                .to_owned(),
            ..Finding::default()
        });
    }
}
