//! The recording body: hands each frame on and a reference-counted clone of it to the tap.
//!
//! No parsing, no disk, and no copy but of small frames, where sharing costs more (design.md, One
//! SSE frame). A body ends in four ways: its end, its
//! trailers, an error, or by being dropped, which is the normal end of a body of known length
//! (crates.md 2.2).

use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::mpsc::UnboundedSender;

use super::{
    ending::{Exchange, chain, upstream_outcome},
    gate::Gate,
};
use crate::{
    capture::{Fact, Gap, Headers, Outcome, Side, Timestamp},
    clock,
    tap::Room,
};

/// Why a body cannot go on. The upstream's own error stays in the chain, so that hyper finds the
/// reason of an HTTP/2 reset and passes it on (crates.md 2.4).
pub(super) type BodyError = Box<dyn Error + Send + Sync>;

/// One body on its way.
pub(super) struct Tee {
    inner: Incoming,
    exchange: Arc<Exchange>,
    side: Side,
    room: Room,
    gate: Option<Gate>,
    /// Held, not used: see [`Tee::response`].
    request_gate: Option<UnboundedSender<()>>,
    /// A frame that waits for room.
    held: Option<(Bytes, Timestamp)>,
    /// An error that waits until what came before it is flushed.
    error: Option<BodyError>,
    bytes: u64,
    missed: u64,
    /// The length that was announced.
    announced: Option<u64>,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Running,
    Ended,
    Failed,
}

impl Tee {
    pub(super) fn request(inner: Incoming, exchange: Arc<Exchange>, gate: Option<Gate>) -> Self {
        let room = exchange.link.proxy.tap.room();
        Self::new(inner, exchange, Side::Request, room, gate)
    }

    /// `http2`: whether the upstream speaks it; then small frames must not pile up unread. `head`:
    /// whether the answer is to HEAD, whose announced length is not its own. `gate`: the request's,
    /// which fails only when the answer is through; failing earlier it would cut the answer.
    pub(super) fn response(
        inner: Incoming,
        exchange: Arc<Exchange>,
        http2: bool,
        head: bool,
        gate: Option<UnboundedSender<()>>,
    ) -> Self {
        let room = exchange.link.proxy.tap.room();
        let room = if http2 { room.impatient() } else { room };
        let mut tee = Self::new(inner, exchange, Side::Response, room, None);
        tee.announced = tee.announced.filter(|_| !head);
        tee.request_gate = gate;
        tee
    }

    fn new(
        inner: Incoming,
        exchange: Arc<Exchange>,
        side: Side,
        room: Room,
        gate: Option<Gate>,
    ) -> Self {
        let announced = inner.size_hint().exact();
        let progress = if inner.is_end_stream() { Progress::Ended } else { Progress::Running };
        let (held, error) = (None, None);
        let (bytes, missed) = (0, 0);
        Self {
            inner,
            exchange,
            side,
            room,
            gate,
            request_gate: None,
            held,
            error,
            bytes,
            missed,
            announced,
            progress,
        }
    }

