//! Which HTTP proxy to dial through: none, one named by `--upstream-proxy`, or the environment's.

use std::{env, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri, uri::Authority};
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use url::Url;

use super::DialError;
use crate::proxy::guard::is_loopback;

/// How upstreams are reached. Loopback is always reached straight: there the proxy would mean its
/// own machine.
#[derive(Clone, Debug, Default)]
pub(crate) enum UpstreamProxy {
    /// Straight.
    #[default]
    None,
    /// Through this one.
    Url(ProxyServer),
    /// By `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, as they were at the start.
    Env(Arc<Matcher>),
}

/// An HTTP proxy that speaks `CONNECT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyServer {
    pub(super) authority: Authority,
    /// For `Proxy-Authorization`; marked sensitive, so that no log shows it.
    pub(super) authorization: Option<HeaderValue>,
}

/// `--upstream-proxy` names nothing to dial through.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadUpstreamProxy {
    /// Not a URL, another scheme, or without host.
    #[error(
        "the upstream proxy is no http:// URL\nhint: --upstream-proxy http://[USER:PASSWORD@]HOST:PORT, \
         or --upstream-proxy env"
    )]
    NoHttpUrl,
    /// It would be a loop.
    #[error(
        "the upstream proxy {0} is wiretape itself\nhint: name the proxy that this network needs, or \
         leave --upstream-proxy out"
    )]
    Own(Authority),
}

impl UpstreamProxy {
    /// Reads `env` or a URL. `is_own` tells which host and port are ours: such a URL is refused, and
    /// in the environment (which `run` sets for its child) it is passed over.
    ///
    /// # Errors
    ///
    /// The URL is none of an HTTP proxy, or our own.
    pub(crate) fn parse(
        text: &str,
        is_own: &dyn Fn(&str, u16) -> bool,
    ) -> Result<Self, BadUpstreamProxy> {
        if text == "env" {
            return Ok(Self::from_env(&|name| env::var(name).ok(), is_own));
        }
        let server = ProxyServer::parse(text).ok_or(BadUpstreamProxy::NoHttpUrl)?;
        if is_own(bare(server.authority.host()), server.authority.port_u16().unwrap_or(80)) {
            return Err(BadUpstreamProxy::Own(server.authority));
        }
        Ok(Self::Url(server))
    }

    fn from_env(
        variable: &dyn Fn(&str) -> Option<String>,
        is_own: &dyn Fn(&str, u16) -> bool,
    ) -> Self {
        let first = |names: [&str; 2]| names.into_iter().find_map(variable).unwrap_or_default();
        let foreign = |names| Some(first(names)).filter(|url| !names_own(url, is_own));
        Self::Env(Arc::new(
            Matcher::builder()
                .all(foreign(["ALL_PROXY", "all_proxy"]).unwrap_or_default())
                .http(foreign(["HTTP_PROXY", "http_proxy"]).unwrap_or_default())
                .https(foreign(["HTTPS_PROXY", "https_proxy"]).unwrap_or_default())
                .no(first(["NO_PROXY", "no_proxy"]))
                .build(),
        ))
    }

    /// The proxy on the way to a target; none where it is reached straight.
    ///
    /// # Errors
    ///
    /// The environment names a proxy that speaks no `CONNECT` in the clear (SOCKS, https).
    pub(super) fn server_for(
        &self,
        target: &Authority,
        tls: bool,
    ) -> Result<Option<ProxyServer>, DialError> {
        match self {
            _ if is_loopback(target.host()) => Ok(None),
            Self::None => Ok(None),
            Self::Url(server) => Ok(Some(server.clone())),
            Self::Env(matcher) => {
                let scheme = if tls { "https" } else { "http" };
                let uri =
                    Uri::builder().scheme(scheme).authority(target.clone()).path_and_query("/");
                let uri = uri.build().map_err(|_| DialError::no_host(target.as_str()))?;
                let Some(found) = matcher.intercept(&uri) else { return Ok(None) };
                let server = ProxyServer::of_uri(found.uri(), found.basic_auth());
                server.map(Some).ok_or_else(|| {
                    DialError::new(
                        format!("the environment's proxy {} is no http:// URL", found.uri()),
                        "name an HTTP proxy in HTTPS_PROXY, or give --upstream-proxy URL",
                    )
                })
            }
        }
    }
}

