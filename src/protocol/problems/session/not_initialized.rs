//! A request comes before any `initialize`.

use super::{
    Check, Finding, Findings, Look, Severity,
    ladder::{Why, named},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "not-initialized",
    severity: Severity::Error,
    source: "MCP 2025-11-25 basic/lifecycle",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for refused in named(story, Why::NotInitialized) {
        found.report(Finding {
            exchange: Some(refused.told.id()),
            text: "the server refuses a request because no `initialize` came before it".to_owned(),
            evidence: refused.evidence,
            remedy: "begin each session with `initialize`, and wait for its answer".to_owned(),
            ..Finding::default()
        });
    }
}
