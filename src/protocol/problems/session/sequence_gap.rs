//! The client's message counter leaves numbers out.

use super::{
    Check, Finding, Findings, Look, Severity,
    sequence::{Step, steps},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "sequence-gap",
    severity: Severity::Warning,
    source: "houses.md 4",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for step in steps(story, Step::Gap) {
        found.report(Finding {
            exchange: Some(step.told.id()),
            text: "the client's message counter leaves out a number that never comes".to_owned(),
            evidence: format!("Mcp-Sequence {} follows {}", step.number, step.before),
            remedy: "count each message once, and look whether one was lost before it was sent"
                .to_owned(),
            ..Finding::default()
        });
    }
}
