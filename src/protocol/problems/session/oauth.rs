//! The legs of OAuth in a session: who challenged, what was found, whether it came to a token
//! (protocol.md §4).

use url::Url;

use super::view::{self, inside, succeeded, text_inside};
use crate::{
    capture::Side,
    protocol::{
        jsonrpc::text,
        story::{Story, Told},
    },
};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: [&str; 2] =
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// The legs, each kind in the order of time.
pub(super) struct Legs<'a> {
    /// MCP requests that were answered 401, a session's expiry apart.
    pub(super) challenges: Vec<&'a Told>,
    /// Requests for resource metadata.
    pub(super) resource: Vec<&'a Told>,
    /// Requests for metadata of an authorization server.
    pub(super) server: Vec<&'a Told>,
    /// Answers that brought a token.
    pub(super) tokens: Vec<&'a Told>,
    /// MCP requests with credentials that were served.
    pub(super) served: Vec<&'a Told>,
}

impl<'a> Legs<'a> {
    pub(super) fn of(story: &'a Story) -> Self {
        let mut legs = Self {
            challenges: Vec::new(),
            resource: Vec::new(),
            server: Vec::new(),
            tokens: Vec::new(),
            served: Vec::new(),
        };
        for told in &story.exchanges {
            let path = told.reading.summary.path.as_str();
            if path.contains(RESOURCE) {
                legs.resource.push(told);
            } else if SERVER.iter().any(|form| path.contains(form)) {
                legs.server.push(told);
            } else if told.reading.summary.status == Some(401) && !is_expiry(told) {
                legs.challenges.push(told);
            } else if document(told).is_some_and(|json| inside(&json, &["access_token"]).is_some())
            {
                legs.tokens.push(told);
            } else if succeeded(told) && has_credentials(told) && told.reading.summary.is_mcp {
                legs.served.push(told);
            }
        }
        legs
    }

    /// It came to a token, or to a request that was served: whatever looks odd, it worked.
    pub(super) fn worked(&self) -> bool {
        !self.tokens.is_empty() || !self.served.is_empty()
    }
}

/// The JSON that a leg brought.
pub(super) fn document(told: &Told) -> Option<String> {
    let document = told.reading.documents.iter().find(|d| d.side == Side::Response)?;
    Some(text(&document.json).into_owned())
}

/// The metadata that a leg brought; none where it was refused.
pub(super) fn metadata(told: &Told) -> Option<String> {
    document(told).filter(|_| succeeded(told))
}

/// A parameter of the challenge.
pub(super) fn challenge(told: &Told, parameter: &str) -> Option<String> {
    let head = told.head.as_ref()?;
    let value = head.headers.text("www-authenticate")?;
    let (_, rest) = value.split_once(&format!("{parameter}="))?;
    let rest = rest.trim_start();
    let end = match rest.strip_prefix('"') {
        Some(quoted) => return quoted.split('"').next().map(str::to_owned),
        None => rest.find([',', ' ']).unwrap_or(rest.len()),
    };
    rest.get(..end).map(str::to_owned)
}

/// Whether the request bore credentials.
pub(super) fn has_credentials(told: &Told) -> bool {
    told.open.headers.get("authorization").is_some()
}

/// The issuer whose metadata a URL is for, by the forms of RFC 8414 and of `OpenID` Connect.
pub(super) fn issuer_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let path = SERVER.iter().fold(url.path().to_owned(), |path, form| path.replace(form, ""));
    Some(format!("{}{}", url.origin().ascii_serialization(), path.trim_end_matches('/')))
}

/// Whether a protected resource covers a server's URL: same origin, and its path a prefix of it.
pub(super) fn covers(resource: &str, server: &str) -> bool {
    let (Ok(resource), Ok(server)) = (Url::parse(resource), Url::parse(server)) else {
        return false;
    };
    let prefix = resource.path().trim_end_matches('/');
    let rest = server.path().strip_prefix(prefix);
    resource.origin() == server.origin()
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A 401 of a house that is about the session and not about credentials (houses.md 1).
fn is_expiry(told: &Told) -> bool {
    let code = document(told).and_then(|json| text_inside(&json, &["code"]));
    code.as_deref() == Some("SessionExpired") || view::is_session_refusal(told)
}
