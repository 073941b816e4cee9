//! A router assigns a session id that nobody uses.

use std::collections::HashSet;

use super::{Check, Finding, Findings, Look, Severity};
use crate::protocol::model::Session;

pub(super) static RULE: Check = Check {
    id: "assigned-session-unused",
    severity: Severity::Info,
    source: "houses.md 2",
    look: Look::All(look),
};

/// A client that goes on without the id is another rule's, here and in its next session: only what
/// came last of a client is unused.
fn look(sessions: &[&Session], found: &mut Findings<'_>) {
    let ignored: HashSet<&str> =
        sessions.iter().flat_map(|s| &s.given).map(|given| given.id.as_str()).collect();
    for session in sessions.iter().filter(|session| is_unused(session)) {
        let id = session.wire_id.as_deref().unwrap_or_default();
        if ignored.contains(id) {
            continue;
        }
        found.report(Finding {
            session: Some(session.id),
            exchange: session.exchanges.first().copied(),
            text: "the server assigned a session id, and the client never used it".to_owned(),
            evidence: format!("{id} was assigned; no later request bears it"),
            remedy: "send the assigned id as `Mcp-Session-Id` with later requests".to_owned(),
            ..Finding::default()
        });
    }
}

fn is_unused(session: &Session) -> bool {
    let by_router = session.dialects.iter().any(|name| name == "router-bridge");
    by_router
        && session.assigned
        && session.exchanges.len() == 1
        && session.given.is_empty()
        && session.open_streams == 0
}
