//! A session is used after it was idle for longer than it lives.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "request-after-expiry",
    severity: Severity::Warning,
    source: "houses.md 2",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::AfterExpiry) {
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the request came more than 30 minutes after the session's last message, and the server no longer knows the session".to_owned(),
            evidence: refused.evidence,
            remedy: "start a new session after a long pause, or ping more often than every 30 minutes"
                .to_owned(),
            ..Finding::default()
        });
    }
}
