//! The OAuth story in types: what `show` tells, and what rules on discovery are judged on.

use std::collections::BTreeMap;

use serde::Serialize;

use super::challenge::Challenge;
use crate::capture::{ExchangeId, Timestamp};

/// How a session came by its authorisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OAuth {
    /// The URL that the client wanted to reach, without query.
    pub server: String,
    /// What happened, in the order of time.
    pub steps: Vec<Step>,
    /// Steps that are not told, beyond the cap.
    pub left_out: u64,
    /// Where metadata may be found, in the order in which the specification has clients look, and
    /// what was found there (protocol.md §4).
    pub discovery: Vec<WellKnown>,
}

/// One exchange of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The exchange.
    pub exchange: ExchangeId,
    /// When it began.
    pub at: Timestamp,
    /// What it is.
    pub kind: StepKind,
    /// The HTTP method.
    pub method: String,
    /// The URL, without query and fragment: those carry secrets.
    pub url: String,
    /// The HTTP status, once there is one.
    pub status: Option<u16>,
    /// What it says.
    pub facts: Facts,
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// 401: a token is wanted.
    Challenge,
    /// 403 `insufficient_scope`: a token with more scopes is wanted.
    StepUp,
    /// Protected resource metadata (RFC 9728).
    ResourceMetadata,
    /// Authorization server metadata (RFC 8414) or `OpenID` discovery.
    ServerMetadata,
    /// Dynamic client registration (RFC 7591).
    Registration,
    /// The client's own metadata document was fetched.
    ClientMetadata,
    /// A pushed authorization request (RFC 9126).
    PushedAuthorization,
    /// The authorization endpoint.
    Authorize,
    /// The authorization's answer, on its way back to the client.
    Callback,
    /// The token endpoint.
    Token,
    /// The token endpoint, with a refresh token.
    Refresh,
    /// Device authorization (RFC 8628).
    Device,
    /// A token was revoked (RFC 7009).
    Revocation,
    /// A token was looked at (RFC 7662).
    Introspection,
    /// The user's claims.
    UserInfo,
    /// The server let the client in, the first time after a challenge or with a new token.
    Retry,
}

/// How the authorization server knows the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientKind {
    /// It registered itself in this recording.
    Dynamic,
    /// Its id is the URL of its metadata document.
    MetadataDocument,
    /// It was known before.
    PreRegistered,
}

/// What a step says. Secrets are never in it; what may lead to one (a URL's path) is masked where
/// it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The challenge that asks for a token.
    pub challenge: Option<Challenge>,
    /// Where a challenge says the resource's metadata is.
    pub resource_metadata: Option<String>,
    /// An OAuth error code.
    pub error: Option<String>,
    /// What is said about it.
    pub error_description: Option<String>,
    /// The resource: of metadata its name for itself, of a request the audience asked for (RFC 8707).
    pub resource: Option<String>,
    /// Of resource metadata: whether `resource` is the server's URL, or its origin and a prefix of
    /// its path (RFC 9728 3.3, as clients check it).
    pub resource_matches: Option<bool>,
    /// `issuer` of server metadata, `iss` of an authorization's answer.
    pub issuer: Option<String>,
    /// Of server metadata: whether `issuer` is the one that led here, to the letter (RFC 8414 3.3).
    pub issuer_matches: Option<bool>,
    /// The authorization servers that resource metadata names.
    pub authorization_servers: Vec<String>,
    /// The endpoints that server metadata names, by their key.
    pub endpoints: BTreeMap<String, String>,
    /// Scopes wanted, offered, asked for or granted.
    pub scopes: Vec<String>,
    /// Of server metadata: the PKCE methods; none where it says nothing of them.
    pub pkce_methods: Option<Vec<String>>,
    /// Server metadata takes URLs of client metadata documents as client ids.
    pub takes_metadata_documents: bool,
    /// Server metadata announces `iss` in authorization answers (RFC 9207).
    pub announces_iss: bool,
    /// How the server knows the client.
    pub client: Option<ClientKind>,
    /// How the client proved who it is: `none`, `client_secret_basic`, `client_secret_post`,
    /// `private_key_jwt`.
    pub client_auth: Option<String>,
    /// `grant_type` of a token request, those wanted by a registration.
    pub grant_types: Vec<String>,
    /// Of an authorization request: the PKCE method; of a token request: `verifier`.
    pub pkce: Option<String>,
    /// Of an authorization's answer: whether it says who issued it (RFC 9207).
    pub iss: Option<bool>,
    /// A `DPoP` proof was sent, or is required.
    pub dpop: bool,
    /// The request bore an `Authorization` header.
    pub authorization_sent: bool,
    /// A token was issued.
    pub token_issued: bool,
    /// How the token is to be used.
    pub token_type: Option<String>,
    /// How long the token holds, in seconds.
    pub expires_in: Option<u64>,
    /// A refresh token was issued.
    pub refresh_token_issued: bool,
    /// What cannot be read as it should.
    pub flaws: Vec<String>,
}

impl Facts {
    /// Of server metadata: whether clients that insist on S256 go on (OAuth 2.1 7.5.2; MCP
    /// 2025-11-25 basic/authorization: without the field they must not).
    #[must_use]
    pub fn offers_s256(&self) -> bool {
        self.pkce_methods.iter().flatten().any(|method| method == "S256")
    }
}

/// A place where metadata may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WellKnown {
    /// Its URL.
    pub url: String,
    /// Of what.
    pub of: Metadata,
    /// The exchange that asked for it, the last one; none where nobody did.
    pub exchange: Option<ExchangeId>,
    /// Its answer.
    pub status: Option<u16>,
    /// The answer is metadata from which a client can go on.
    pub usable: bool,
}

/// Which metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metadata {
    /// Of the protected resource.
    Resource,
    /// Of the authorization server.
    Server,
}

impl OAuth {
    /// The steps of one kind.
    pub fn of(&self, kind: StepKind) -> impl DoubleEndedIterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.kind == kind)
    }
}
