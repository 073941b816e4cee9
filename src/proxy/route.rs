//! Where one request goes, and the form it takes on the way there.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode, Uri, Version, header, request, uri};

use super::{
    link::{Dialing, Link, Way},
    origin::Origin,
    own::{Own, Target},
    refusal::Refusal,
};
use crate::{capture::Mode, tls::Blame};

/// Where a request goes.
pub(super) enum Destination {
    Upstream(Route),
    /// Our own authority.
    Own,
}

/// The way of one exchange.
pub(super) struct Route {
    pub(super) mode: Mode,
    pub(super) origin: Origin,
    /// The whole URL at the upstream.
    pub(super) url: String,
    pub(super) target: Option<Arc<Target>>,
    pub(super) doomed: Option<Arc<Blame>>,
}

impl Route {
    pub(super) fn dialing<'a>(&'a self, link: &'a Link) -> &'a Dialing {
        self.target.as_ref().map_or(&link.proxy.dialing, |target| &target.dialing)
    }
}

/// Finds the way of a request.
pub(super) fn route(link: &Link, parts: &request::Parts) -> Result<Destination, Refusal> {
    let (origin, mode, doomed) = match &link.way {
        Way::Forward => match Origin::of(&parts.uri) {
            Some(origin) => match link.proxy.own.find(&origin.host, origin.port, link.local.ip()) {
                Some(Own::Forward) => return Ok(Destination::Own),
                Some(Own::Target(target)) => return Ok(reverse(target, parts)),
                None => (origin, Mode::Forward, None),
            },
            None => return no_origin(link, parts),
        },
        Way::Inside(origin) => ((**origin).clone(), Mode::Connect, None),
        Way::Doomed(origin, blame) => ((**origin).clone(), Mode::Connect, Some(blame.clone())),
        Way::Reverse(target) => return Ok(reverse(target.clone(), parts)),
    };
    let url = match mode {
        Mode::Forward => parts.uri.to_string(),
        _ => url(&origin, &parts.uri),
    };
    Ok(Destination::Upstream(Route { mode, origin, url, target: None, doomed }))
}

fn reverse(target: Arc<Target>, parts: &request::Parts) -> Destination {
    let origin = target.origin.clone();
    let url = url(&origin, &parts.uri);
    Destination::Upstream(Route {
        mode: Mode::Reverse,
        origin,
        url,
        target: Some(target),
        doomed: None,
    })
}

/// Origin-form on the proxy port is for ourselves; anything else makes no sense there.
fn no_origin(link: &Link, parts: &request::Parts) -> Result<Destination, Refusal> {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    if parts.uri.scheme().is_some() {
        let remedy = "http and https go through this proxy; for others connect directly";
        return Err(Refusal::malformed(&parts.uri.to_string(), "no such scheme here", remedy));
    }
    let authority: Option<uri::Authority> = host.parse().ok();
    let own = authority.is_some_and(|authority| {
        let port = authority.port_u16().unwrap_or(80);
        link.proxy.own.find(authority.host(), port, link.local.ip()).is_some()
    });
    if own {
        return Ok(Destination::Own);
    }
    Err(Refusal::malformed(
        host,
        "this is a proxy's port, and the request does not say where it is to go",
        "set it as the client's HTTP proxy, or open a reverse port with --target URL",
    ))
}

fn url(origin: &Origin, uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", uri::PathAndQuery::as_str);
    let path = if path.starts_with('/') { path } else { "/" };
    format!("{}://{}{path}", origin.scheme(), origin.authority())
}

/// Gives a request the form it has at its upstream: the target, Host and version.
pub(super) fn address(
    link: &Link,
    route: &Route,
    http2: bool,
    parts: &mut request::Parts,
    headers: HeaderMap,
) -> Result<HeaderMap, Refusal> {
    let came = parts.uri.clone();
    parts.uri = target(route, http2, &came)?;
    if http2 {
        return Ok(headers);
    }
    if parts.version == Version::HTTP_2 {
        parts.version = Version::HTTP_11;
    }
    // The absolute form says which host is meant, whatever Host says (RFC 9112, 3.2.2); HTTP/2
    // names it in the target alone.
    let named = match link.way {
        Way::Forward => came.authority(),
        _ if link.http2 => came.authority(),
        _ => None,
    };
    let Some(named) = named.filter(|_| route.target.is_none() || link.http2) else {
        return Ok(headers);
    };
    let named = named.as_str().rsplit('@').next().unwrap_or_default();
    let same = headers.get(header::HOST).is_some_and(|host| host.as_bytes() == named.as_bytes());
    if same {
        return Ok(headers);
    }
    let host = HeaderValue::from_str(named)
        .map_err(|_| Refusal::malformed(named, "this is no host", "correct the URL"))?;
    Ok(with_host(&headers, &host))
}

fn target(route: &Route, http2: bool, came: &Uri) -> Result<Uri, Refusal> {
    let path = came.path_and_query().cloned();
    let target = if http2 {
        let keeps = route.target.as_ref().is_none_or(|target| target.keep_host);
        let authority = match came.authority() {
            Some(authority) if keeps => authority.to_string(),
            _ => route.origin.authority(),
        };
        Uri::builder()
            .scheme(route.origin.scheme())
            .authority(authority)
            .path_and_query(path.map_or_else(|| "/".to_owned(), |path| path.to_string()))
            .build()
    } else if came.authority().is_none() {
        return Ok(came.clone());
    } else {
        let mut origin_form = uri::Parts::default();
        origin_form.path_and_query = path.or_else(|| Some(uri::PathAndQuery::from_static("/")));
        Uri::from_parts(origin_form).map_err(http::Error::from)
    };
    target.map_err(|error| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            route.origin.host_port(),
            format!("the target cannot be passed on: {error}"),
            "correct the URL",
        )
    })
}

/// The same fields with one Host, in the place of the first, or in front where there is none.
fn with_host(headers: &HeaderMap, host: &HeaderValue) -> HeaderMap {
    let mut built = HeaderMap::with_capacity(headers.len() + 1);
    if !headers.contains_key(header::HOST) {
        built.append(header::HOST, host.clone());
    }
    for (name, value) in headers {
        if name != header::HOST {
            built.append(name.clone(), value.clone());
        } else if !built.contains_key(header::HOST) {
            built.append(header::HOST, host.clone());
        }
    }
    built
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_in_the_place_of_the_first() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("a", "1"), ("host", "x"), ("b", "2"), ("host", "y")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let built = with_host(&headers, &HeaderValue::from_static("h"));
        let names: Vec<_> = built.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        assert_eq!(names, [("a", &b"1"[..]), ("host", b"h"), ("b", b"2")]);
    }
}
