//! Reverse mode only: what would lead a client around the proxy leads to it (design.md, Reverse mode;
//! protocol.md §2.5, §4).
//!
//! Pure. Only the origin in front of a URL is ever replaced; every other byte stays. A [`Rewrite`]'s
//! texts are therefore origins, never paths or queries, which may hold secrets.

mod endpoint;
mod metadata;
mod origin;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority};
use url::Url;

use crate::capture::{Rewrite, RewriteWhere};
use endpoint::Endpoint;
use metadata::Metadata;
use origin::Origins;

/// What one reverse port rewrites.
#[derive(Clone, Debug)]
pub(crate) struct Reverse {
    origins: Origins,
    /// The upstream's authority as a direct client would send it.
    host: String,
    keep_host: bool,
}

impl Reverse {
    /// For an upstream's URL, of which the origin counts, and our own origin
    /// (`http://127.0.0.1:41233`).
    pub(crate) fn new(upstream: &Url, own: &str, keep_host: bool) -> Self {
        let host = match (upstream.host_str().unwrap_or_default(), upstream.port()) {
            (host, Some(port)) => format!("{host}:{port}"),
            (host, None) => host.to_owned(),
        };
        Self { origins: Origins::new(upstream, own), host, keep_host }
    }

    /// The same as a client sees us that named us so (`localhost:41233`, or a name of `--allow-host`,
    /// passed by the guard): clients refuse an endpoint of another origin than the one they asked.
    pub(crate) fn named(&self, authority: &Authority) -> Self {
        Self { origins: self.origins.named(authority), ..self.clone() }
    }

    /// The fields as a direct client would send them.
    pub(crate) fn request_headers(&self, headers: HeaderMap) -> (HeaderMap, Vec<Rewrite>) {
        if self.keep_host {
            return (headers, Vec::new());
        }
        replaced(headers, |name, value| match *name {
            header::HOST if value != self.host.as_str() => {
                whole(RewriteWhere::RequestHeader("host".into()), value, &self.host)
            }
            header::ORIGIN if self.origins.is_own(value) => {
                let origin = self.origins.upstream();
                whole(RewriteWhere::RequestHeader("origin".into()), value, origin)
            }
            _ => None,
        })
    }

    /// The answer's fields for the client. `body_changes` where [`Self::body`] gave a rewriter: the
    /// length is then not known.
    pub(crate) fn response_headers(
        &self,
        headers: HeaderMap,
        body_changes: bool,
    ) -> (HeaderMap, Vec<Rewrite>) {
        let headers = if body_changes { without_length(&headers) } else { headers };
        replaced(headers, |name, value| {
            let at = match *name {
                header::LOCATION | header::CONTENT_LOCATION => 0,
                header::WWW_AUTHENTICATE => resource_metadata(value.as_bytes())?,
                _ => return None,
            };
            let (before, url) = value.as_bytes().split_at_checked(at)?;
            let url_end = if at == 0 { url.len() } else { end_of_parameter(url) };
            let old = self.origins.upstream_prefix(url.get(..url_end)?)?;
            let new = self.origins.own();
            let changed = [before, new.as_bytes(), url.get(old.len()..)?].concat();
            let place = RewriteWhere::Header(name.as_str().to_owned());
            let rewrite = Rewrite { place, offset: 0, old: old.to_owned(), new: new.to_owned() };
            Some((HeaderValue::from_bytes(&changed).ok()?, rewrite))
        })
    }

    /// What rewrites this answer's body; none where it passes as it is, as every compressed one does.
    /// `headers` are the upstream's.
    pub(crate) fn body(
        &self,
        method: &Method,
        path: &str,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<BodyRewriter> {
        if method != Method::GET || status != StatusCode::OK || is_encoded(headers) {
            return None;
        }
        let media_type = media_type(headers);
        if media_type.eq_ignore_ascii_case("text/event-stream") {
            return Some(BodyRewriter(Kind::Endpoint(Endpoint::new(self.origins.clone()))));
        }
        let is_json = media_type.is_empty() || media_type.to_ascii_lowercase().contains("json");
        let metadata = is_json.then(|| Metadata::at(path, self.origins.clone())).flatten()?;
        Some(BodyRewriter(Kind::Metadata(metadata)))
    }
}

/// Rewrites one body as it passes.
#[derive(Debug)]
pub(crate) struct BodyRewriter(Kind);

#[derive(Debug)]
enum Kind {
    Endpoint(Endpoint),
    Metadata(Metadata),
}

impl BodyRewriter {
    /// What goes to the client now that the upstream sent this, and what was changed in it.
    pub(crate) fn push(&mut self, data: Bytes) -> (Vec<Bytes>, Vec<Rewrite>) {
        match &mut self.0 {
            Kind::Endpoint(endpoint) => endpoint.push(data),
            Kind::Metadata(metadata) => metadata.push(data),
        }
    }

    /// What is left at the body's end.
    pub(crate) fn finish(&mut self) -> (Vec<Bytes>, Vec<Rewrite>) {
        match &mut self.0 {
            Kind::Endpoint(endpoint) => (endpoint.finish(), Vec::new()),
            Kind::Metadata(metadata) => metadata.finish(),
        }
    }
}

/// A rewrite in a body.
fn in_body(offset: u64, old: &str, new: &str) -> Rewrite {
    Rewrite { place: RewriteWhere::Body, offset, old: old.to_owned(), new: new.to_owned() }
}

fn whole(place: RewriteWhere, old: &HeaderValue, new: &str) -> Option<(HeaderValue, Rewrite)> {
    let old = String::from_utf8_lossy(old.as_bytes()).into_owned();
    let rewrite = Rewrite { place, offset: 0, old, new: new.to_owned() };
    Some((HeaderValue::from_str(new).ok()?, rewrite))
}

/// Replaces values where they stand; order and duplicates stay.
fn replaced(
    headers: HeaderMap,
    change: impl Fn(&HeaderName, &HeaderValue) -> Option<(HeaderValue, Rewrite)>,
) -> (HeaderMap, Vec<Rewrite>) {
    let mut headers = headers;
    let mut rewrites = Vec::new();
    for (name, value) in &mut headers {
        if let Some((new, rewrite)) = change(name, value) {
            *value = new;
            rewrites.push(rewrite);
        }
    }
    (headers, rewrites)
}

fn without_length(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH) {
        kept.append(name.clone(), value.clone());
    }
    kept
}

/// Where the URL of a challenge's `resource_metadata` begins (RFC 9728 §5.1).
fn resource_metadata(value: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"resource_metadata";
    let at = value.windows(NAME.len()).position(|name| name.eq_ignore_ascii_case(NAME))?;
    let mut start = at + NAME.len();
    let mut blanks = |stop: u8| {
        while value.get(start).is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            start += 1;
        }
        let found = value.get(start) == Some(&stop);
        start += usize::from(found);
        found
    };
    if !blanks(b'=') {
        return None;
    }
    blanks(b'"');
    Some(start)
}

fn end_of_parameter(url: &[u8]) -> usize {
    url.iter().position(|byte| matches!(byte, b'"' | b',' | b' ')).unwrap_or(url.len())
}

/// A list of values counts as encoded unless all say `identity`.
fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests;
