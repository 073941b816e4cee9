//! The server connects one transport twice.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "transport-already-started",
    severity: Severity::Error,
    source: "houses.md 3, fault 2",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::Started) {
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the server connected a transport that was connected before".to_owned(),
            evidence: refused.evidence,
            remedy: "make one server and one transport a session and call `connect()` once; do not share them between sessions"
                .to_owned(),
            ..Finding::default()
        });
    }
}
