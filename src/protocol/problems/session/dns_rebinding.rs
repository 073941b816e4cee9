//! A server on loopback serves a request that names a foreign host: what DNS rebinding looks like.

use url::{Host, Url};

use super::{
    Check, Finding, Findings, Look, Severity,
    view::{quote, succeeded},
};
use crate::protocol::story::{Story, Told};

pub(super) static RULE: Check = Check {
    id: "dns-rebinding",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports, security warning",
    look: Look::One(look),
};

/// Only what the server served: one that refuses a foreign host does what it should.
fn look(story: &Story, found: &mut Findings<'_>) {
    let mut reported: Vec<String> = Vec::new();
    for told in story.exchanges.iter().filter(|told| succeeded(told)) {
        let Some(foreign) = foreign(told).filter(|foreign| !reported.contains(foreign)) else {
            continue;
        };
        found.report(Finding {
            exchange: Some(told.id()),
            text: "a server on this machine served a request for a foreign host".to_owned(),
            evidence: format!("{foreign} for {}", told.reading.summary.origin),
            remedy: "check `Host` and `Origin` in the server and answer 403: any web page could \
                     reach it by DNS rebinding"
                .to_owned(),
            ..Finding::default()
        });
        reported.push(foreign);
    }
}

fn foreign(told: &Told) -> Option<String> {
    let upstream = Url::parse(&told.open.url).ok()?;
    if !is_loopback(&upstream) {
        return None;
    }
    let header = |name: &str| told.open.headers.text(name);
    let host = header("host").filter(|host| {
        Url::parse(&format!("http://{host}/")).is_ok_and(|host| !is_loopback(&host))
    });
    let origin = header("origin").filter(|origin| {
        // Extensions and editors have schemes of their own, which no web page can have.
        Url::parse(origin)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && !is_loopback(&url))
    });
    match (host, origin) {
        (Some(host), _) => Some(format!("Host {}", quote(host))),
        (None, Some(origin)) => Some(format!("Origin {}", quote(origin))),
        (None, None) => None,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}
