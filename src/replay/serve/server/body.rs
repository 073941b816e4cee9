//! Bodies that are sent.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// A body of a response.
#[derive(Debug)]
pub(super) struct Sent(UnsyncBoxBody<Bytes, io::Error>);

impl Sent {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self(UnsyncBoxBody::new(Full::new(bytes).map_err(|never: Infallible| match never {})))
    }

    pub(super) fn stream(stream: Stream) -> Self {
        Self(UnsyncBoxBody::new(stream))
    }

    /// What another server sends.
    pub(super) fn other(
        body: impl Body<Data = Bytes, Error = hyper::Error> + Send + 'static,
    ) -> Self {
        Self(UnsyncBoxBody::new(body.map_err(io::Error::other)))
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// Frames as they come; an error among them breaks the connection, once what was sent before it is
/// on its way: hyper writes out what it holds when a body has nothing more for now.
#[derive(Debug)]
pub(super) struct Stream {
    frames: mpsc::Receiver<io::Result<Bytes>>,
    cut: Option<io::Error>,
}

impl Stream {
    pub(super) fn new(frames: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Self { frames, cut: None }
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(cut) = self.cut.take() {
            return Poll::Ready(Some(Err(cut)));
        }
        match self.frames.poll_recv(context) {
            Poll::Ready(Some(Err(cut))) => {
                self.cut = Some(cut);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            other => other.map(|next| next.map(|bytes| bytes.map(Frame::data))),
        }
    }
}
