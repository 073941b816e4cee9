//! Whose origin a URL has, and how long that origin is as text.

use http::{HeaderValue, uri::Authority};
use url::{Origin, Url};

use crate::proxy::guard::is_loopback;

/// The upstream's origin and ours.
#[derive(Clone, Debug)]
pub(super) struct Origins {
    upstream: Origin,
    upstream_text: String,
    own: String,
}

impl Origins {
    pub(super) fn new(upstream: &Url, own: &str) -> Self {
        let upstream = upstream.origin();
        Self {
            upstream_text: upstream.ascii_serialization(),
            upstream,
            own: own.trim_end_matches('/').to_owned(),
        }
    }

    pub(super) fn named(&self, authority: &Authority) -> Self {
        Self { own: format!("http://{authority}"), ..self.clone() }
    }

    pub(super) fn own(&self) -> &str {
        &self.own
    }

    pub(super) fn upstream(&self) -> &str {
        &self.upstream_text
    }

    /// Whether an `Origin` is ours, by whatever loopback name the page was opened.
    pub(super) fn is_own(&self, origin: &HeaderValue) -> bool {
        let (Ok(own), Some(Ok(origin))) =
            (Url::parse(&self.own), origin.to_str().ok().map(Url::parse))
        else {
            return false;
        };
        let are_both_loopback =
            [&own, &origin].into_iter().all(|url| url.host_str().is_some_and(is_loopback));
        own.origin() == origin.origin()
            || (are_both_loopback
                && own.scheme() == origin.scheme()
                && own.port_or_known_default() == origin.port_or_known_default())
    }

    /// The text in front of an absolute URL's path, if the URL is of the upstream's origin. With
    /// `//host` in front of the path it is absolute enough.
    pub(super) fn upstream_prefix<'a>(&self, url: &'a [u8]) -> Option<&'a str> {
        let url = std::str::from_utf8(url).ok()?;
        let authority = url.find("//")? + 2;
        let scheme = url.get(..authority)?.strip_suffix("//")?;
        let end = url.get(authority..)?.find(['/', '\\', '?', '#']);
        let prefix = url.get(..end.map_or(url.len(), |end| authority + end))?;
        let parsed = match scheme {
            "" => Url::parse(&self.upstream_text).ok()?.join(prefix),
            scheme => scheme.ends_with(':').then(|| Url::parse(prefix))?,
        };
        (parsed.ok()?.origin() == self.upstream).then_some(prefix)
    }
}
