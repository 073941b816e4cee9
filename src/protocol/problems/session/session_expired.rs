//! An id that was alive earlier is refused.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "session-expired",
    severity: Severity::Error,
    source: "houses.md 1 and 3",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::Expired) {
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the server says that the session expired; the id was alive earlier in this recording".to_owned(),
            evidence: refused.evidence,
            remedy: "get a new session id; the client's library sends its headers correctly, the fault is the id"
                .to_owned(),
            ..Finding::default()
        });
    }
}
