//! A server forgets a session that nobody closed.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "session-lost",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports, session management",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::Lost) {
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the server no longer knows a session that it served within the last 30 minutes and that nobody closed".to_owned(),
            evidence: refused.evidence,
            remedy: "look for a restart, or for several instances without a shared store or affinity; the client has to start a new session"
                .to_owned(),
            ..Finding::default()
        });
    }
}
