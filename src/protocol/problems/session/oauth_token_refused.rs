//! A token is refused again and again.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, challenge, has_credentials},
    view::answered,
};
use crate::protocol::story::{Story, Told};

pub(super) static RULE: Check = Check {
    id: "oauth-token-refused",
    severity: Severity::Error,
    source: "MCP 2025-11-25 basic/authorization, token handling",
    look: Look::One(look),
};

/// One refusal may be an old token; so often in a row with nothing served between, it is a loop.
const ROW: usize = 3;

fn look(story: &Story, found: &mut Findings<'_>) {
    let legs = Legs::of(story);
    let last_served = legs.served.last().map(|told| told.id());
    let refused: Vec<&&Told> = legs
        .challenges
        .iter()
        .filter(|told| has_credentials(told) && last_served.is_none_or(|id| told.id() > id))
        .collect();
    let fresh = legs.tokens.iter().any(|token| refused.iter().any(|told| told.id() > token.id()));
    let (Some(last), true) = (refused.last(), fresh || refused.len() >= ROW) else { return };
    let says = ["error", "error_description"].iter().find_map(|p| challenge(last, p));
    let says = says.map(|says| format!(": {says}")).unwrap_or_default();
    let after = if fresh { "with a token got just before" } else { "with a token each time" };
    found.report(Finding {
        exchange: Some(last.id()),
        text: "the server refuses the client's token, and no later one was served".to_owned(),
        evidence: format!("{} {}, {after}{says}", answered(last), count(refused.len())),
        remedy: "compare the token's audience and issuer with the server's URL and metadata"
            .to_owned(),
        ..Finding::default()
    });
}

fn count(times: usize) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}
