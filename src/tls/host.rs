//! Host names as certificates and handshakes need them. Pure.

use std::{fmt, net::IpAddr};

use rustls::pki_types::ServerName;

/// A host a certificate can name: lower case and ASCII, without brackets and trailing dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host {
    /// A DNS name; international names in punycode.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

/// Text that names no host.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is not a host name or an IP address", .0.escape_debug())]
pub struct BadHost(String);

impl Host {
    /// Reads `example.com`, `example.com.`, `127.0.0.1`, `::1` or `[::1]`, but no port.
    pub(super) fn parse(text: &str) -> Result<Self, BadHost> {
        let bad = || BadHost(text.to_owned());
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self::Ip(ip));
        }
        match url::Host::parse(bare).map_err(|_| bad())? {
            url::Host::Ipv4(ip) => Ok(Self::Ip(ip.into())),
            url::Host::Ipv6(ip) => Ok(Self::Ip(ip.into())),
            // The URL standard leaves the lengths of labels and names open; TLS does not.
            url::Host::Domain(name) => {
                // One dot ends a full name, in any script's spelling; rustls would let that of a second one
                // pass.
                let name = name.strip_suffix('.').unwrap_or(&name);
                match ServerName::try_from(name) {
                    Ok(ServerName::DnsName(_)) if !name.ends_with('.') => {
                        Ok(Self::Dns(name.to_owned()))
                    }
                    _ => Err(bad()),
                }
            }
        }
    }

    /// The same as rustls names it.
    pub(super) fn server_name(&self) -> ServerName<'static> {
        match self {
            Self::Ip(ip) => ServerName::IpAddress((*ip).into()),
            Self::Dns(name) => ServerName::try_from(name.clone())
                .expect("`parse` lets only names pass that rustls takes"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_a_host_is_one_host() {
        for (text, host) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com.", "example.com"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("[2001:DB8::0:1]", "2001:db8::1"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("my_host.example", "my_host.example"),
            ("localhost", "localhost"),
            ("bücher。example。", "xn--bcher-kva.example"),
        ] {
            let parsed = Host::parse(text).expect(text);
            assert_eq!(parsed.to_string(), host);
            assert_eq!(matches!(parsed, Host::Ip(_)), host.parse::<IpAddr>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_names_no_host_is_refused() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = "a.".repeat(127) + "example";
        for text in [
            "",
            ".",
            "a b",
            "a/b",
            "a:80",
            "[::1",
            "a..b",
            "a..",
            "a.。",
            "\0",
            &long_label,
            &long_name,
        ] {
            assert!(Host::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_host_that_reads_back_or_an_error(text in "\\PC{0,80}") {
            if let Ok(host) = Host::parse(&text) {
                let _ = host.server_name();
                prop_assert_eq!(Host::parse(&host.to_string()).expect("our own text"), host);
            }
        }
    }
}
