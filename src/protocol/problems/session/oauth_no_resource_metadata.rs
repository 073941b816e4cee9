//! A server demands a token and does not say where to get one.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, answered, has_metadata, path},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "oauth-no-resource-metadata",
    severity: Severity::Error,
    source: "RFC 9728; MCP 2025-11-25 basic/authorization, server discovery",
    look: Look::One(look),
};

/// Only where the client looked: a lone 401 is an outcome. 2025-03-26 has no resource metadata:
/// there the server's own metadata do.
fn look(story: &Story, found: &mut Findings<'_>) {
    let legs = Legs::of(story);
    let Some(first) = legs.challenges.first() else { return };
    let Some(tried) = legs.resource.last() else { return };
    let some = legs.resource.iter().chain(&legs.server).any(|step| has_metadata(step));
    if some || legs.worked() {
        return;
    }
    let named = match &first.facts.resource_metadata {
        Some(url) => format!("the challenge names {url}"),
        None => "the challenge names no resource_metadata".to_owned(),
    };
    found.report(Finding {
        exchange: Some(first.exchange),
        text: "the server demands a token, and no metadata say where to get one".to_owned(),
        evidence: format!("{named}; {} {}", path(tried), answered(tried)),
        remedy: "serve `/.well-known/oauth-protected-resource` and name it in `WWW-Authenticate`"
            .to_owned(),
        ..Finding::default()
    });
}
