//! `Expect: 100-continue`: the client's body waits until the upstream wants it.
//!
//! hyper answers 100 to the client when the body is first polled (crates.md 2.3), so a body that is
//! not polled is a client that was not told to go on.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Sleep, sleep},
};

/// How long an upstream may say nothing; many never send 100 and wait for the body.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where the body waits.
pub(super) struct Gate {
    opened: UnboundedReceiver<()>,
    deadline: Pin<Box<Sleep>>,
}

/// A gate, and what opens it. Dropped unused, the gate stays shut for ever.
pub(super) fn gate() -> (UnboundedSender<()>, Gate) {
    let (open, opened) = unbounded_channel();
    (open, Gate { opened, deadline: Box::pin(sleep(PATIENCE)) })
}

/// The upstream gave its answer without wanting the body.
#[derive(Debug, thiserror::Error)]
#[error("the upstream answered without asking for the body")]
pub(super) struct NotWanted;

impl Gate {
    pub(super) fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), NotWanted>> {
        match self.opened.poll_recv(cx) {
            Poll::Ready(Some(())) => Poll::Ready(Ok(())),
            Poll::Ready(None) => Poll::Ready(Err(NotWanted)),
            Poll::Pending => self.deadline.as_mut().poll(cx).map(Ok),
        }
    }
}
