//! A token is refused again and again.

use super::{
    Check, Finding, Findings, Look, Severity,
    oauth::{Legs, answered},
};
use crate::protocol::{oauth::Step, story::Story};

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
    let last_served = legs.let_in.last().map(|step| step.exchange);
    let since = |step: &&&Step| {
        step.facts.authorization_sent && last_served.is_none_or(|id| step.exchange > id)
    };
    let refused: Vec<&&Step> = legs.challenges.iter().filter(since).collect();
    let after = |token: &&Step| refused.iter().any(|step| step.exchange > token.exchange);
    let fresh = legs.tokens.iter().any(after);
    let (Some(last), true) = (refused.last(), fresh || refused.len() >= ROW) else { return };
    let says = last.facts.error.as_ref().or(last.facts.error_description.as_ref());
    let says = says.map(|says| format!(": {says}")).unwrap_or_default();
    let after = if fresh { "with a token got just before" } else { "with a token each time" };
    found.report(Finding {
        exchange: Some(last.exchange),
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
