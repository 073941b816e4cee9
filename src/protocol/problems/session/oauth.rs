//! The legs of OAuth in a session, as its story tells them (`protocol::oauth`): who challenged, what
//! was found, whether it came to a token (protocol.md §4).

use url::Url;

use crate::protocol::{
    oauth::{Step, StepKind},
    story::Story,
};

/// Where the metadata of an authorization server stand.
const SERVER: [&str; 2] =
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// The steps that rules ask for, each kind in the order of time.
#[derive(Default)]
pub(super) struct Legs<'a> {
    /// MCP requests that were answered 401, a session's expiry apart.
    pub(super) challenges: Vec<&'a Step>,
    /// Requests for resource metadata.
    pub(super) resource: Vec<&'a Step>,
    /// Requests for metadata of an authorization server.
    pub(super) server: Vec<&'a Step>,
    /// Answers that brought a token.
    pub(super) tokens: Vec<&'a Step>,
    /// MCP requests that were served after a challenge or with a new token.
    pub(super) let_in: Vec<&'a Step>,
    /// An MCP request with credentials was served.
    served: bool,
}

impl<'a> Legs<'a> {
    pub(super) fn of(story: &'a Story) -> Self {
        let mut legs = Self::default();
        let Some(oauth) = &story.oauth else { return legs };
        for step in &oauth.steps {
            match step.kind {
                StepKind::Challenge if !is_expiry(story, step) => legs.challenges.push(step),
                StepKind::ResourceMetadata => legs.resource.push(step),
                StepKind::ServerMetadata => legs.server.push(step),
                StepKind::Token | StepKind::Refresh if step.facts.token_issued => {
                    legs.tokens.push(step);
                }
                StepKind::Retry => legs.let_in.push(step),
                _ => {}
            }
        }
        legs.served = story.exchanges.iter().any(|told| {
            let summary = &told.reading.summary;
            summary.is_mcp && summary.auth.is_some() && is_ok(summary.status)
        });
        legs
    }

    /// It came to a token, or to a request that was served: whatever looks odd, it worked.
    pub(super) fn worked(&self) -> bool {
        !self.tokens.is_empty() || self.served
    }
}

/// The leg brought metadata, whatever they say.
pub(super) fn has_metadata(step: &Step) -> bool {
    is_ok(step.status) && step.facts.flaws.is_empty()
}

/// `GET answered 404`.
pub(super) fn answered(step: &Step) -> String {
    match step.status {
        Some(status) => format!("{} answered {status}", step.method),
        None => format!("{} without an answer", step.method),
    }
}

/// Where a leg went.
pub(super) fn path(step: &Step) -> String {
    Url::parse(&step.url).map_or_else(|_| step.url.clone(), |url| url.path().to_owned())
}

/// The issuer whose metadata a URL is for, by the forms of RFC 8414 and of `OpenID` Connect.
pub(super) fn issuer_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let path = SERVER.iter().fold(url.path().to_owned(), |path, form| path.replace(form, ""));
    Some(format!("{}{}", url.origin().ascii_serialization(), path.trim_end_matches('/')))
}

fn is_ok(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..300).contains(&status))
}

/// A 401 of a house that is about the session and not about credentials (houses.md 1).
fn is_expiry(story: &Story, step: &Step) -> bool {
    story.exchange(step.exchange).is_some_and(|told| {
        told.reading.summary.refusal.is_some() || super::view::is_session_refusal(told)
    })
}
