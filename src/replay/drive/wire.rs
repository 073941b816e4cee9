//! Requests in the air. Each has a task that passes what comes to the driver, in the order in which
//! it comes; the driver decides what it means.

use std::{error::Error, io, sync::Arc};

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, Error as ClientError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::connector::Connector;
use crate::{
    capture::{Head, Headers, Outcome, Timestamp},
    clock,
    tasks::Tasks,
    tls::UpstreamTls,
};

/// What may wait for the driver, in pieces of bodies over all streams; a server that sends more
/// waits, as it would for a slow client.
const EVENTS: usize = 64;

/// The name of a request in the air.
pub(super) type Key = u64;

/// Something came.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) key: Key,
    pub(super) at: Timestamp,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Head(Head),
    Data(Bytes),
    /// The response came to its end.
    End(Headers),
    /// No connection was made.
    Unreachable(String),
    /// The connection or the stream broke.
    Broken(Outcome, String),
}

/// The client's end of its connections.
pub(super) struct Wire {
    client: Client<Connector, Full<Bytes>>,
    tasks: Tasks,
    sender: mpsc::Sender<Event>,
}

impl Wire {
    /// A client that offers HTTP/2 by ALPN where `http2`, and what comes for it.
    pub(super) fn new(
        tls: Arc<UpstreamTls>,
        http2: bool,
        tasks: &Tasks,
    ) -> (Self, mpsc::Receiver<Event>) {
        let (sender, events) = mpsc::channel(EVENTS);
        let mut builder = Client::builder(tasks.clone());
        builder.set_host(true);
        let client = builder.build(Connector::new(tls, http2));
        (Self { client, tasks: tasks.clone(), sender }, events)
    }

    /// Sends a request; cancelling the token ends its exchange without a further word.
    pub(super) fn send(&self, key: Key, request: Request<Full<Bytes>>) -> CancellationToken {
        let cut = CancellationToken::new();
        let (client, sender, stop) = (self.client.clone(), self.sender.clone(), cut.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = exchange(client, request, key, sender) => {}
            }
        });
        cut
    }
}

/// One exchange from its request to the end. A driver that is gone wants nothing more.
async fn exchange(
    client: Client<Connector, Full<Bytes>>,
    request: Request<Full<Bytes>>,
    key: Key,
    sender: mpsc::Sender<Event>,
) {
    let say = async |what| sender.send(Event { key, at: clock::now(), what }).await.is_ok();
    let response = match client.request(request).await {
        Ok(response) => response,
        Err(error) => {
            say(failed(&error)).await;
            return;
        }
    };
    let (parts, mut body) = response.into_parts();
    let headers = headers(&parts.headers);
    let status = parts.status.as_u16();
    let head = Head { status, reason: None, version: version(parts.version).to_owned(), headers };
    if !say(What::Head(head)).await {
        return;
    }
    let mut trailers = Headers::default();
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                say(broken(&error)).await;
                return;
            }
        };
        match frame.into_data() {
            Ok(data) if data.is_empty() => {}
            Ok(data) => {
                if !say(What::Data(data)).await {
                    return;
                }
            }
            Err(frame) => {
                trailers = frame.trailers_ref().map(headers_of).unwrap_or_default();
            }
        }
    }
    say(What::End(trailers)).await;
}

fn headers_of(map: &http::HeaderMap) -> Headers {
    headers(map)
}

fn headers(map: &http::HeaderMap) -> Headers {
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes()))
    };
    map.iter().map(pair).collect()
}

/// As records spell it.
pub(super) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

fn failed(error: &ClientError) -> What {
    if error.is_connect() { What::Unreachable(chain(error)) } else { broken(error) }
}

fn broken(error: &(dyn Error + 'static)) -> What {
    let mut cause = Some(error);
    let mut outcome = Outcome::Truncated;
    while let Some(error) = cause {
        let reset = error
            .downcast_ref::<io::Error>()
            .is_some_and(|io| io.kind() == io::ErrorKind::ConnectionReset);
        if reset || error.downcast_ref::<h2::Error>().is_some_and(h2::Error::is_remote) {
            outcome = Outcome::UpstreamReset;
        }
        cause = error.source();
    }
    What::Broken(outcome, chain(error))
}

/// The innermost cause says most; what stands around it is the library's own view.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
