//! Resource metadata are for another server.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, covers, metadata},
    view::text_inside,
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
    for told in &legs.resource {
        let resource = metadata(told).and_then(|json| text_inside(&json, &["resource"]));
        let Some(resource) = resource.filter(|resource| !covers(resource, &server.open.url)) else {
            continue;
        };
        let (origin, path) = (&server.reading.summary.origin, &server.reading.summary.path);
        found.report(Finding {
            exchange: Some(told.id()),
            text: "the resource metadata are for another server, and clients refuse them"
                .to_owned(),
            evidence: format!("resource is {resource}; the server is {origin}{path}"),
            remedy: "let `resource` be the server's URL as clients know it, not an internal one"
                .to_owned(),
            ..Finding::default()
        });
    }
}
