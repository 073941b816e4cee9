//! A session id stands in a URL that the client made up itself.

use super::{Check, Finding, Findings, Look, Severity};
use crate::protocol::story::{Story, Told};

pub(super) static RULE: Check = Check {
    id: "session-id-in-url",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports, session management",
    look: Look::One(look),
};

/// An endpoint that the server named is as it is by design (HTTP+SSE, the router bridge). Once a
/// session: every later request repeats it.
fn look(story: &Story, found: &mut Findings<'_>) {
    let by_design = story.session.dialects.iter().any(|name| name == "router-bridge");
    if by_design || story.exchanges.iter().any(names_endpoint) {
        return;
    }
    let in_query = |told: &&Told| {
        let mut candidates = told.reading.summary.candidates.iter();
        candidates.any(|c| !c.in_response && c.source.starts_with("query:"))
            && told.reading.summary.is_mcp
            && told.reading.summary.status != Some(202)
    };
    let Some(told) = story.exchanges.iter().find(in_query) else { return };
    let place = told.reading.summary.candidates.iter().find(|c| c.source.starts_with("query:"));
    let place = place.and_then(|c| c.source.strip_prefix("query:")).unwrap_or_default();
    found.report(Finding {
        exchange: Some(told.id()),
        text: "the session id stands in the URL, where logs and referrers keep it".to_owned(),
        evidence: format!("query parameter `{place}` of {}", told.reading.summary.path),
        remedy: "send it as `Mcp-Session-Id`: whoever has the id has the session".to_owned(),
        ..Finding::default()
    });
}

fn names_endpoint(told: &Told) -> bool {
    let by_candidate = |c: &crate::protocol::model::Candidate| {
        matches!(c.source.as_str(), "endpoint-event" | "ndjson")
    };
    told.reading.summary.candidates.iter().any(by_candidate)
}
