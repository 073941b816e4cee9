//! The session runs over HTTP+SSE, which 2025-03-26 replaced.

use super::{Check, Finding, Findings, Look, Severity};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "deprecated-transport",
    severity: Severity::Info,
    source: "MCP 2025-03-26 changelog",
    look: Look::One(look),
};

/// A revision that knows better than HTTP+SSE: a session of 2024-11-05 has nothing else.
const REPLACED: &str = "2025-03-26";

fn look(story: &Story, found: &mut Findings<'_>) {
    let newer = story.session.revision.as_deref().is_some_and(|revision| revision >= REPLACED);
    let channel = story
        .exchanges
        .iter()
        .find(|told| told.reading.summary.candidates.iter().any(|c| c.source == "endpoint-event"));
    let Some(channel) = channel.filter(|_| newer) else { return };
    found.report(Finding {
        exchange: Some(channel.id()),
        text: "the session runs over HTTP+SSE, which Streamable HTTP replaced".to_owned(),
        evidence: format!(
            "an `endpoint` event in a session of {}",
            story.session.revision.as_deref().unwrap_or_default()
        ),
        remedy: "offer Streamable HTTP at one endpoint beside it".to_owned(),
        ..Finding::default()
    });
}
