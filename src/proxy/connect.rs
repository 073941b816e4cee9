//! CONNECT: dial first, then let the client's first bytes decide (design.md, CONNECT).

use std::{io, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

use super::{
    answer::Answer,
    connection::serve_inside,
    dial::Dialed,
    ending::Exchange,
    link::{HANDSHAKE_PATIENCE, Link, Way, plain, secure},
    origin::Origin,
    own::{Own, Target},
    refusal::Refusal,
    sniff::{FIRST_READ, Rewound, Speech, speech},
    tunnel::{Passage, blind},
    wire::Heads,
};
use crate::{
    capture::{Mode, Outcome, TlsSide},
    clock,
    tap::{Opening, WireRequest},
    tls::{self, Blame},
};

/// How long bytes that may become HTTP may stay undecided; then they are tunneled.
const UNDECIDED_PATIENCE: Duration = Duration::from_secs(1);

/// What a CONNECT leads to.
enum Leads {
    Upstream(Dialed),
    /// One of our own reverse ports: nothing is dialed.
    Target(Arc<Target>),
}

/// Answers a CONNECT, after which its tunnel runs as a task of its own.
pub(super) async fn connect(
    link: Arc<Link>,
    mut request: Request<Incoming>,
    heads: Option<Heads>,
    head: Option<Bytes>,
) -> Response<Answer> {
    let named = request.uri().authority().and_then(Origin::connect);
    let Some(origin) = named else {
        let remedy = "CONNECT names host and port";
        let what = request.uri().to_string();
        return Refusal::malformed(&what, "this is no host with a port", remedy).answer();
    };
    if !link.proxy.tap.is_open() {
        return Refusal::unrecorded(origin.host_port()).answer();
    }
    let leads = match lead(&link, &origin).await {
        Ok(leads) => leads,
        Err(refusal) => {
            record(&link, &request, &origin, head, &refusal).await;
            return refusal.answer();
        }
    };
    if let Some(heads) = heads {
        heads.stop();
    }
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = link.proxy.tasks.clone();
    tasks.spawn(inside(link, origin, leads, upgrade));
    Response::new(Answer::empty())
}

async fn lead(link: &Link, origin: &Origin) -> Result<Leads, Refusal> {
    match link.proxy.own.find(&origin.host, origin.port, link.local.ip()) {
        Some(Own::Target(target)) => Ok(Leads::Target(target)),
        Some(Own::Forward) => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            origin.host_port(),
            "this is wiretape's own proxy port; a tunnel to it would run in a circle",
            "connect to the server itself",
        )),
        None => {
            let dialer = &link.proxy.dialing.dialer;
            let reached = dialer.tcp(&origin.host, origin.port, origin.port != 80).await;
            reached
                .map(Leads::Upstream)
                .map_err(|error| Refusal::unreachable(origin.host_port(), error))
        }
    }
}

/// Records a CONNECT that came to nothing, as an exchange of its own.
async fn record(
    link: &Arc<Link>,
    request: &Request<Incoming>,
    origin: &Origin,
    bytes: Option<Bytes>,
    refusal: &Refusal,
) {
    let at = clock::now();
    let (method, version) = (request.method().clone(), request.version());
    let origin = Origin { tls: origin.port != 80, ..origin.clone() };
    let opening = Opening {
        at,
        client: Arc::clone(&link.client_text),
        label: Arc::clone(&link.proxy.label),
        mode: Mode::Connect,
        url: format!("{}://{}/", origin.scheme(), origin.authority()),
        head: WireRequest { method, version, bytes, headers: request.headers().clone() },
    };
    let id = link.proxy.tap.open(opening).await;
    Exchange::new(Arc::clone(link), id, at).fault(Outcome::ProxyError, refusal.error());
}

/// What runs inside a CONNECT.
async fn inside(link: Arc<Link>, origin: Origin, leads: Leads, upgrade: OnUpgrade) {
    let Ok(client) = upgrade.await else { return };
    let client = TokioIo::new(client);
    let dialed = match leads {
        Leads::Upstream(dialed) => dialed,
        Leads::Target(target) => return own_target(&link, target, client).await,
    };
    if let Some(rule) = link.proxy.rules.tunneled(&origin.host) {
        let reason = format!("on the tunnel list ({rule})");
        return tunnel(&link, &origin, reason, client, dialed.stream).await;
    }
    let Ok((speech, client)) = first_words(client, &dialed.stream).await else { return };
    match speech {
        Speech::Tls => intercept(&link, origin, client, dialed).await,
        Speech::Http1 => in_the_clear(&link, origin, client, dialed, false).await,
        Speech::Http2 => in_the_clear(&link, origin, client, dialed, true).await,
        Speech::Other | Speech::Undecided => {
            let reason = "neither TLS nor HTTP".to_owned();
            tunnel(&link, &origin, reason, client, dialed.stream).await;
        }
    }
}