    pub(super) fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            if self.held.is_some() {
                return self.poll_hand_on(cx).map(|data| data.map(|data| Ok(Frame::data(data))));
            }
            match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                None => {
                    if let Some(error) = self.shortfall() {
                        return self.fail(cx, error);
                    }
                    self.ended(Headers::default());
                    return Poll::Ready(None);
                }
                Some(Err(error)) => {
                    self.blame(&error);
                    return self.fail(cx, error.into());
                }
                Some(Ok(frame)) => match frame.into_data() {
                    // Empty frames say nothing, and HTTP/2 peers count them (crates.md 2.5).
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => self.held = Some((data, clock::now())),
                    Err(frame) => {
                        if let Ok(trailers) = frame.into_trailers() {
                            self.ended(recorded(&trailers));
                            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                        }
                    }
                },
            }
        }
    }

    /// Hands on the frame that is held, once it has its room in the tap.
    fn poll_hand_on(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let length = self.held.as_ref().map_or(0, |(data, _)| data.len());
        let room = ready!(self.room.poll_reserve(cx, held_by(length)));
        let Some((data, at)) = self.held.take() else { return Poll::Ready(None) };
        self.bytes += data.len() as u64;
        match room {
            Some(room) => {
                self.tell_gap(at);
                let fact = Fact::Chunk { side: self.side, data: kept(&data), cut: 0 };
                self.exchange.link.proxy.tap.send_reserved(self.exchange.id, at, fact, room);
            }
            None => self.missed += data.len() as u64,
        }
        if self.inner.is_end_stream() && self.shortfall().is_none() {
            self.ended(Headers::default());
        }
        Poll::Ready(Some(data))
    }

    /// An HTTP/2 stream that is reset with `NO_ERROR` looks like a clean end (crates.md 2.4); its
    /// announced length tells.
    fn shortfall(&self) -> Option<BodyError> {
        let announced = self.announced?;
        (self.bytes < announced).then(|| {
            let text = format!("the body ended after {} of {announced} bytes", self.bytes);
            let outcome = match self.side {
                Side::Request => Outcome::ClientClosed,
                Side::Response => Outcome::Truncated,
            };
            self.exchange.fault(outcome, text.clone());
            text.into()
        })
    }

    fn blame(&self, error: &hyper::Error) {
        match self.side {
            Side::Request => self.exchange.fault(Outcome::ClientClosed, chain(error)),
            Side::Response if self.exchange.link.proxy.tasks.is_aborting() => {}
            Side::Response => {
                let outcome = upstream_outcome(error);
                if outcome == Outcome::UpstreamReset && !self.exchange.link.http2 {
                    self.exchange.link.pulse.cut();
                }
                self.exchange.fault(outcome, chain(error));
            }
        }
    }

    /// Keeps the error for the next poll: hyper flushes what it has in between, so the client gets
    /// every byte that came before the cut.
    fn fail<T>(&mut self, cx: &mut Context<'_>, error: BodyError) -> Poll<T> {
        self.error = Some(error);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn ended(&mut self, trailers: Headers) {
        if self.progress == Progress::Running {
            self.progress = Progress::Ended;
            let at = clock::now();
            self.tell_gap(at);
            self.exchange.tell(at, Fact::BodyEnd { side: self.side, trailers });
        }
    }

    fn tell_gap(&mut self, at: Timestamp) {
        if self.missed > 0 {
            let bytes = std::mem::take(&mut self.missed);
            let reason = "the recorder could not keep up".to_owned();
            self.exchange.tell(at, Fact::Gap(Gap { side: Some(self.side), bytes, reason }));
        }
    }
}

impl Body for Tee {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(error) = self.error.take() {
            self.progress = Progress::Failed;
            return Poll::Ready(Some(Err(error)));
        }
        if let Some(gate) = &mut self.gate {
            if let Err(error) = ready!(gate.poll_open(cx)) {
                self.progress = Progress::Failed;
                return Poll::Ready(Some(Err(error.into())));
            }
            self.gate = None;
        }
        self.poll_data(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_none() && self.error.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // hyper asks before the first frame; a held one is in its count no more, and the message
        // is framed by then.
        self.inner.size_hint()
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        let at = clock::now();
        if let Some((data, at)) = self.held.take() {
            // It was on the wire, though the other side went away before it could have it.
            self.bytes += data.len() as u64;
            self.exchange.tell(at, Fact::Chunk { side: self.side, data, cut: 0 });
        }
        self.tell_gap(at);
        self.exchange.body_over(self.side, self.bytes, self.progress == Progress::Ended);
    }
}

/// A frame up to this size is copied for the recorder rather than shared with it. A shared one keeps
/// hyper's whole read buffer alive, eight KiB and more for an event of a few bytes: the tap's budget
/// would not bound the memory, and hyper would need a new buffer for every read.
const COPIED_BYTES: usize = 4 * 1024;

/// What a frame of this length holds in memory: a shared one a read buffer that is seldom full.
fn held_by(length: usize) -> usize {
    if length <= COPIED_BYTES { length } else { 2 * length }
}

fn kept(frame: &Bytes) -> Bytes {
    if frame.len() <= COPIED_BYTES { Bytes::copy_from_slice(frame) } else { frame.clone() }
}

/// Trailers as they are recorded. Their spelling is lost in hyper (crates.md 2.1).
fn recorded(trailers: &HeaderMap) -> Headers {
    trailers
        .iter()
        .map(|(name, value)| (name.as_str(), Bytes::copy_from_slice(value.as_bytes())))
        .collect()
}
