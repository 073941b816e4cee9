//! A path-session host demands the header, whatever the URL says.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "session-id-missing",
    severity: Severity::Error,
    source: "houses.md 1",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::Missing) {
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the request has no `mcp-session-id` header, without which this host answers nothing".to_owned(),
            evidence: refused.evidence,
            remedy: "send `mcp-session-id` with every request; the segment of the URL alone is not enough"
                .to_owned(),
            ..Finding::default()
        });
    }
}