/// Reads what the client says first. An upstream that speaks before it makes this a tunnel.
async fn first_words<S>(mut client: S, upstream: &TcpStream) -> io::Result<(Speech, Rewound<S>)>
where
    S: AsyncRead + Unpin,
{
    let mut seen = BytesMut::with_capacity(FIRST_READ);
    let mut speaks = Speech::Undecided;
    let mut byte = [0];
    while speaks == Speech::Undecided {
        let patient = seen.is_empty();
        let more = async {
            if patient {
                return client.read_buf(&mut seen).await;
            }
            timeout(UNDECIDED_PATIENCE, client.read_buf(&mut seen)).await.unwrap_or(Ok(0))
        };
        tokio::select! {
            biased;
            read = more => if read? == 0 { break },
            // A byte, its end or its error: each is the upstream's word.
            _ = upstream.peek(&mut byte) => break,
        }
        speaks = speech(&seen);
    }
    Ok((speaks, Rewound::new(seen.freeze(), client)))
}

async fn tunnel<C>(link: &Link, origin: &Origin, reason: String, client: C, upstream: TcpStream)
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    tracing::debug!(client = %link.client, host = origin.host_port(), reason, "tunnelled");
    let passage = Passage::new(link.proxy.tap.clone(), origin.host_port(), reason);
    blind(passage, &link.pulse, client, upstream).await;
}

/// HTTP in the clear inside a CONNECT: Node sends one for http:// too.
async fn in_the_clear<C>(outer: &Link, origin: Origin, client: C, dialed: Dialed, http2: bool)
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ok(upstream) = plain(outer, http2, dialed).await else { return };
    tracing::debug!(client = %outer.client, host = origin.host_port(), "read in the clear");
    let way = Way::Inside(Arc::new(origin.clone()));
    let link = within(outer, way, http2).with(Some((origin, upstream)), None);
    serve_inside(client, Arc::new(link)).await;
}

/// A reverse port of our own, reached through ourselves.
async fn own_target<C>(outer: &Link, target: Arc<Target>, client: C)
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ok((client, http2)) = super::sniff::preface(client).await else { return };
    let link = within(outer, Way::Reverse(target), http2);
    serve_inside(client, Arc::new(link)).await;
}

/// TLS: the upstream's handshake first, so that the client gets what the upstream chose and a
/// failure can still be told as an answer.
async fn intercept<C>(outer: &Link, origin: Origin, client: C, dialed: Dialed)
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let origin = Origin { tls: true, ..origin };
    let hello = match timeout(HANDSHAKE_PATIENCE, tls::read_hello(client)).await {
        Ok(Ok(hello)) => hello,
        Ok(Err(error)) => return distrusted(outer, &origin, &unread(&error.to_string())),
        Err(_) => return distrusted(outer, &origin, &unread("it took longer than 10 s")),
    };
    let sni = hello.server_name().map(str::to_owned);
    let host = sni.clone().unwrap_or_else(|| origin.host.clone());
    let offered = spoken(hello.alpn());
    let dialing = &outer.proxy.dialing;
    let (way, upstream, chosen) =
        match secure(outer, &origin, &host, &offered, dialing, dialed).await {
            Ok((upstream, chosen)) => {
                let way = Way::Inside(Arc::new(origin.clone()));
                (way, Some((origin.clone(), upstream)), chosen)
            }
            Err(blame) => {
                let way = Way::Doomed(Arc::new(origin.clone()), Arc::new(blame));
                (way, None, offered.last().cloned())
            }
        };
    let config = match outer.proxy.leaves.server_config(&host, chosen.as_deref()) {
        Ok(config) => config,
        Err(error) => return distrusted(outer, &origin, &unread(&error.to_string())),
    };
    let accepted = match timeout(HANDSHAKE_PATIENCE, hello.accept(config)).await {
        Ok(Ok(accepted)) => accepted,
        Ok(Err(blame)) => return distrusted(outer, &origin, &blame),
        Err(_) => return distrusted(outer, &origin, &unread("it took longer than 10 s")),
    };
    let facts = tls::client_facts(&accepted, sni.as_deref());
    let http2 = chosen.as_deref() == Some(b"h2");
    tracing::debug!(client = %outer.client, host = origin.host_port(), http2, "TLS intercepted");
    let link = within(outer, way, http2).with(upstream, Some(facts));
    serve_inside(accepted, Arc::new(link)).await;
}

/// What of the client's ALPN offer we speak, in its order.
fn spoken(offered: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let ours: [&[u8]; 2] = [b"h2", b"http/1.1"];
    offered.iter().filter(|name| ours.contains(&name.as_slice())).cloned().collect()
}

fn within(outer: &Link, way: Way, http2: bool) -> Link {
    let ends = (outer.client, outer.local);
    Link::new(Arc::clone(&outer.proxy), ends, way, http2, Arc::clone(&outer.pulse))
}

fn distrusted(link: &Link, origin: &Origin, blame: &Blame) {
    let (failures, tap) = (&link.proxy.failures, &link.proxy.tap);
    failures.tell(tap, TlsSide::Client, origin.host_port(), blame);
}

fn unread(reason: &str) -> Blame {
    Blame {
        reason: format!("the client's TLS handshake failed: {reason}"),
        remedy: "if it cannot be read, pass the host through with --tunnel".to_owned(),
        distrust: false,
    }
}
