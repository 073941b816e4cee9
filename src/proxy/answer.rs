//! The bodies that a client gets: the upstream's, the upstream's rewritten, or a text of ours.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use super::{
    rewrite::BodyRewriter,
    tee::{BodyError, Tee},
};
use crate::{
    capture::{Fact, Rewrite},
    clock,
};

/// A response's body on its way to the client.
pub(super) enum Answer {
    Upstream(Tee),
    Rewritten(Box<Rewritten>),
    Text(Full<Bytes>),
}

impl Answer {
    pub(super) fn empty() -> Self {
        Self::Text(Full::default())
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Upstream(tee) => Pin::new(tee).poll_frame(cx),
            Self::Rewritten(rewritten) => Pin::new(rewritten.as_mut()).poll_frame(cx),
            Self::Text(text) => Pin::new(text).poll_frame(cx).map_err(|never| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Upstream(tee) => tee.is_end_stream(),
            Self::Rewritten(rewritten) => rewritten.over,
            Self::Text(text) => text.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Upstream(tee) => tee.size_hint(),
            Self::Rewritten(_) => SizeHint::default(),
            Self::Text(text) => text.size_hint(),
        }
    }
}

/// A body of reverse mode in which something leads around the proxy. The tee below it records what
/// the upstream sent; this says what the client saw instead.
pub(super) struct Rewritten {
    tee: Tee,
    rewriter: BodyRewriter,
    ready: VecDeque<Bytes>,
    /// The trailers, where the tee ended with some.
    trailers: Option<Frame<Bytes>>,
    tee_ended: bool,
    over: bool,
}

impl Rewritten {
    pub(super) fn new(tee: Tee, rewriter: BodyRewriter) -> Self {
        Self {
            tee,
            rewriter,
            ready: VecDeque::new(),
            trailers: None,
            tee_ended: false,
            over: false,
        }
    }

    fn take(&mut self, (pieces, rewrites): (Vec<Bytes>, Vec<Rewrite>)) {
        self.ready.extend(pieces.into_iter().filter(|piece| !piece.is_empty()));
        let at = clock::now();
        for rewrite in rewrites {
            self.tee.exchange().tell(at, Fact::Rewrite(Box::new(rewrite)));
        }
    }

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if self.tee_ended {
                self.over = true;
                return Poll::Ready(self.trailers.take().map(Ok));
            }
            self.trailers = match ready!(Pin::new(&mut self.tee).poll_frame(cx)) {
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => None,
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        let made = self.rewriter.push(data);
                        self.take(made);
                        continue;
                    }
                    Err(trailers) => Some(trailers),
                },
            };
            let made = self.rewriter.finish();
            self.take(made);
            self.tee_ended = true;
        }
    }
}
