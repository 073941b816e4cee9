//! Asking for room in the tap's budget from a poll function.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Sleep, sleep},
};
use tokio_util::sync::PollSemaphore;

use super::{OnFull, cost};

/// How long a body on an HTTP/2 upstream waits for room before it runs on with a gap. Unread small
/// frames would end the whole connection (crates.md 2.5), so a wait there cannot be endless.
const HTTP2_PATIENCE: Duration = Duration::from_secs(1);

/// Room that was reserved; it goes with the item ([`super::Tap::send_reserved`]).
#[derive(Debug)]
#[must_use = "room that is not sent is lost to the budget"]
pub struct Reserved {
    pub(super) cost: u32,
}

/// One body's place in the queue for room.
#[derive(Debug)]
pub struct Room {
    budget: Arc<Semaphore>,
    on_full: OnFull,
    patience: Option<Duration>,
    /// In a box: few wait, and every body holds a place.
    waiting: Option<Box<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    permits: PollSemaphore,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Room {
    pub(super) fn new(budget: Arc<Semaphore>, on_full: OnFull) -> Self {
        Self { budget, on_full, patience: None, waiting: None }
    }

    /// The same for a body that comes from an HTTP/2 upstream: it does not wait for ever.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.patience = Some(HTTP2_PATIENCE);
        self
    }

    /// Takes room for a piece of `bytes`, waiting for it where the rule says so. `None`: there is
    /// none and the traffic shall not wait; the piece becomes a gap. Ask again with the same size
    /// after `Pending`.
    pub fn poll_reserve(&mut self, cx: &mut Context<'_>, bytes: usize) -> Poll<Option<Reserved>> {
        let cost = cost(bytes);
        if self.waiting.is_none() {
            if let Ok(permit) = self.budget.try_acquire_many(cost) {
                permit.forget();
                return Poll::Ready(Some(Reserved { cost }));
            }
            if self.budget.is_closed() || self.on_full == OnFull::Gap {
                return Poll::Ready(None);
            }
            self.waiting = Some(Box::new(Waiting {
                permits: PollSemaphore::new(Arc::clone(&self.budget)),
                deadline: self.patience.map(|patience| Box::pin(sleep(patience))),
            }));
        }
        let reserved = ready!(self.poll_waiting(cx, cost));
        self.waiting = None;
        Poll::Ready(reserved)
    }

    fn poll_waiting(&mut self, cx: &mut Context<'_>, cost: u32) -> Poll<Option<Reserved>> {
        let Some(waiting) = &mut self.waiting else { return Poll::Ready(None) };
        if let Poll::Ready(permit) = waiting.permits.poll_acquire_many(cx, cost) {
            return Poll::Ready(permit.map(|permit| {
                permit.forget();
                Reserved { cost }
            }));
        }
        match &mut waiting.deadline {
            Some(deadline) => deadline.as_mut().poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    }
}
