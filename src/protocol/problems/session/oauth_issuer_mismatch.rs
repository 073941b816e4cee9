//! Metadata bear another issuer than the one they were asked of.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, has_metadata, issuer_of},
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "oauth-issuer-mismatch",
    severity: Severity::Error,
    source: "RFC 8414 3.3",
    look: Look::One(look),
};

/// A slash at the end is passed over: many have one, and clients take it.
fn look(story: &Story, found: &mut Findings<'_>) {
    let legs = Legs::of(story);
    for step in legs.server.iter().filter(|step| !legs.worked() && has_metadata(step)) {
        let (Some(issuer), Some(asked)) = (&step.facts.issuer, issuer_of(&step.url)) else {
            continue;
        };
        if issuer.trim_end_matches('/') == asked {
            continue;
        }
        found.report(Finding {
            exchange: Some(step.exchange),
            text: "the metadata bear another issuer than the one that was asked".to_owned(),
            evidence: format!("issuer is {issuer}; asked was {asked}"),
            remedy: "let `issuer` be exactly the URL under which clients find it".to_owned(),
            ..Finding::default()
        });
    }
}
