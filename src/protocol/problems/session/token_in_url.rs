//! A token stands in a URL.

use url::Url;

use super::{Check, Finding, Findings, Look, Severity};
use crate::protocol::story::{Story, Told};

pub(super) static RULE: Check = Check {
    id: "token-in-url",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/authorization, access token usage",
    look: Look::One(look),
};

/// Parameters that bear a credential (protocol.md §4).
const SECRETS: [&str; 8] =
    ["access_token", "api_key", "api-key", "apikey", "authorization", "bearer", "key", "token"];

/// Once a parameter and session: a client repeats its URL.
fn look(story: &Story, found: &mut Findings<'_>) {
    let mut reported: Vec<&str> = Vec::new();
    for told in story.exchanges.iter().filter(|told| told.reading.summary.is_mcp) {
        let Some(name) = secret(told).filter(|name| !reported.contains(name)) else { continue };
        reported.push(name);
        found.report(Finding {
            exchange: Some(told.id()),
            text: "a credential stands in the URL, where logs and referrers keep it".to_owned(),
            evidence: format!("query parameter `{name}` of {}", told.reading.summary.path),
            remedy: "send it as `Authorization: Bearer`, and change the one that was in the URL"
                .to_owned(),
            ..Finding::default()
        });
    }
}

fn secret(told: &Told) -> Option<&'static str> {
    let url = Url::parse(&told.open.url).ok()?;
    SECRETS.into_iter().find(|secret| {
        url.query_pairs()
            .any(|(name, value)| name.eq_ignore_ascii_case(secret) && !value.is_empty())
    })
}
