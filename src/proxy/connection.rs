//! Serving one client connection with hyper, over whatever carries it.

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
};

use http::{Method, Request, Response};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use super::{
    Shared,
    answer::Answer,
    connect,
    ending::chain,
    forward::forward,
    link::{Link, Way},
    refusal::Refusal,
    sniff,
    socket::{ClientSocket, Pulse},
    upstream::MAX_HEAD,
    wire::{Heads, Reads, tapped},
};
use crate::{capture::Fact, clock};

/// How many streams an HTTP/2 client may have open at once; more wait at the client.
const MAX_STREAMS: u32 = 1024;
/// How much of one HTTP/2 upload is taken before its upstream takes it.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// The same for all uploads of a connection: one that nobody reads must not stop the others
/// (crates.md 2.5).
const CONNECTION_WINDOW: u32 = 8 * STREAM_WINDOW;

/// Serves a connection that a listener accepted.
pub(super) async fn accepted(proxy: Arc<Shared>, stream: TcpStream, client: SocketAddr, way: Way) {
    let Ok(local) = stream.local_addr() else { return };
    if stream.set_nodelay(true).is_err() {
        return; // The client is gone already.
    }
    let pulse = Arc::new(Pulse::new());
    let socket = ClientSocket::new(stream, client, Arc::clone(&pulse));
    let first = tokio::select! {
        first = sniff::preface(socket) => first,
        () = pulse.overdue(false) => {
            return tracing::debug!(%client, "no request came in time");
        }
        () = proxy.tasks.stopped() => return,
    };
    let (io, http2) = match first {
        Ok(first) => first,
        Err(error) => return tracing::debug!(%client, %error, "connection failed before a request"),
    };
    let link = Link::new(proxy, (client, local), way, http2, pulse);
    serve(io, Arc::new(link)).await;
}

/// Serves HTTP on a stream until the client, the upstream's fate or the end of the program closes
/// it.
pub(super) async fn serve<S>(io: S, link: Arc<Link>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    link.pulse.head_read();
    let result =
        if link.http2 { serve_http2(io, &link).await } else { serve_http1(io, &link).await };
    if let Err(error) = result {
        tracing::debug!(client = %link.client, error = chain(&error), "connection failed");
        tell(&link, &error);
    }
}

async fn serve_http1<S>(io: S, link: &Arc<Link>) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (io, heads) = tapped(io, Reads::Requests);
    let service = {
        let link = Arc::clone(link);
        service_fn(move |request| answer(Arc::clone(&link), request, Some(heads.clone())))
    };
    let connection = http1::Builder::new()
        .auto_date_header(false)
        .preserve_header_case(true)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_HEAD)
        // Our own timer tells a slow head from an idle connection: `Pulse`.
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let stopped = pin!(link.proxy.tasks.stopped());
    tokio::select! {
        biased;
        result = connection.as_mut() => return result,
        () = stopped => connection.as_mut().graceful_shutdown(),
        () = link.pulse.overdue(false) => return Ok(()),
    }
    connection.await
}

async fn serve_http2<S>(io: S, link: &Arc<Link>) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = {
        let link = Arc::clone(link);
        service_fn(move |request| answer(Arc::clone(&link), request, None))
    };
    let connection = http2::Builder::new(link.proxy.tasks.clone())
        .auto_date_header(false)
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .serve_connection(TokioIo::new(io), service);
    let mut connection = pin!(connection);
    let stopped = pin!(link.proxy.tasks.stopped());
    tokio::select! {
        biased;
        result = connection.as_mut() => return result,
        () = stopped => {}
        () = link.pulse.overdue(true) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

async fn answer(
    link: Arc<Link>,
    request: Request<Incoming>,
    heads: Option<Heads>,
) -> Result<Response<Answer>, Infallible> {
    link.pulse.head_read();
    let head = heads.as_ref().and_then(Heads::take);
    Ok(match (request.method() == Method::CONNECT, &link.way) {
        (true, Way::Forward) => connect::connect(link, request, heads, head).await,
        (true, _) => {
            let (what, remedy) = (request.uri().to_string(), "CONNECT to the proxy's own port");
            Refusal::malformed(&what, "this is no place for a CONNECT", remedy).answer()
        }
        (false, _) => forward(link, request, heads, head).await,
    })
}

/// What the client sent could not be read: it never became an exchange, so a note keeps it.
fn tell(link: &Link, error: &hyper::Error) {
    if error.is_parse() {
        let text = format!("{} sent what is no HTTP: {}", link.client, chain(error));
        link.proxy.tap.send(None, clock::now(), Fact::Note { text });
    }
}

/// [`serve`] with its type forgotten: a connection inside a CONNECT is served from within the
/// serving of the one outside.
pub(super) fn serve_inside<S>(io: S, link: Arc<Link>) -> Pin<Box<dyn Future<Output = ()> + Send>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Box::pin(serve(io, link))
}
