//! An id is called expired that was never alive.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "session-never-valid",
    severity: Severity::Error,
    source: "houses.md 1 and 3",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::NeverValid) {
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the server says that the session expired, but the id was never alive in this recording".to_owned(),
            evidence: refused.evidence,
            remedy: "look where the client has the id from (`wiretape trace ID`): it was made up, or is older than the recording; the client's library sends its headers correctly, the fault is the id"
                .to_owned(),
            ..Finding::default()
        });
    }
}
