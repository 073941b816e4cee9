//! An authorization server does not say that it does PKCE.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, has_metadata},
    view::quote,
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
    for step in legs.server.iter().filter(|step| !legs.worked() && has_metadata(step)) {
        if step.facts.offers_s256() {
            continue;
        }
        found.report(Finding {
            exchange: Some(step.exchange),
            text:
                "the authorization server does not offer PKCE by S256, and clients must refuse it"
                    .to_owned(),
            evidence: match &step.facts.pkce_methods {
                Some(methods) => format!("{METHODS} is {}", quote(&format!("{methods:?}"))),
                None => format!("{METHODS} is missing"),
            },
            remedy: format!("list S256 in `{METHODS}`, also in OpenID Connect's metadata"),
            ..Finding::default()
        });
    }
}
