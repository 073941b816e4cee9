//! The listeners: build checks, bind takes the ports, serve accepts.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, time::sleep};
use url::Url;

use super::{
    ListenerSettings, ProxyError, Shared, Trust,
    connection::accepted,
    dial::{Dialer, UpstreamProxy},
    failures::Failures,
    guard::Guard,
    link::{Dialing, Way},
    origin::Origin,
    own::{Own, OwnPorts, Target},
    rewrite::Reverse,
    rules::Rules,
};
use crate::{
    capture::Fact,
    clock,
    tap::{Label, Tap},
    tasks::Tasks,
    tls::{UpstreamSettings, UpstreamTls},
};

/// How long accepting pauses when the system gives no more sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections the system keeps for us until they are accepted.
const BACKLOG: u32 = 1024;

/// One group of listeners, checked and not yet bound.
pub struct Proxy {
    shared: Arc<Shared>,
    listen: Option<SocketAddr>,
    targets: Vec<(SocketAddr, String, Url)>,
    keep_host: bool,
    allow_hosts: Vec<String>,
    allow_origins: Vec<String>,
}

impl Proxy {
    /// Checks what the listeners are told and reads the files it names. Starts nothing.
    ///
    /// # Errors
    ///
    /// A target that is no http or https origin, files that hold no certificates, an upstream proxy
    /// that cannot be one.
    pub fn build(
        settings: &ListenerSettings,
        trust: &Trust,
        own: &OwnPorts,
        tap: Tap,
        tasks: Tasks,
    ) -> Result<Self, ProxyError> {
        let targets = settings
            .targets
            .iter()
            .map(|(listen, text)| Ok((*listen, text.clone(), target_url(text)?)))
            .collect::<Result<_, ProxyError>>()?;
        let label = Label {
            run: settings.run.clone(),
            name: settings.name.clone(),
            keep_all: settings.keep_all,
        };
        let dialing = Arc::new(dialing(settings, own)?);
        let shared = Shared {
            tap,
            tasks,
            own: own.clone(),
            rules: Rules::new(&settings.intercept, &settings.tunnel),
            failures: Failures::default(),
            dialing,
            authority: Arc::clone(&trust.authority),
            leaves: Arc::clone(&trust.leaves),
            label: Arc::new(label),
        };
        Ok(Self {
            shared: Arc::new(shared),
            listen: settings.listen,
            targets,
            keep_host: settings.keep_host,
            allow_hosts: settings.allow_hosts.clone(),
            allow_origins: settings.allow_origins.clone(),
        })
    }

    /// Takes the ports. They accept, but nothing is answered before [`Bound::serve`].
    ///
    /// # Errors
    ///
    /// A port that is in use or not ours to take, an address that this machine does not have.
    #[expect(clippy::unused_async, reason = "a socket registers with the runtime it is bound on")]
    pub async fn bind(self) -> Result<Bound, ProxyError> {
        let mut ports = Vec::new();
        let mut forward = None;
        if let Some(listen) = self.listen {
            let (listener, addr) = bind(listen)?;
            forward = Some(addr);
            ports.push(self.port(listener, addr, Own::Forward, Way::Forward));
        }
        let mut targets = Vec::new();
        for (listen, text, url) in &self.targets {
            let (listener, addr) = bind(*listen)?;
            let target = Arc::new(self.target(url, addr)?);
            ports.push(self.port(
                listener,
                addr,
                Own::Target(Arc::clone(&target)),
                Way::Reverse(target),
            ));
            let client_path = if url.path() == "/" { "/mcp" } else { url.path() }.to_owned();
            targets.push(BoundTarget { target: text.clone(), addr, client_path });
        }
        Ok(Bound { forward, targets, ports, shared: self.shared })
    }

    fn port(&self, listener: TcpListener, addr: SocketAddr, own: Own, way: Way) -> Port {
        self.shared.own.add(addr.ip(), addr.port(), own);
        Port { listener, way, _entry: Entry { own: self.shared.own.clone(), port: addr.port() } }
    }

    fn target(&self, url: &Url, addr: SocketAddr) -> Result<Target, ProxyError> {
        let own = format!("http://{addr}");
        let label = Label { keep_all: true, ..(*self.shared.label).clone() };
        Ok(Target {
            origin: target_origin(url)?,
            rewrite: Arc::new(Reverse::new(url, &own, self.keep_host)),
            keep_host: self.keep_host,
            authority: addr.to_string(),
            guard: Guard::new(addr.port(), &self.allow_hosts, &self.allow_origins),
            dialing: Arc::clone(&self.shared.dialing),
            label: Arc::new(label),
        })
    }
}

