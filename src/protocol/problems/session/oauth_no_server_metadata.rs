//! The authorization server that is named has no metadata.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, metadata},
    view::{answered, inside, values},
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
    let resource = legs.resource.iter().find_map(|told| Some((*told, metadata(told)?)));
    let Some((told, json)) = resource.filter(|_| !legs.worked()) else { return };
    let servers = values(inside(&json, &["authorization_servers"]).unwrap_or("[]"));
    if servers.is_empty() {
        found.report(Finding {
            exchange: Some(told.id()),
            text: "the resource metadata name no authorization server".to_owned(),
            evidence: "`authorization_servers` is missing or empty".to_owned(),
            remedy: "name the issuer of your tokens in `authorization_servers`".to_owned(),
            ..Finding::default()
        });
        return;
    }
    let Some(last) = legs.server.last() else { return };
    if legs.server.iter().any(|told| metadata(told).is_some()) {
        return;
    }
    let forms: Vec<&str> = legs.server.iter().map(|t| t.reading.summary.path.as_str()).collect();
    found.report(Finding {
        exchange: Some(last.id()),
        text: "the authorization server has metadata in none of their places".to_owned(),
        evidence: format!("{}; tried {}", answered(last), forms.join(", ")),
        remedy: "serve `/.well-known/oauth-authorization-server`, with the issuer's path after it"
            .to_owned(),
        ..Finding::default()
    });
}
