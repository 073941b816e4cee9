//! An authorization server does not say that it does PKCE.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, metadata},
    view::{inside, quote, values},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "oauth-no-pkce",
    severity: Severity::Error,
    source: "MCP 2025-11-25 basic/authorization, authorization code protection",
    look: Look::One(look),
};

const METHODS: &str = "code_challenge_methods_supported";

fn look(story: &Story, found: &mut Findings<'_>) {
    let legs = Legs::of(story);
    for told in legs.server.iter().filter(|_| !legs.worked()) {
        let Some(json) = metadata(told) else { continue };
        let methods = inside(&json, &[METHODS]);
        if values(methods.unwrap_or("[]")).contains(&"\"S256\"") {
            continue;
        }
        found.report(Finding {
            exchange: Some(told.id()),
            text:
                "the authorization server does not offer PKCE by S256, and clients must refuse it"
                    .to_owned(),
            evidence: match methods {
                Some(methods) => format!("{METHODS} is {}", quote(methods)),
                None => format!("{METHODS} is missing"),
            },
            remedy: format!("list S256 in `{METHODS}`, also in OpenID Connect's metadata"),
            ..Finding::default()
        });
    }
}
