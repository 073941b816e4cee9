//! Metadata bear another issuer than the one they were asked of.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, issuer_of, metadata},
    view::text_inside,
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
    for told in legs.server.iter().filter(|_| !legs.worked()) {
        let issuer = metadata(told).and_then(|json| text_inside(&json, &["issuer"]));
        let (Some(issuer), Some(asked)) = (issuer, issuer_of(&told.open.url)) else { continue };
        if issuer.trim_end_matches('/') == asked {
            continue;
        }
        found.report(Finding {
            exchange: Some(told.id()),
            text: "the metadata bear another issuer than the one that was asked".to_owned(),
            evidence: format!("issuer is {issuer}; asked was {asked}"),
            remedy: "let `issuer` be exactly the URL under which clients find it".to_owned(),
            ..Finding::default()
        });
    }
}
