//! The client's message counter stands still.

use super::{
    Check, Finding, Findings, Look, Severity,
    sequence::{Step, steps},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "sequence-repeat",
    severity: Severity::Warning,
    source: "houses.md 4",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for step in steps(story, Step::Repeat) {
        found.report(Finding {
            exchange: Some(step.told.id()),
            text: "the client used a number of its message counter again".to_owned(),
            evidence: format!(
                "Mcp-Sequence {} was sent before; the highest was {}",
                step.number, step.before
            ),
            remedy:
                "count on with each message; only one that failed may be sent again with its number"
                    .to_owned(),
            ..Finding::default()
        });
    }
}
