//! Resource metadata are for another server.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, has_metadata},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "oauth-resource-mismatch",
    severity: Severity::Error,
    source: "RFC 9728 3.3; MCP 2025-11-25 basic/authorization",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    let legs = Legs::of(story);
    let Some(server) = legs.challenges.first().filter(|_| !legs.worked()) else { return };
    for step in legs.resource.iter().filter(|step| has_metadata(step)) {
        let (Some(resource), Some(false)) = (&step.facts.resource, step.facts.resource_matches)
        else {
            continue;
        };
        found.report(Finding {
            exchange: Some(step.exchange),
            text: "the resource metadata are for another server, and clients refuse them"
                .to_owned(),
            evidence: format!("resource is {resource}; the server is {}", server.url),
            remedy: "let `resource` be the server's URL as clients know it, not an internal one"
                .to_owned(),
            ..Finding::default()
        });
    }
}
