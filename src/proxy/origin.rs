//! Where a request goes: scheme, host and port.

use http::{Uri, uri::Authority};

/// One origin. Only http and https exist here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) tls: bool,
    /// Lower case, IPv6 without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    /// The origin of an absolute-form target; none for other schemes or without a host.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let tls = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority()?;
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Self::new(tls, authority.host(), port)
    }

    /// The origin that a CONNECT names, which has to name its port.
    pub(super) fn connect(authority: &Authority) -> Option<Self> {
        Self::new(false, authority.host(), authority.port_u16()?)
    }

    pub(super) fn new(tls: bool, host: &str, port: u16) -> Option<Self> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        (!host.is_empty() && port != 0).then_some(Self { tls, host, port })
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// Host and port, always both; IPv6 in brackets.
    pub(super) fn host_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The authority as it stands in a URL: without the scheme's own port.
    pub(super) fn authority(&self) -> String {
        let mut authority = self.host_port();
        if self.port == if self.tls { 443 } else { 80 } {
            let end = authority.rfind(':').unwrap_or(authority.len());
            authority.truncate(end);
        }
        authority
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_of_targets() {
        for (target, expected) in [
            ("http://a.example/x", Some((false, "a.example", 80, "a.example"))),
            ("https://A.example:8443/", Some((true, "a.example", 8443, "a.example:8443"))),
            ("https://[::1]:443/", Some((true, "::1", 443, "[::1]"))),
            ("http://u:p@h:81/", Some((false, "h", 81, "h:81"))),
            ("ftp://h/", None),
            ("/path", None),
            ("*", None),
        ] {
            let origin = Origin::of(&target.parse().expect("a target"));
            let seen = origin.as_ref().map(|o| (o.tls, o.host.as_str(), o.port, o.authority()));
            assert_eq!(seen, expected.map(|(t, h, p, a)| (t, h, p, a.to_owned())), "{target}");
        }
    }
}