impl ProxyServer {
    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http")?;
        let port = url.port_or_known_default()?;
        let authority = format!("{}:{port}", url.host_str()?);
        Some(Self {
            authority: authority.parse().ok()?,
            authorization: match (url.username(), url.password()) {
                ("", None) => None,
                (user, password) => Some(basic(user, password.unwrap_or_default())?),
            },
        })
    }

    fn of_uri(uri: &Uri, authorization: Option<&HeaderValue>) -> Option<Self> {
        if uri.scheme_str() != Some("http") {
            return None;
        }
        let authority = format!("{}:{}", uri.host()?, uri.port_u16().unwrap_or(80));
        let authorization = authorization.cloned().map(sensitive);
        Some(Self { authority: authority.parse().ok()?, authorization })
    }
}

/// RFC 7617, from the percent-encoded parts of a URL.
fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    let mut credentials: Vec<u8> = percent_decode_str(user).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password));
    let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    HeaderValue::try_from(value).ok().map(sensitive)
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// Environments also hold proxies without a scheme.
fn names_own(proxy: &str, is_own: &dyn Fn(&str, u16) -> bool) -> bool {
    let Ok(uri) = proxy.parse::<Uri>() else { return false };
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    uri.host().is_some_and(|host| is_own(bare(host), uri.port_u16().unwrap_or(default)))
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_own(host: &str, port: u16) -> bool {
        (host, port) == ("127.0.0.1", 7070)
    }

    fn server_for(proxy: &UpstreamProxy, target: &str, tls: bool) -> Option<String> {
        let server = proxy.server_for(&target.parse().unwrap(), tls).unwrap()?;
        Some(server.authority.to_string())
    }

    #[test]
    fn urls_by_table() {
        for (url, authority) in [
            ("http://proxy:3128", "proxy:3128"),
            ("http://proxy", "proxy:80"),
            ("http://[::1]:8080/", "[::1]:8080"),
            ("HTTP://u:p@Proxy:1", "proxy:1"),
        ] {
            let server = ProxyServer::parse(url).unwrap();
            assert_eq!(server.authority, authority, "{url}");
        }
        for url in
            ["", "proxy:3128", "proxy", "socks5://p:1", "https://p:1", "http://", "http://p:99999"]
        {
            let refused = UpstreamProxy::parse(url, &is_own).unwrap_err();
            assert_eq!(refused, BadUpstreamProxy::NoHttpUrl, "{url}");
        }
        let own = UpstreamProxy::parse("http://127.0.0.1:7070", &is_own).unwrap_err();
        assert!(matches!(own, BadUpstreamProxy::Own(_)));
    }

    #[test]
    fn credentials_are_decoded_and_hidden() {
        let server = ProxyServer::parse("http://Aladdin:open%20sesame@p:1").unwrap();
        assert_eq!(server.authorization.as_ref().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{server:?}").contains("QWxh"));
    }

    #[test]
    fn the_environment_is_asked_by_scheme_and_host() {
        let variable = |name: &str| {
            let value = match name {
                "HTTP_PROXY" => "127.0.0.1:7070",
                "https_proxy" => "http://corp:3128",
                "ALL_PROXY" => "http://other:1",
                "NO_PROXY" => "inside.example,10.0.0.0/8",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let proxy = UpstreamProxy::from_env(&variable, &is_own);
        for (target, tls, expected) in [
            ("up.example:443", true, Some("corp:3128")),
            ("up.example:80", false, Some("other:1")),
            ("a.inside.example:443", true, None),
            ("10.1.2.3:443", true, None),
            ("localhost:443", true, None),
            ("[::1]:443", true, None),
        ] {
            assert_eq!(server_for(&proxy, target, tls).as_deref(), expected, "{target}");
        }
    }

    #[test]
    fn a_socks_proxy_of_the_environment_is_told() {
        let variable = |name: &str| (name == "ALL_PROXY").then(|| "socks5://s:1080".to_owned());
        let proxy = UpstreamProxy::from_env(&variable, &is_own);
        let told = proxy.server_for(&"up.example:443".parse().unwrap(), true).unwrap_err();
        assert!(told.reason.contains("socks5://s:1080"), "{told}");
    }
}
