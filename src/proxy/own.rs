//! Our own ports: the page on them, and requests through the proxy that lead back to them.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{Method, Response, StatusCode, request};
use url::Url;

use super::{
    answer::Answer,
    guard::{Guard, named_authority},
    link::{Dialing, Link},
    origin::Origin,
    refusal::{Refusal, page},
    rewrite::Reverse,
};
use crate::tap::Label;

/// What a reverse port leads to.
pub(super) struct Target {
    pub(super) origin: Origin,
    /// Send the client's authority on rather than the target's.
    pub(super) keep_host: bool,
    /// The authority that our own URLs name.
    pub(super) authority: String,
    pub(super) rewrite: Arc<Reverse>,
    pub(super) guard: Guard,
    pub(super) dialing: Arc<Dialing>,
    pub(super) label: Arc<Label>,
}

impl Target {
    /// The rewriting for this client, by the name it has for us.
    pub(super) fn rewrite_for(&self, parts: &request::Parts) -> Arc<Reverse> {
        match named_authority(parts) {
            Ok(Some(named)) if named.as_str() != self.authority => {
                Arc::new(self.rewrite.named(&named))
            }
            _ => Arc::clone(&self.rewrite),
        }
    }
}

/// One of our ports.
#[derive(Clone)]
pub(super) enum Own {
    Forward,
    Target(Arc<Target>),
}

/// Which ports of this process are ours, and what each is. Clones are the same list; every
/// [`super::Proxy`] of the process shares it, so that no request runs in a circle.
#[derive(Clone, Default)]
pub struct OwnPorts(Arc<RwLock<HashMap<u16, (IpAddr, Own)>>>, Arc<AtomicU64>);

/// A client's connection to one of our ports, counted as long as this is held.
pub(super) struct Counted(Arc<AtomicU64>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl OwnPorts {
    /// Clients' connections that are open now.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.1.load(Ordering::Relaxed)
    }

    /// One more.
    pub(super) fn count(&self) -> Counted {
        self.1.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(&self.1))
    }

    pub(super) fn add(&self, ip: IpAddr, port: u16, own: Own) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(port, (ip, own));
    }

    pub(super) fn remove(&self, port: u16) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&port);
    }

    /// What host and port are, if they are ours. `local` is the address at which the client reached
    /// us, which is ours too.
    pub(super) fn find(&self, host: &str, port: u16, local: IpAddr) -> Option<Own> {
        let ports = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (ip, own) = ports.get(&port)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let named: Option<IpAddr> = host.parse().ok();
        let local_name = host.eq_ignore_ascii_case("localhost")
            || host.to_ascii_lowercase().ends_with(".localhost");
        let here = match named {
            Some(named) => {
                named == *ip
                    || (ip.is_unspecified()
                        && (named.is_loopback() || named.is_unspecified() || named == local))
            }
            None => local_name && (ip.is_loopback() || ip.is_unspecified()),
        };
        here.then(|| own.clone())
    }

    /// Whether a URL's authority is one of our ports, reached over loopback.
    #[must_use]
    pub fn contains(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return false;
        };
        self.find(host, port, IpAddr::from([127, 0, 0, 1])).is_some()
    }
}

/// Answers a request to our own authority.
pub(super) fn answer(link: &Link, parts: &request::Parts) -> Response<Answer> {
    let local = link.local;
    if parts.method != Method::GET && parts.method != Method::HEAD {
        let remedy = format!("GET http://{local}/ says what this is");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let reason = "this is wiretape itself, which only gives out its page";
        return Refusal::new(status, local.to_string(), reason, remedy).answer();
    }
    match parts.uri.path() {
        "/" => page(StatusCode::OK, "text/html; charset=utf-8", about(&local.to_string())),
        "/ca.pem" => {
            let pem = link.proxy.authority.cert_pem().to_owned();
            page(StatusCode::OK, "application/x-pem-file", pem)
        }
        "/proxy.pac" => {
            let script = format!(
                "function FindProxyForURL(url, host) {{ return \"PROXY {local}; DIRECT\"; }}\n"
            );
            page(StatusCode::OK, "application/x-ns-proxy-autoconfig", script)
        }
        path => {
            let reason = format!("wiretape has no page {path}");
            let remedy = "there are /, /ca.pem and /proxy.pac";
            Refusal::new(StatusCode::NOT_FOUND, local.to_string(), reason, remedy).answer()
        }
    }
}

fn about(authority: &str) -> String {
    format!(
        "<!doctype html><meta charset=utf-8><title>wiretape</title>\n\
         <h1>wiretape</h1>\n\
         <p>This is a recording proxy for MCP traffic. Set <code>http://{authority}</code> as a \
         client's HTTP and HTTPS proxy, and what passes is recorded on this machine.\n\
         <ul><li><a href=/ca.pem>ca.pem</a>: the certificate of its authority, which clients have \
         to trust for HTTPS\n\
         <li><a href=/proxy.pac>proxy.pac</a>: the proxy's automatic configuration</ul>\n"
    )
}
