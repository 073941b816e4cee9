//! `wiretape/oauth/1`: how a session came by its authorisation, one line a session that has any of
//! it, after the session's own.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{maybe_text, text, time};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::oauth::{ClientKind, Metadata, OAuth, Step, StepKind},
};

/// The story as a line of JSON. `server` is the URL that the client wanted to reach; `discovery` is
/// where metadata may be, in the order in which clients look.
#[derive(Debug, Serialize)]
pub(crate) struct OAuthFace<'a> {
    schema: &'static str,
    #[serde(serialize_with = "text")]
    session: ExchangeId,
    server: &'a str,
    steps: Vec<StepFace<'a>>,
    left_out: u64,
    discovery: Vec<WellKnownFace<'a>>,
}

/// A step; what does not concern its kind is null or empty.
#[derive(Debug, Serialize)]
struct StepFace<'a> {
    #[serde(serialize_with = "text")]
    exchange: ExchangeId,
    #[serde(serialize_with = "time")]
    at: Timestamp,
    kind: StepKind,
    method: &'a str,
    url: &'a str,
    status: Option<u16>,
    challenge: Option<ChallengeFace<'a>>,
    error: Option<&'a str>,
    error_description: Option<&'a str>,
    resource: Option<&'a str>,
    resource_matches: Option<bool>,
    issuer: Option<&'a str>,
    issuer_matches: Option<bool>,
    authorization_servers: &'a [String],
    endpoints: &'a BTreeMap<String, String>,
    scopes: &'a [String],
    pkce_methods: Option<&'a [String]>,
    client: Option<ClientKind>,
    client_auth: Option<&'a str>,
    grant_types: &'a [String],
    pkce: Option<&'a str>,
    iss: Option<bool>,
    dpop: bool,
    token_type: Option<&'a str>,
    expires_in: Option<u64>,
    refresh_token_issued: bool,
    flaws: &'a [String],
}

#[derive(Debug, Serialize)]
struct ChallengeFace<'a> {
    scheme: &'a str,
    parameters: BTreeMap<&'a str, &'a str>,
}

#[derive(Debug, Serialize)]
struct WellKnownFace<'a> {
    url: &'a str,
    of: Metadata,
    #[serde(serialize_with = "maybe_text")]
    exchange: Option<ExchangeId>,
    status: Option<u16>,
    usable: bool,
}

impl<'a> OAuthFace<'a> {
    /// A session's story.
    pub(crate) fn new(session: ExchangeId, oauth: &'a OAuth) -> Self {
        let discovery = oauth.discovery.iter().map(|place| WellKnownFace {
            url: &place.url,
            of: place.of,
            exchange: place.exchange,
            status: place.status,
            usable: place.usable,
        });
        Self {
            schema: "wiretape/oauth/1",
            session,
            server: &oauth.server,
            steps: oauth.steps.iter().map(StepFace::new).collect(),
            left_out: oauth.left_out,
            discovery: discovery.collect(),
        }
    }
}

impl<'a> StepFace<'a> {
    fn new(step: &'a Step) -> Self {
        let facts = &step.facts;
        let challenge = facts.challenge.as_ref().map(|challenge| ChallengeFace {
            scheme: &challenge.scheme,
            parameters: challenge
                .parameters
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
        });
        Self {
            exchange: step.exchange,
            at: step.at,
            kind: step.kind,
            method: &step.method,
            url: &step.url,
            status: step.status,
            challenge,
            error: facts.error.as_deref(),
            error_description: facts.error_description.as_deref(),
            resource: facts.resource.as_deref(),
            resource_matches: facts.resource_matches,
            issuer: facts.issuer.as_deref(),
            issuer_matches: facts.issuer_matches,
            authorization_servers: &facts.authorization_servers,
            endpoints: &facts.endpoints,
            scopes: &facts.scopes,
            pkce_methods: facts.pkce_methods.as_deref(),
            client: facts.client,
            client_auth: facts.client_auth.as_deref(),
            grant_types: &facts.grant_types,
            pkce: facts.pkce.as_deref(),
            iss: facts.iss,
            dpop: facts.dpop,
            token_type: facts.token_type.as_deref(),
            expires_in: facts.expires_in,
            refresh_token_issued: facts.refresh_token_issued,
            flaws: &facts.flaws,
        }
    }
}
