//! Who may speak to a reverse port: the answer to DNS rebinding (design.md, Reverse mode;
//! faults.md 53). A page on the web that points its own name at 127.0.0.1 still sends that name.
//!
//! Pure, and asked before anything is dialed.

use std::net::IpAddr;

use http::{HeaderMap, Version, header, request::Parts, uri::Authority};
use url::{Host, Url};

/// What one reverse port accepts.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    port: u16,
    /// `name` or `name:port`.
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Guard {
    /// A guard of our port; hosts are `NAME` (any port) or `NAME:PORT`, origins `SCHEME://HOST[:PORT]`.
    pub(crate) fn new(port: u16, allow_hosts: &[String], allow_origins: &[String]) -> Self {
        Self { port, hosts: allow_hosts.to_vec(), origins: allow_origins.to_vec() }
    }

    /// Whether the request may be forwarded.
    ///
    /// # Errors
    ///
    /// The sentence for a 403's body, with the flag that would let it pass.
    pub(crate) fn check(&self, parts: &Parts) -> Result<(), String> {
        self.check_host(parts)?;
        parts.headers.get_all(header::ORIGIN).iter().try_for_each(|origin| {
            let text = String::from_utf8_lossy(origin.as_bytes());
            if self.allows_origin(text.trim()) {
                return Ok(());
            }
            Err(format!(
                "wiretape refused the Origin {text:?}: this reverse port answers pages of this \
                 machine only\nhint: --allow-origin ORIGIN lets it pass"
            ))
        })
    }

    fn check_host(&self, parts: &Parts) -> Result<(), String> {
        let Some(named) = named_authority(parts)? else { return Ok(()) };
        if self.allows_host(&named) {
            return Ok(());
        }
        Err(format!(
            "wiretape refused the Host {:?}: this reverse port is localhost:{}\n\
             hint: --allow-host NAME lets it pass",
            named.as_str(),
            self.port
        ))
    }

    fn allows_host(&self, named: &Authority) -> bool {
        let (name, port) = (named.host(), named.port_u16());
        let is_portless = matches!(named.as_str().strip_prefix(name), Some("" | ":"));
        let is_own = is_loopback(name) && (is_portless || port == Some(self.port));
        is_own
            || self.hosts.iter().any(|allowed| {
                allowed.eq_ignore_ascii_case(name) || allowed.eq_ignore_ascii_case(named.as_str())
            })
    }

    /// An opaque origin (`null`) is anybody's: a sandboxed frame, a file. It passes by name only.
    fn allows_origin(&self, origin: &str) -> bool {
        let is_allowed = self
            .origins
            .iter()
            .any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin));
        is_allowed
            || Url::parse(origin).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.host().is_some_and(|host| is_loopback_host(&host))
            })
    }
}

/// The authority the client meant: of the target where it has one (absolute form, HTTP/2), else
/// `Host`. None for HTTP/1.0 without either, which no browser sends.
///
/// # Errors
///
/// Says what is wrong with `Host`.
pub(crate) fn named_authority(parts: &Parts) -> Result<Option<Authority>, String> {
    let named = match parts.uri.authority() {
        Some(authority) => Some(authority.clone()),
        None => host_field(&parts.headers)?,
    };
    match named {
        Some(named) if named.as_str().contains('@') => {
            Err("wiretape refused the request: its Host holds a user name".to_owned())
        }
        None if parts.version > Version::HTTP_10 => {
            Err("wiretape refused the request: it has no Host".to_owned())
        }
        named => Ok(named),
    }
}

fn host_field(headers: &HeaderMap) -> Result<Option<Authority>, String> {
    let mut fields = headers.get_all(header::HOST).iter();
    let Some(host) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err("wiretape refused the request: it has two Host fields".to_owned());
    }
    Authority::try_from(host.as_bytes())
        .map(Some)
        .map_err(|_| format!("wiretape refused the request: {host:?} is no Host"))
}

/// Whether a host, as in an authority, is this machine by its name alone. Browsers never ask DNS for
/// `*.localhost` (RFC 6761 §6.3).
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => is_localhost(bare),
    }
}

fn is_loopback_host(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_localhost(name),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).to_canonical().is_loopback(),
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests;