/// Listeners that hold their ports.
pub struct Bound {
    /// The forward proxy's address, port resolved.
    pub forward: Option<SocketAddr>,
    /// The reverse proxies, in the order of the settings.
    pub targets: Vec<BoundTarget>,
    ports: Vec<Port>,
    shared: Arc<Shared>,
}

/// A reverse proxy that holds its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundTarget {
    /// The target as it was given.
    pub target: String,
    /// Where clients reach it, port resolved.
    pub addr: SocketAddr,
    /// The path for clients: the target's, `/mcp` without one.
    pub client_path: String,
}

impl Bound {
    /// Accepts connections until the tasks stop. Each is a task of its own; streams go on until
    /// they end or the tasks are aborted.
    pub fn serve(self) {
        let Self { ports, shared, .. } = self;
        for port in ports {
            let proxy = Arc::clone(&shared);
            shared.tasks.spawn(accept(proxy, port));
        }
    }
}

struct Port {
    listener: TcpListener,
    way: Way,
    _entry: Entry,
}

/// A line in the list of our own ports, as long as the port is ours.
struct Entry {
    own: OwnPorts,
    port: u16,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.own.remove(self.port);
    }
}

async fn accept(proxy: Arc<Shared>, port: Port) {
    let mut short = false;
    loop {
        let accepted_one = tokio::select! {
            biased;
            () = proxy.tasks.stopped() => return,
            accepted_one = port.listener.accept() => accepted_one,
        };
        match accepted_one {
            Ok((stream, client)) => {
                short = false;
                tracing::debug!(%client, "connection accepted");
                let one = accepted(Arc::clone(&proxy), stream, client, port.way.clone());
                let counted = proxy.own.count();
                proxy.tasks.spawn(async move {
                    one.await;
                    drop(counted);
                });
            }
            // One connection that died in the queue says nothing about the next.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if !short {
                    tell_shortage(&proxy, &error);
                }
                short = true;
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn tell_shortage(proxy: &Shared, error: &io::Error) {
    tracing::warn!(%error, "no more connections are accepted for now");
    let text = format!(
        "no more connections are accepted for now: {error}; \
         hint: raise the limit of open files (ulimit -n) or close clients"
    );
    proxy.tap.send(None, clock::now(), Fact::Note { text });
}

fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), ProxyError> {
    let failed = |source: io::Error| ProxyError::bind(addr, source);
    let socket = if addr.is_ipv4() {
        tokio::net::TcpSocket::new_v4()
    } else {
        tokio::net::TcpSocket::new_v6()
    }
    .map_err(failed)?;
    if cfg!(unix) {
        // A port whose last connections are still in TIME_WAIT is free.
        socket.set_reuseaddr(true).map_err(failed)?;
    }
    socket.bind(addr).map_err(failed)?;
    let listener = socket.listen(BACKLOG).map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    Ok((listener, addr))
}

fn dialing(settings: &ListenerSettings, own: &OwnPorts) -> Result<Dialing, ProxyError> {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let is_own = |host: &str, port: u16| own.find(host, port, loopback).is_some();
    let upstream_proxy = match &settings.upstream_proxy {
        None => UpstreamProxy::None,
        Some(text) => UpstreamProxy::parse(text, &is_own)
            .map_err(|error| ProxyError::UpstreamProxy(error.to_string()))?,
    };
    let tls = UpstreamTls::new(&UpstreamSettings {
        extra_roots: settings.upstream_ca.clone(),
        insecure_hosts: settings.insecure_hosts.clone(),
        client_cert: settings.client_cert.clone(),
    })?;
    Ok(Dialing { dialer: Dialer::new(upstream_proxy), tls })
}

fn target_url(text: &str) -> Result<Url, ProxyError> {
    let url = Url::parse(text).map_err(|error| ProxyError::Target {
        target: text.to_owned(),
        reason: error.to_string(),
    })?;
    target_origin(&url)?;
    Ok(url)
}

fn target_origin(url: &Url) -> Result<Origin, ProxyError> {
    let bad =
        |reason: &str| ProxyError::Target { target: url.to_string(), reason: reason.to_owned() };
    let tls = match url.scheme() {
        "http" => false,
        "https" => true,
        _ => return Err(bad("only http and https are spoken")),
    };
    let host = url.host_str().ok_or_else(|| bad("it names no host"))?;
    let port = url.port_or_known_default().unwrap_or(0);
    Origin::new(tls, host, port).ok_or_else(|| bad("it names no host and port"))
}
