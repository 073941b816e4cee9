//! One client connection: where its requests go, and the upstream connection they share.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::StatusCode;
use tokio::time::timeout;

use super::{
    Shared,
    dial::{Dialed, Dialer},
    origin::Origin,
    own::Target,
    refusal::Refusal,
    socket::Pulse,
    upstream::{Fresh, Sender, Upstream},
};
use crate::{
    capture::{Tls, TlsSide},
    clock,
    tls::{Blame, UpstreamTls},
};

/// How long a TLS handshake may take, on either side.
pub(super) const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);

/// How connections to upstreams are made.
pub(super) struct Dialing {
    pub(super) dialer: Dialer,
    pub(super) tls: UpstreamTls,
}

/// Where the requests of a connection go.
#[derive(Clone)]
pub(super) enum Way {
    /// Each names its own origin.
    Forward,
    /// All go where the CONNECT named.
    Inside(Arc<Origin>),
    /// All go to a target.
    Reverse(Arc<Target>),
    /// None arrives: the upstream's TLS handshake failed.
    Doomed(Arc<Origin>, Arc<Blame>),
}

/// One client connection, or what is inside its CONNECT.
pub(super) struct Link {
    pub(super) proxy: Arc<Shared>,
    pub(super) client: SocketAddr,
    /// The same as text: every exchange tells it.
    pub(super) client_text: Arc<str>,
    /// Our end of the client's connection.
    pub(super) local: SocketAddr,
    pub(super) way: Way,
    /// Whether the client speaks HTTP/2 here.
    pub(super) http2: bool,
    pub(super) pulse: Arc<Pulse>,
    /// The handshake with the client, until the first exchange has told.
    client_tls: Mutex<Option<Tls>>,
    slot: Mutex<Option<(Origin, Upstream)>>,
    /// HTTP/2 streams that begin together share a connection: one dials, the others wait.
    turn: tokio::sync::Mutex<()>,
}

impl Link {
    pub(super) fn new(
        proxy: Arc<Shared>,
        (client, local): (SocketAddr, SocketAddr),
        way: Way,
        http2: bool,
        pulse: Arc<Pulse>,
    ) -> Self {
        let (client_tls, slot, turn) = Default::default();
        let client_text = client.to_string().into();
        Self { proxy, client, client_text, local, way, http2, pulse, client_tls, slot, turn }
    }

    /// The same with a connection made already and the facts of the client's handshake.
    pub(super) fn with(self, upstream: Option<(Origin, Upstream)>, client: Option<Tls>) -> Self {
        Self { client_tls: Mutex::new(client), slot: Mutex::new(upstream), ..self }
    }

    pub(super) fn take_client_tls(&self) -> Option<Tls> {
        self.client_tls.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The way to an origin: the connection that is there, or a new one.
    pub(super) async fn upstream(
        &self,
        origin: &Origin,
        dialing: &Dialing,
    ) -> Result<Upstream, Refusal> {
        if let Some(upstream) = self.open(origin).await {
            return Ok(upstream);
        }
        let _one = self.turn.lock().await;
        if let Some(upstream) = self.open(origin).await {
            return Ok(upstream);
        }
        let mut upstream = dial(self, origin, dialing).await?;
        if let Some(sender) = upstream.sender.share() {
            let fresh = upstream.fresh.take();
            let shared = Upstream { sender, peer: Arc::clone(&upstream.peer), fresh };
            self.give_back(origin.clone(), upstream);
            return Ok(shared);
        }
        Ok(upstream)
    }

    /// Keeps a connection for the next request. On HTTP/1 that waits there until the body of this
    /// one is through, so streams of an HTTP/2 client do not share one.
    pub(super) fn give_back(&self, origin: Origin, upstream: Upstream) {
        if upstream.sender.is_http2() || !self.http2 {
            let place = Some((origin, upstream));
            *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = place;
        }
    }

    async fn open(&self, origin: &Origin) -> Option<Upstream> {
        let mut upstream = self.take(origin)?;
        upstream.sender.ready().await.then_some(upstream)
    }

    /// Takes what is in the slot, leaving there what can be shared.
    fn take(&self, origin: &Origin) -> Option<Upstream> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        let (there, mut upstream) = slot.take()?;
        if there != *origin {
            return None;
        }
        if let Some(sender) = upstream.sender.share() {
            let fresh = upstream.fresh.take();
            let shared = Upstream { sender, peer: Arc::clone(&upstream.peer), fresh };
            let closed = matches!(&upstream.sender, Sender::H2(sender) if sender.is_closed());
            if !closed {
                *slot = Some((there, upstream));
            }
            return Some(shared);
        }
        Some(upstream)
    }
}

