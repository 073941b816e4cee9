//! The server built itself anew and kept nothing of `initialize`.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "server-rebuilt",
    severity: Severity::Error,
    source: "houses.md 3, fault 1",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::Rebuilt) {
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the server answered `initialize` and then took a request of that session for one without it".to_owned(),
            evidence: refused.evidence,
            remedy: "keep one server and one transport a session, found again by the session's id; do not make new ones for each request"
                .to_owned(),
            ..Finding::default()
        });
    }
}
