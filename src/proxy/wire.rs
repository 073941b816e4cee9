//! Keeps every HTTP/1 head's bytes as they arrived, beside hyper, which hides order, spelling and
//! duplicates (design.md, HTTP fidelity).
//!
//! It must never change, hold or refuse traffic: it looks at bytes that were read anyway. What it
//! does not understand ends its looking, not the connection.

mod framing;

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use framing::Framing;

use super::writes::writes_to_its_stream;

/// Which messages arrive on the read side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// We are the server.
    Requests,
    /// We are the client.
    Responses,
}

/// The stream to hand to hyper, and where the heads it reads can be taken.
pub(crate) fn tapped<S>(stream: S, reads: Reads) -> (HeadTap<S>, Heads) {
    let heads = Heads(Arc::new(Mutex::new(Framing::new(reads))));
    (HeadTap { stream, heads: heads.clone() }, heads)
}

/// The heads that were read and not yet taken. Clones are the same queue.
#[derive(Clone, Debug)]
pub(crate) struct Heads(Arc<Mutex<Framing>>);

impl Heads {
    /// The next head, up to and with its empty line; 1xx heads come too, in order. None: no whole
    /// head was read, or the looking has ended.
    pub(crate) fn take(&self) -> Option<Bytes> {
        self.framing().take()
    }

    /// Responses only: a request with this method is about to be sent. Its answer's body cannot be
    /// told from the answer's head alone (HEAD, CONNECT).
    pub(crate) fn expect(&self, method: &http::Method) {
        self.framing().expect(method);
    }

    /// The connection was upgraded or is a tunnel: look no more.
    pub(crate) fn stop(&self) {
        self.framing().stop();
    }

    /// A panic under the lock cannot leave half a state behind that matters: at worst heads are
    /// missing.
    fn framing(&self) -> MutexGuard<'_, Framing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream whose heads are kept.
#[derive(Debug)]
pub(crate) struct HeadTap<S> {
    stream: S,
    heads: Heads,
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadTap<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let read = buf.filled().get(before..).unwrap_or_default();
        this.heads.framing().read(read);
        Poll::Ready(Ok(()))
    }
}

writes_to_its_stream!(HeadTap<S>, S);

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod tests;
