//! Bytes that pass unread, counted: blind tunnels and what an upgrade leads to.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};

use super::{
    ending::{Exchange, chain},
    socket::Pulse,
    writes::writes_to_its_stream,
};
use crate::{
    capture::{Fact, Outcome, Side, Tunnel},
    clock,
    tap::Tap,
};

/// What one direction of a tunnel holds at most.
const BUFFER: usize = 32 * 1024;

/// A tunnel under way. If a byte passed it is told of when it is over, however that comes.
pub(super) struct Passage {
    tap: Tap,
    host: String,
    reason: String,
    sent: Arc<AtomicU64>,
    received: Arc<AtomicU64>,
}

impl Passage {
    pub(super) fn new(tap: Tap, host: String, reason: String) -> Self {
        let (sent, received) = Default::default();
        Self { tap, host, reason, sent, received }
    }

    /// Passes bytes both ways until both sides have ended, each end as it comes.
    pub(super) async fn run<C, U>(self, client: C, upstream: U) -> io::Result<()>
    where
        C: AsyncRead + AsyncWrite + Unpin,
        U: AsyncRead + AsyncWrite + Unpin,
    {
        let mut client = Counted { stream: client, read: Arc::clone(&self.sent) };
        let mut upstream = Counted { stream: upstream, read: Arc::clone(&self.received) };
        copy_bidirectional_with_sizes(&mut client, &mut upstream, BUFFER, BUFFER).await.map(|_| ())
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let (sent_bytes, received_bytes) = (self.sent.load(Relaxed), self.received.load(Relaxed));
        // Clients open connections in store and close them unused: that nothing was said is no news.
        if sent_bytes == 0 && received_bytes == 0 {
            return;
        }
        let tunnel = Tunnel {
            host: std::mem::take(&mut self.host),
            reason: std::mem::take(&mut self.reason),
            sent_bytes,
            received_bytes,
        };
        self.tap.send(None, clock::now(), Fact::Tunnel(Box::new(tunnel)));
    }
}

/// A blind tunnel: a reset on either side becomes a reset for the client.
pub(super) async fn blind<C, U>(passage: Passage, pulse: &Pulse, client: C, upstream: U)
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    if passage.run(client, upstream).await.is_err() {
        pulse.cut();
    }
}

/// What follows a 101. The exchange goes on as long as its tunnel.
pub(super) async fn upgraded(
    exchange: Arc<Exchange>,
    host: String,
    reason: String,
    client: OnUpgrade,
    server: OnUpgrade,
) {
    match tokio::try_join!(client, server) {
        Ok((client, server)) => {
            let passage = Passage::new(exchange.link.proxy.tap.clone(), host, reason);
            let (client, server) = (TokioIo::new(client), TokioIo::new(server));
            if passage.run(client, server).await.is_err() {
                exchange.link.pulse.cut();
            }
            exchange.body_over(Side::Response, 0, true);
        }
        Err(error) => exchange.fault(Outcome::Truncated, chain(&error)),
    }
}

/// A stream whose read bytes are counted.
struct Counted<S> {
    stream: S,
    read: Arc<AtomicU64>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.read.fetch_add((buf.filled().len() - before) as u64, Relaxed);
        Poll::Ready(Ok(()))
    }
}

writes_to_its_stream!(Counted<S>, S);
