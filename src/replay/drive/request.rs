//! A recorded request's head made anew: its own fields without those of the connection and without
//! credentials, what mirrors the body made again, what the user adds.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use url::Url;

use super::{
    ids::{self, Ids, Said},
    jar::Jar,
};
use crate::{
    capture::{
        Headers, Open,
        redact::{Mode as Masking, Redactor, placeholders_in},
    },
    replay::mirror::{Mirrored, mirrored},
};

/// Fields of the connection, those that hyper makes, and credentials: never from a recording.
const LEFT_OUT: [&str; 17] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "host",
    "content-length",
    "expect",
    "accept-encoding",
    "cookie",
    "last-event-id",
    "if-none-match",
];

/// What a request is made of.
pub(super) struct Draft<'d> {
    /// The recorded one, whose fields it takes.
    pub(super) recorded: &'d Open,
    /// What the recorded body was, and what is sent.
    pub(super) body: Option<(&'d str, &'d str)>,
    /// `Last-Event-ID` of a resume.
    pub(super) last_event: Option<&'d str>,
    /// The input schema of the tool that is called.
    pub(super) schema: Option<&'d str>,
    /// The revision that the live server chose, and the recorded one's.
    pub(super) revision: Option<(&'d str, &'d str)>,
    /// What the user changed in its fields.
    pub(super) own: Option<&'d OwnFields>,
}

/// What a user changed in the fields of the request that was chosen. Fields of the connection and
/// what mirrors the body are made as ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnFields {
    /// These are sent, over what was recorded.
    pub set: Vec<(String, String)>,
    /// These are not.
    pub gone: Vec<String>,
}

impl OwnFields {
    fn names(&self, name: &str) -> bool {
        let set = self.set.iter().map(|(own, _)| own);
        set.chain(&self.gone).any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// The parts of a client that its requests have in common.
pub(super) struct Common<'c> {
    pub(super) ids: &'c mut Ids,
    pub(super) jar: &'c Jar,
    /// What the user adds; it goes over what was recorded.
    pub(super) added: &'c [(String, String)],
    /// Fills in what was redacted; none where nothing does.
    pub(super) fill: &'c dyn Fn(&str, &str) -> Option<String>,
    /// Fields that were left out because they are redacted or secret.
    pub(super) left_out: &'c mut std::collections::BTreeSet<String>,
}

impl Draft<'_> {
    /// The fields that are sent, in the recorded order, then the user's.
    pub(super) fn fields(&self, common: &mut Common<'_>) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        let mut masking = Redactor::new(Masking::Reading);
        for (name, value) in self.recorded.headers.iter() {
            let lower = name.to_ascii_lowercase();
            let is_added = common.added.iter().any(|(added, _)| added.eq_ignore_ascii_case(name));
            let is_own = self.own.is_some_and(|own| own.names(name));
            if is_added || is_own || LEFT_OUT.contains(&lower.as_str()) {
                continue;
            }
            let bodiless = self.body.is_none() && lower == "content-type";
            let Some(value) = std::str::from_utf8(value).ok().filter(|_| !bodiless) else {
                continue;
            };
            if let Some(value) = self.field(&lower, value, common, &mut masking) {
                fields.push((lower, value));
            }
        }
        fields.extend(self.last_event.map(|id| ("last-event-id".to_owned(), id.to_owned())));
        let had_cookies = self.recorded.headers.get("cookie").is_some();
        fields.extend(common.jar.header(had_cookies).map(|value| ("cookie".to_owned(), value)));
        fields.push(("accept-encoding".to_owned(), "identity".to_owned()));
        let is_own = |name: &str| self.own.is_some_and(|own| own.names(name));
        let added = common.added.iter().filter(|(name, _)| !is_own(name));
        let own = self.own.into_iter().flat_map(|own| &own.set);
        let all = added.chain(own);
        fields.extend(all.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
        fields
    }

    /// What a recorded field says now; none where it is left out.
    fn field(
        &self,
        name: &str,
        value: &str,
        common: &mut Common<'_>,
        masking: &mut Redactor,
    ) -> Option<String> {
        if ids::HEADERS.contains(&name) {
            return match common.ids.said(value) {
                Said::Value(id) => Some(id),
                Said::Nothing => None,
            };
        }
        if let Some((recorded, now)) = self.body {
            match mirrored((name, value), recorded, now, self.schema) {
                Mirrored::Value(value) => return Some(value),
                Mirrored::Gone => return None,
                Mirrored::AsRecorded => {}
            }
        }
        if let Some((old, new)) = self.revision
            && name == "mcp-protocol-version"
            && value == old
        {
            return Some(new.to_owned());
        }
        let is_hidden = placeholders_in(value.as_bytes()).next().is_some();
        // A credential by its name, or with one in it (protocol.md §4).
        let is_secret = masking.header(name, value.as_bytes()).as_ref() != value.as_bytes();
        if is_hidden || is_secret {
            let filled = is_hidden.then(|| (common.fill)(name, value)).flatten();
            if filled.is_none() {
                common.left_out.insert(name.to_owned());
            }
            return filled;
        }
        Some(value.to_owned())
    }
}

/// As hyper sends it.
pub(super) fn request(
    method: &str,
    url: &Url,
    fields: &[(String, String)],
    body: Option<Bytes>,
) -> Result<Request<Full<Bytes>>, String> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let wrong = || format!("the header {name} cannot be sent");
        let name = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let uri: http::Uri = url.as_str().parse().map_err(|_| "its URL cannot be sent".to_owned())?;
    let mut request = Request::new(Full::new(body.unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

/// As it is recorded.
pub(super) fn recorded_fields(url: &Url, fields: &[(String, String)]) -> Headers {
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let host = std::iter::once(("host".to_owned(), host));
    host.chain(fields.iter().cloned()).collect()
}