async fn dial(link: &Link, origin: &Origin, dialing: &Dialing) -> Result<Upstream, Refusal> {
    let dialed = dialing
        .dialer
        .tcp(&origin.host, origin.port, origin.tls)
        .await
        .map_err(|error| Refusal::unreachable(origin.host_port(), error))?;
    if origin.tls {
        let offered: &[&[u8]] = if link.http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        let offered: Vec<Vec<u8>> = offered.iter().map(|name| name.to_vec()).collect();
        return match secure(link, origin, &origin.host, &offered, dialing, dialed).await {
            Ok((upstream, _)) => Ok(upstream),
            Err(blame) => Err(Refusal::new(
                StatusCode::BAD_GATEWAY,
                origin.host_port(),
                blame.reason,
                blame.remedy,
            )),
        };
    }
    plain(link, link.http2, dialed).await.map_err(|error| {
        Refusal::new(StatusCode::BAD_GATEWAY, origin.host_port(), error.to_string(), "")
    })
}

/// Speaks HTTP on a connection as it is.
pub(super) async fn plain(link: &Link, http2: bool, dialed: Dialed) -> std::io::Result<Upstream> {
    let Dialed { stream, peer, connect_us } = dialed;
    tracing::debug!(client = %link.client, %peer, connect_us, http2, "upstream connected");
    let sender = if http2 {
        Sender::http2(stream, &link.proxy.tasks).await?
    } else {
        Sender::http1(stream, &link.proxy.tasks).await?
    };
    let fresh = Some(Box::new(Fresh { connect_us, tls_us: None, facts: None }));
    Ok(Upstream { sender, peer: peer.to_string().into(), fresh })
}

/// Speaks HTTP in TLS, and says which protocol the upstream chose. A failure is told.
pub(super) async fn secure(
    link: &Link,
    origin: &Origin,
    server_name: &str,
    offered: &[Vec<u8>],
    dialing: &Dialing,
    dialed: Dialed,
) -> Result<(Upstream, Option<Vec<u8>>), Blame> {
    let Dialed { stream, peer, connect_us } = dialed;
    let begun = clock::now();
    let connect = dialing.tls.connect(server_name, offered, stream);
    let connected = match timeout(HANDSHAKE_PATIENCE, connect).await {
        Ok(connected) => connected,
        Err(_) => Err(Blame {
            reason: "the TLS handshake took longer than 10 s".to_owned(),
            remedy: "see whether this port speaks TLS".to_owned(),
            distrust: false,
        }),
    };
    let connected = connected.inspect_err(|blame| {
        let (failures, tap) = (&link.proxy.failures, &link.proxy.tap);
        failures.tell(tap, TlsSide::Upstream, origin.host_port(), blame);
    })?;
    let tls_us = Some(clock::now().micros_since(begun));
    let http2 = connected.alpn.as_deref() == Some(b"h2");
    tracing::debug!(client = %link.client, %peer, connect_us, tls_us, http2, "upstream connected");
    let sender = if http2 {
        Sender::http2(connected.stream, &link.proxy.tasks).await
    } else {
        Sender::http1(connected.stream, &link.proxy.tasks).await
    };
    let sender = sender.map_err(|error| Blame {
        reason: error.to_string(),
        remedy: String::new(),
        distrust: false,
    })?;
    let fresh = Some(Box::new(Fresh { connect_us, tls_us, facts: Some(connected.facts) }));
    Ok((Upstream { sender, peer: peer.to_string().into(), fresh }, connected.alpn))
}
