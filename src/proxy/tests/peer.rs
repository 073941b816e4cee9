//! A scripted TCP peer: writes bytes, waits for bytes, ends as it is told.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// How long a test waits for what must come; only a failing test waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// One side of a connection.
pub(crate) struct Peer<S = TcpStream> {
    pub(crate) stream: S,
    seen: Vec<u8>,
}

/// Listens on a port of its own.
pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let addr = listener.local_addr().expect("bound");
    (listener, addr)
}

impl Peer {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self::over(TcpStream::connect(addr).await.expect("the listener accepts"))
    }

    pub(crate) async fn accept(listener: &TcpListener) -> Self {
        let accepted = timeout(PATIENCE, listener.accept()).await.expect("a client comes");
        Self::over(accepted.expect("accept").0)
    }

    /// Closes with a reset.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().expect("open");
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// A peer on a connection that is made already, and from which nothing was read.
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, seen: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the other side reads");
    }

    /// Waits until `end` was read and gives everything up to and with it.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = find(&self.seen, end.as_bytes()) {
                let rest = self.seen.split_off(at + end.len());
                let taken = std::mem::replace(&mut self.seen, rest);
                return String::from_utf8_lossy(&taken).into_owned();
            }
            let n = self.read().await.expect("bytes, not an error");
            let seen = String::from_utf8_lossy(&self.seen);
            assert!(n > 0, "the other side ended before {end:?}; it sent {seen:?}");
        }
    }

    /// Waits for the end and gives what came before it.
    pub(crate) async fn rest(&mut self) -> (String, io::Result<()>) {
        let end = loop {
            match self.read().await {
                Ok(0) => break Ok(()),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        (String::from_utf8_lossy(&std::mem::take(&mut self.seen)).into_owned(), end)
    }

    async fn read(&mut self) -> io::Result<usize> {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.seen)).await;
        read.unwrap_or_else(|_| {
            panic!("nothing came; so far {:?}", String::from_utf8_lossy(&self.seen))
        })
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
