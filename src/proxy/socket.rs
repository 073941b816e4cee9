//! The client's socket: knows when a head began to arrive and how the connection is to be cut.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
    time::{Instant, sleep},
};

use super::writes::writes_to_its_stream;

/// How long a head may take from its first byte; then the connection is closed.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection may stay without an exchange; then it is closed.
const IDLE_PATIENCE: Duration = Duration::from_secs(90);

/// What one client connection is doing, for its timers.
///
/// hyper's own head timer counts idle time too (crates.md 2.1), and a timer that is set for every
/// request costs; this one is looked at when it may have run out.
#[derive(Debug)]
pub(super) struct Pulse {
    start: Instant,
    /// Exchanges under way.
    busy: AtomicU32,
    /// Bytes came since the last exchange ended.
    reading: AtomicBool,
    /// Milliseconds after `start` at which `busy` or `reading` last changed.
    since: AtomicU64,
    /// Reset the connection when it closes.
    cut: AtomicBool,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            busy: AtomicU32::new(0),
            reading: AtomicBool::new(false),
            since: AtomicU64::new(0),
            cut: AtomicBool::new(false),
        }
    }

    /// A head is complete.
    pub(super) fn head_read(&self) {
        self.reading.store(false, Relaxed);
        self.touch();
    }

    /// An exchange begins.
    pub(super) fn begin(&self) {
        self.busy.fetch_add(1, Relaxed);
    }

    /// An exchange is over.
    pub(super) fn end(&self) {
        self.busy.fetch_sub(1, Relaxed);
        self.head_read();
    }

    /// The connection shall be reset, not closed: its upstream was.
    pub(super) fn cut(&self) {
        self.cut.store(true, Relaxed);
    }

    /// Waits until the client has taken too long.
    pub(super) async fn overdue(&self, http2: bool) {
        loop {
            let left = self.patience_left(self.start.elapsed(), http2);
            if left.is_zero() {
                return;
            }
            // A head that begins while this sleeps must be noticed in its own time.
            sleep(left.min(HEAD_PATIENCE)).await;
        }
    }

    /// How long the client may still take at this time since the start; zero when it took too long.
    fn patience_left(&self, now: Duration, http2: bool) -> Duration {
        if self.busy.load(Relaxed) > 0 {
            return IDLE_PATIENCE;
        }
        // HTTP/2 sends frames that are no heads, so there only idleness counts.
        let in_head = self.reading.load(Relaxed) && !http2;
        let patience = if in_head { HEAD_PATIENCE } else { IDLE_PATIENCE };
        let since = Duration::from_millis(self.since.load(Relaxed));
        (since + patience).saturating_sub(now)
    }

    fn bytes_read(&self) {
        if self.busy.load(Relaxed) == 0 && !self.reading.swap(true, Relaxed) {
            self.touch();
        }
    }

    fn touch(&self) {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since.store(since, Relaxed);
    }
}

/// A client's TCP connection.
#[derive(Debug)]
pub(super) struct ClientSocket {
    stream: TcpStream,
    client: SocketAddr,
    pulse: Arc<Pulse>,
}

impl ClientSocket {
    pub(super) fn new(stream: TcpStream, client: SocketAddr, pulse: Arc<Pulse>) -> Self {
        Self { stream, client, pulse }
    }
}

impl Drop for ClientSocket {
    fn drop(&mut self) {
        let reset = self.pulse.cut.load(Relaxed);
        tracing::debug!(client = %self.client, reset, "connection ended");
        if reset {
            // RST instead of FIN: what the upstream did travels on (design.md, Disconnects).
            // A socket that cannot linger is closed all the same.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for ClientSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.pulse.bytes_read();
        }
        Poll::Ready(Ok(()))
    }
}

writes_to_its_stream!(ClientSocket);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_thirty_seconds_and_an_idle_connection_ninety() {
        let pulse = Pulse::new();
        let left = |seconds, http2| pulse.patience_left(Duration::from_secs(seconds), http2);
        assert_eq!((left(80, false).is_zero(), left(90, false).is_zero()), (false, true));
        pulse.bytes_read();
        assert_eq!((left(29, false).is_zero(), left(31, false).is_zero()), (false, true));
        assert_eq!((left(31, true).is_zero(), left(91, true).is_zero()), (false, true));
        pulse.begin();
        assert!(!left(3600, false).is_zero(), "a running exchange is never overdue");
        pulse.end();
        assert_eq!((left(31, false).is_zero(), left(91, false).is_zero()), (false, true));
    }
}
