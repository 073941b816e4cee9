//! What an exchange is in the story: by where it goes and what it says, never by its place in time.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::{model::StepKind, well_known::same};
use crate::protocol::{plain::Form, story::Told};

/// Client ids, endpoints and URLs remembered; further ones are told by the ends of their paths.
const KNOWN_CAP: usize = 64;

/// What the story has said so far.
#[derive(Default)]
pub(super) struct Known {
    /// By the keys of server metadata.
    pub(super) endpoints: BTreeMap<String, String>,
    /// Where challenges say that metadata is.
    pub(super) metadata: BTreeSet<String>,
    /// The ids of clients that registered themselves.
    pub(super) registered: BTreeSet<String>,
    /// Client ids that are URLs.
    pub(super) documents: BTreeSet<String>,
}

impl Known {
    pub(super) fn remember(set: &mut BTreeSet<String>, text: &str) {
        if set.len() < KNOWN_CAP {
            set.insert(text.to_owned());
        }
    }
}

/// An exchange in parts.
pub(super) struct Leg<'a> {
    pub(super) told: &'a Told,
    pub(super) url: Url,
    /// Without query and fragment.
    pub(super) bare: String,
    pub(super) form: Option<&'a Form>,
}

impl<'a> Leg<'a> {
    pub(super) fn of(told: &'a Told) -> Option<Self> {
        let url = Url::parse(&told.open.url).ok()?;
        let mut bare = url.clone();
        bare.set_query(None);
        bare.set_fragment(None);
        // Best effort: a URL that cannot bear credentials has none.
        let _ = (bare.set_username(""), bare.set_password(None));
        Some(Self { told, url, bare: bare.into(), form: told.form.as_ref() })
    }

    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
    }

    /// A parameter of the form, else of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.form.and_then(|form| form.get(name)).map(str::to_owned).or_else(|| self.query(name))
    }

    pub(super) fn status(&self) -> Option<u16> {
        self.told.head.as_ref().map(|head| head.status)
    }

    /// Which leg it is; none where it is no leg but perhaps MCP.
    pub(super) fn kind(&self, known: &Known) -> Option<StepKind> {
        let path = self.url.path();
        if path.contains("/.well-known/oauth-protected-resource") {
            return Some(StepKind::ResourceMetadata);
        }
        if path.contains("/.well-known/oauth-authorization-server")
            || path.contains("/.well-known/openid-configuration")
        {
            return Some(StepKind::ServerMetadata);
        }
        if self.told.reading.summary.is_mcp {
            return None;
        }
        if self.told.open.method == "GET" {
            if known.metadata.iter().any(|url| same(url, &self.bare)) {
                return Some(StepKind::ResourceMetadata);
            }
            if known.documents.contains(&self.bare) {
                return Some(StepKind::ClientMetadata);
            }
        }
        self.by_parameters().or_else(|| self.by_endpoint(known)).or_else(|| self.by_path())
    }

    fn by_parameters(&self) -> Option<StepKind> {
        let has = |name: &str| self.query(name).is_some();
        let form = |name: &str| self.form.is_some_and(|form| form.get(name).is_some());
        let post = self.told.open.method == "POST";
        match self.form.and_then(|form| form.get("grant_type")) {
            Some("refresh_token") => return Some(StepKind::Refresh),
            Some(_) => return Some(StepKind::Token),
            None => {}
        }
        if post && form("response_type") && form("client_id") {
            return Some(StepKind::PushedAuthorization);
        }
        if has("response_type") && has("client_id") || has("request_uri") && has("client_id") {
            return Some(StepKind::Authorize);
        }
        ((has("code") || has("error")) && has("state")).then_some(StepKind::Callback)
    }

    fn by_endpoint(&self, known: &Known) -> Option<StepKind> {
        let is = |key: &str| known.endpoints.get(key).is_some_and(|url| same(url, &self.bare));
        ENDPOINTS.iter().find(|(key, ..)| is(key)).map(|(_, _, kind)| *kind)
    }

    fn by_path(&self) -> Option<StepKind> {
        let last = self.url.path().trim_end_matches('/').rsplit('/').next()?;
        ENDPOINTS.iter().find(|(_, end, _)| *end == last).map(|(.., kind)| *kind)
    }
}

/// Endpoints: the key of server metadata, the end of the path where there is none (MCP 2025-03-26
/// basic/authorization has the first three), and the step.
const ENDPOINTS: [(&str, &str, StepKind); 8] = [
    ("authorization_endpoint", "authorize", StepKind::Authorize),
    ("token_endpoint", "token", StepKind::Token),
    ("registration_endpoint", "register", StepKind::Registration),
    ("pushed_authorization_request_endpoint", "par", StepKind::PushedAuthorization),
    ("device_authorization_endpoint", "device_authorization", StepKind::Device),
    ("revocation_endpoint", "revoke", StepKind::Revocation),
    ("introspection_endpoint", "introspect", StepKind::Introspection),
    ("userinfo_endpoint", "userinfo", StepKind::UserInfo),
];
