//! Reaches an upstream by TCP, straight or through an upstream HTTP proxy.
//!
//! No TLS here, and nothing of HTTP but the `CONNECT` of the upstream proxy. Every failure says whose
//! it is and what helps (faults.md 51, 52).

mod error;
mod lookup;
mod tunnel;
mod upstream_proxy;

use std::{net::SocketAddr, time::Duration};

use http::{Uri, uri::Authority};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tower_service::Service;

pub use error::DialError;
use lookup::Lookup;
use upstream_proxy::ProxyServer;
pub(crate) use upstream_proxy::UpstreamProxy;

/// From the name's lookup to the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an upstream proxy may take to answer `CONNECT`: it dials, too.
const TUNNEL_TIMEOUT: Duration = Duration::from_secs(30);

/// Dials. Clones share nothing but settings.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    tcp: HttpConnector<Lookup>,
    /// For lookup and connect together.
    within: Duration,
    upstream_proxy: UpstreamProxy,
}

/// A connection to an upstream, or through an upstream proxy to one.
#[derive(Debug)]
pub(crate) struct Dialed {
    /// The connection; `TCP_NODELAY` is set, nothing of the upstream's has been read.
    pub stream: TcpStream,
    /// Whom we are connected to: the upstream or the upstream proxy.
    pub peer: SocketAddr,
    /// Microseconds for lookup, connect and the upstream proxy's answer.
    pub connect_us: u64,
}

impl Dialer {
    /// A dialer that asks the system for addresses.
    pub(crate) fn new(upstream_proxy: UpstreamProxy) -> Self {
        Self::with_lookup(upstream_proxy, Lookup::system(), CONNECT_TIMEOUT)
    }

    /// A dialer that is told addresses: the seam for tests.
    fn with_lookup(upstream_proxy: UpstreamProxy, lookup: Lookup, within: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(lookup);
        tcp.enforce_http(false);
        // Both sides: Nagle against delayed ACK costs a stream 40 ms an event (crates.md 2.2).
        tcp.set_nodelay(true);
        // Shared out among the addresses of one family, so that a dead first one leaves time.
        tcp.set_connect_timeout(Some(within));
        Self { tcp, within, upstream_proxy }
    }

    /// Connects to a host: a name or an address, IPv6 with or without brackets. `tls` says what is
    /// meant to follow; the environment has one proxy for each.
    ///
    /// # Errors
    ///
    /// Lookup, connect, or the upstream proxy failed.
    pub(crate) async fn tcp(&self, host: &str, port: u16, tls: bool) -> Result<Dialed, DialError> {
        let start = Instant::now();
        let target = authority(host, port)?;
        let stream = match self.upstream_proxy.server_for(&target, tls)? {
            None => self.connect(&target).await?,
            Some(server) => self.through(&server, &target).await?,
        };
        let peer = stream.peer_addr().map_err(|error| DialError::io(&target, &error))?;
        let connect_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(Dialed { stream, peer, connect_us })
    }

    async fn connect(&self, target: &Authority) -> Result<TcpStream, DialError> {
        let uri = Uri::builder()
            .scheme("http")
            .authority(target.clone())
            .path_and_query("/")
            .build()
            .map_err(|_| DialError::no_host(target.as_str()))?;
        match timeout(self.within, self.tcp.clone().call(uri)).await {
            Ok(Ok(io)) => Ok(io.into_inner()),
            Ok(Err(error)) => Err(DialError::connect(target, &error)),
            Err(_) => Err(DialError::silent(target, self.within)),
        }
    }

    async fn through(
        &self,
        server: &ProxyServer,
        target: &Authority,
    ) -> Result<TcpStream, DialError> {
        let mut stream =
            self.connect(&server.authority).await.map_err(DialError::of_upstream_proxy)?;
        let tunnel = tunnel::open(&mut stream, target, server.authorization.as_ref());
        match timeout(TUNNEL_TIMEOUT, tunnel).await {
            Ok(Ok(())) => Ok(stream),
            Ok(Err(error)) => Err(error.about(&server.authority, target)),
            Err(_) => Err(DialError::of_upstream_proxy(DialError::silent(
                &server.authority,
                TUNNEL_TIMEOUT,
            ))),
        }
    }
}

/// `host:port`, an IPv6 address bracketed (faults.md 52). Also what keeps line ends out of `CONNECT`.
fn authority(host: &str, port: u16) -> Result<Authority, DialError> {
    let text = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    match Authority::try_from(text.as_str()) {
        Ok(authority) if !authority.host().is_empty() && !text.contains('@') => Ok(authority),
        _ => Err(DialError::no_host(&text)),
    }
}

#[cfg(test)]
mod tests;
