//! The OAuth story: how a session came by its authorisation (protocol.md §4).
//!
//! Challenge, resource metadata, server metadata, registration, authorization, token, retry; later
//! refreshes and step-ups. Each step is an exchange that stands in the session already: this only
//! says what it was, without the secrets in it. What rules need to say why discovery cannot work is
//! here too: where metadata should be and what was found there, and whether names agree.

mod challenge;
mod legs;
mod model;
mod read;
#[cfg(test)]
mod tests;
mod well_known;

pub use challenge::{Challenge, Challenges};
use legs::{Known, Leg};
pub use model::{ClientKind, Facts, Metadata, OAuth, Step, StepKind, WellKnown};

use super::{model::Summary, story::Told};
use crate::capture::ExchangeId;

/// Steps told of one session; further ones are counted.
const STEPS_CAP: usize = 1_000;

impl OAuth {
    /// The story of these exchanges, ascending by time; none where no OAuth is in them. `server` is
    /// the session's URL.
    #[must_use]
    pub fn tell<'a>(server: &str, exchanges: impl IntoIterator<Item = &'a Told>) -> Option<Self> {
        let mut telling = Telling::new(server);
        for told in exchanges {
            telling.take(told);
        }
        telling.end()
    }

    /// The exchanges that a session's story may be made of, by their summaries, ascending: legs,
    /// refusals, and who was let in after one. The others need not be read for it; where nothing
    /// speaks MCP, none need.
    pub fn concerned<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> Vec<ExchangeId> {
        let (mut concerned, mut refused, mut any_mcp) = (Vec::new(), false, false);
        for summary in summaries {
            let refusal = matches!(summary.status, Some(401 | 403));
            let let_in = refused && summary.status.is_some_and(|status| status < 400);
            if refusal || let_in || !summary.is_mcp {
                concerned.push(summary.id);
            }
            let enters = let_in && summary.is_mcp && summary.auth.is_some();
            refused = refusal || !summary.is_mcp || refused && !enters;
            any_mcp |= summary.is_mcp;
        }
        if any_mcp { concerned } else { Vec::new() }
    }
}

/// A story in the making.
struct Telling<'a> {
    oauth: OAuth,
    known: Known,
    /// A 401 that names no challenge: it is OAuth's where legs follow (MCP 2025-03-26), and else a
    /// house's word for a session that is gone.
    unsure: Option<Leg<'a>>,
    /// The client was challenged or got a token, and was not let in since.
    knocking: bool,
}

impl<'a> Telling<'a> {
    fn new(server: &str) -> Self {
        let oauth = OAuth { server: server.to_owned(), ..OAuth::default() };
        Self { oauth, known: Known::default(), unsure: None, knocking: false }
    }

    fn take(&mut self, told: &'a Told) {
        let Some(leg) = Leg::of(told) else { return };
        if let Some(kind) = leg.kind(&self.known) {
            if let Some(refused) = self.unsure.take() {
                self.step(StepKind::Challenge, &refused);
            }
            return self.step(kind, &leg);
        }
        let (asked, _) = read::challenge(&leg);
        let scopes =
            || asked.as_ref().is_some_and(|c| c.get("error") == Some("insufficient_scope"));
        match leg.status() {
            Some(401) if asked.is_some() => self.step(StepKind::Challenge, &leg),
            Some(401) => self.unsure = Some(leg),
            Some(403) if scopes() => self.step(StepKind::StepUp, &leg),
            Some(status) if status < 400 && told.reading.summary.is_mcp => {
                self.unsure = None;
                if self.knocking && told.reading.summary.auth.is_some() {
                    self.step(StepKind::Retry, &leg);
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, kind: StepKind, leg: &Leg<'_>) {
        if self.oauth.steps.is_empty() && matches!(kind, StepKind::Challenge | StepKind::StepUp) {
            self.oauth.server.clone_from(&leg.bare);
        }
        let mut facts = read::facts(kind, leg, &self.oauth.server, &self.known);
        self.learn(kind, leg, &mut facts);
        if self.oauth.steps.len() >= STEPS_CAP {
            self.oauth.left_out += 1;
            return;
        }
        self.oauth.steps.push(Step {
            exchange: leg.told.id(),
            at: leg.told.reading.summary.started_at,
            kind,
            method: leg.told.open.method.clone(),
            url: leg.bare.clone(),
            status: leg.status(),
            facts,
        });
    }

    /// What a step says for those after it.
    fn learn(&mut self, kind: StepKind, leg: &Leg<'_>, facts: &mut Facts) {
        match kind {
            StepKind::Challenge | StepKind::StepUp => {
                self.knocking = true;
                if let Some(url) = &facts.resource_metadata {
                    Known::remember(&mut self.known.metadata, url);
                }
            }
            StepKind::Retry => self.knocking = false,
            StepKind::ServerMetadata => {
                self.known.endpoints.extend(facts.endpoints.clone());
                // Metadata at the server's own origin (MCP 2025-03-26) is named by nobody.
                let steps = self.oauth.of(StepKind::ResourceMetadata);
                let mut named = steps.flat_map(|step| &step.facts.authorization_servers).peekable();
                if let (Some(issuer), Some(_)) = (&facts.issuer, named.peek()) {
                    let is_named = named.any(|server| server == issuer);
                    facts.issuer_matches = facts.issuer_matches.map(|here| here && is_named);
                }
            }
            StepKind::Registration => {
                if let Some(id) = read::registered_id(leg) {
                    Known::remember(&mut self.known.registered, &id);
                }
            }
            StepKind::Authorize
            | StepKind::PushedAuthorization
            | StepKind::Token
            | StepKind::Refresh => {
                self.knocking |= facts.token_issued;
                let id = leg.parameter("client_id").filter(|id| id.starts_with("https://"));
                if let Some(id) = id {
                    Known::remember(&mut self.known.documents, &id);
                }
            }
            _ => {}
        }
    }

    fn end(mut self) -> Option<OAuth> {
        if self.oauth.steps.is_empty() {
            return None;
        }
        self.oauth.discovery = well_known::discovery(&self.oauth);
        Some(self.oauth)
    }
}
