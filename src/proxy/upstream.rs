//! The one upstream connection of a client connection.

use std::{io, sync::Arc};

use http::{Method, Request, Response};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1, http2},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    tee::Tee,
    wire::{Heads, Reads, tapped},
};
use crate::{capture::Tls, tasks::Tasks};

/// The longest head that is read, in bytes, on either side and in either protocol; longer ones are
/// answered with 431. hyper's own limits are 16 KiB on HTTP/2 and soft on HTTP/1 (crates.md 2.1).
pub(super) const MAX_HEAD: usize = 256 * 1024;

/// How much an HTTP/2 upstream may send ahead on the whole connection. It bounds what one client
/// connection holds unread, and half of it is the allowance for small frames, whose excess ends
/// all streams (crates.md 2.5).
const CONNECTION_WINDOW: u32 = 32 * 1024 * 1024;
/// The same for one stream.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;

/// A connection to an upstream.
pub(super) struct Upstream {
    pub(super) sender: Sender,
    /// Its address and port, as text: every exchange on it tells them.
    pub(super) peer: Arc<str>,
    /// What making it took, until the first exchange on it has told.
    pub(super) fresh: Option<Box<Fresh>>,
}

/// How a connection was made.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) connect_us: u64,
    pub(super) tls_us: Option<u64>,
    pub(super) facts: Option<Tls>,
}

/// Where requests go in.
pub(super) enum Sender {
    H1 { sender: http1::SendRequest<Tee>, heads: Heads },
    H2(http2::SendRequest<Tee>),
}

/// A request that was not answered.
pub(super) type Unanswered = TrySendError<Request<Tee>>;

impl Sender {
    /// Speaks HTTP/1 on a stream.
    pub(super) async fn http1<S>(stream: S, tasks: &Tasks) -> io::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (stream, heads) = tapped(stream, Reads::Responses);
        let (sender, connection) = http1::Builder::new()
            .preserve_header_case(true)
            .max_header_size(MAX_HEAD)
            // A frame shared with the recorder keeps the buffer that it was read into: a smaller
            // buffer bounds what a frame can pin beyond its own size.
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tasks.spawn(async move {
            // Its error reaches the exchange that it concerns.
            let _ = connection.with_upgrades().await;
        });
        Ok(Self::H1 { sender, heads })
    }

    /// Speaks HTTP/2 on a stream.
    pub(super) async fn http2<S>(stream: S, tasks: &Tasks) -> io::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http2::Builder::new(tasks.clone())
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tasks.spawn(async move {
            let _ = connection.await;
        });
        Ok(Self::H2(sender))
    }

    /// Whether a request can go in; on HTTP/1 it waits for the exchange before.
    pub(super) async fn ready(&mut self) -> bool {
        match self {
            Self::H1 { sender, .. } => sender.ready().await.is_ok(),
            Self::H2(sender) => sender.ready().await.is_ok(),
        }
    }

    /// Another way into the same connection, where it takes several requests at once.
    pub(super) fn share(&self) -> Option<Self> {
        match self {
            Self::H1 { .. } => None,
            Self::H2(sender) => Some(Self::H2(sender.clone())),
        }
    }

    pub(super) fn heads(&self) -> Option<&Heads> {
        match self {
            Self::H1 { heads, .. } => Some(heads),
            Self::H2(_) => None,
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self, Self::H2(_))
    }

    /// Sends a request and waits for the final head. One that was not sent comes back in the error.
    pub(super) async fn send(
        &mut self,
        method: &Method,
        request: Request<Tee>,
    ) -> Result<Response<Incoming>, Box<Unanswered>> {
        match self {
            Self::H1 { sender, heads } => {
                heads.expect(method);
                sender.try_send_request(request).await.map_err(Box::new)
            }
            Self::H2(sender) => sender.try_send_request(request).await.map_err(Box::new),
        }
    }
}
