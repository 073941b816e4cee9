//! The authorization server that is named has no metadata.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, answered, has_metadata, path},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "oauth-no-server-metadata",
    severity: Severity::Error,
    source: "RFC 8414; MCP 2025-11-25 basic/authorization, server discovery",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    let legs = Legs::of(story);
    let resource = legs.resource.iter().find(|step| has_metadata(step));
    let Some(resource) = resource.filter(|_| !legs.worked()) else { return };
    if resource.facts.authorization_servers.is_empty() {
        found.report(Finding {
            exchange: Some(resource.exchange),
            text: "the resource metadata name no authorization server".to_owned(),
            evidence: "`authorization_servers` is missing or empty".to_owned(),
            remedy: "name the issuer of your tokens in `authorization_servers`".to_owned(),
            ..Finding::default()
        });
        return;
    }
    let Some(last) = legs.server.last() else { return };
    if legs.server.iter().any(|step| has_metadata(step)) {
        return;
    }
    let forms: Vec<String> = legs.server.iter().map(|step| path(step)).collect();
    found.report(Finding {
        exchange: Some(last.exchange),
        text: "the authorization server has metadata in none of their places".to_owned(),
        evidence: format!("{}; tried {}", answered(last), forms.join(", ")),
        remedy: "serve `/.well-known/oauth-authorization-server`, with the issuer's path after it"
            .to_owned(),
        ..Finding::default()
    });
}
