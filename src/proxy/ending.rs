//! How an exchange ends: its last record, sent when nothing of it is left.
//!
//! Both bodies and the waiting service hold the same [`Exchange`]; whoever drops it last sends the
//! end, so it comes once and after everything else, however the connection dies (crates.md 2.2,
//! 2.4). The first cause that is named decides the outcome.

use std::{
    error::Error,
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use super::link::Link;
use crate::{
    capture::{End, ExchangeId, Fact, Outcome, Side, Timestamp, Timing},
    clock,
};

/// The upstream that an exchange reached, and what getting there took if this exchange dialed.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    /// Its address and port.
    pub(super) peer: Arc<str>,
    pub(super) connect_us: Option<u64>,
    pub(super) tls_us: Option<u64>,
}

/// One recorded exchange that is under way.
pub(super) struct Exchange {
    pub(super) link: Arc<Link>,
    pub(super) id: ExchangeId,
    opened: Timestamp,
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
    /// Nanoseconds of the response's head; 0 for none yet.
    head_at: AtomicU64,
    /// The response was seen to its end.
    answered: AtomicBool,
    reached: OnceLock<Reached>,
    cause: OnceLock<(Outcome, String)>,
}

impl Exchange {
    pub(super) fn new(link: Arc<Link>, id: ExchangeId, opened: Timestamp) -> Arc<Self> {
        link.pulse.begin();
        Arc::new(Self {
            link,
            id,
            opened,
            request_bytes: AtomicU64::new(0),
            response_bytes: AtomicU64::new(0),
            head_at: AtomicU64::new(0),
            answered: AtomicBool::new(false),
            reached: OnceLock::new(),
            cause: OnceLock::new(),
        })
    }

    /// Sends a small fact of this exchange.
    pub(super) fn tell(&self, at: Timestamp, fact: Fact) {
        self.link.proxy.tap.send(Some(self.id), at, fact);
    }

    pub(super) fn reached(&self, reached: Reached) {
        // A second one is the redial of a request that was not sent; the first dial's times stay.
        let _ = self.reached.set(reached);
    }

    pub(super) fn head_seen(&self, at: Timestamp) {
        self.head_at.store(at.0, Relaxed);
    }

    /// Names why it does not end well. The first cause wins: what follows is its consequence.
    pub(super) fn fault(&self, outcome: Outcome, error: String) {
        let _ = self.cause.set((outcome, error));
    }

    /// Counts a body's bytes, once, when it is over.
    pub(super) fn body_over(&self, side: Side, bytes: u64, whole: bool) {
        match side {
            Side::Request => self.request_bytes.store(bytes, Relaxed),
            Side::Response => {
                self.response_bytes.store(bytes, Relaxed);
                self.answered.store(whole, Relaxed);
            }
        }
    }

    fn outcome(&mut self) -> (Outcome, Option<String>) {
        if let Some((outcome, error)) = self.cause.take() {
            return (outcome, Some(error));
        }
        if *self.answered.get_mut() {
            (Outcome::Completed, None)
        } else if self.link.proxy.tasks.is_aborting() {
            (Outcome::Truncated, Some("wiretape was ended while it ran".to_owned()))
        } else {
            (Outcome::ClientClosed, None)
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let at = clock::now();
        let (outcome, error) = self.outcome();
        if outcome == Outcome::Completed {
            tracing::trace!(exchange = %self.id, "exchange completed");
        } else {
            tracing::debug!(exchange = %self.id, ?outcome, error, "exchange broken off");
        }
        let reached = self.reached.get();
        let head_at = *self.head_at.get_mut();
        let end = End {
            outcome,
            error,
            timing: Timing {
                connect_us: reached.and_then(|reached| reached.connect_us),
                tls_us: reached.and_then(|reached| reached.tls_us),
                first_byte_us: (head_at != 0).then(|| Timestamp(head_at).micros_since(self.opened)),
                total_us: at.micros_since(self.opened),
            },
            upstream: reached.map(|reached| String::from(&*reached.peer)),
            request_bytes: *self.request_bytes.get_mut(),
            response_bytes: *self.response_bytes.get_mut(),
            hashes: Vec::new(),
        };
        self.tell(at, Fact::End(Box::new(end)));
        self.link.pulse.end();
    }
}

/// What an error on the upstream's connection says about the end: a reset is the upstream's deed,
/// anything else leaves the end unseen.
pub(super) fn upstream_outcome(error: &(dyn Error + 'static)) -> Outcome {
    let stream_reset = cause::<h2::Error>(error)
        .is_some_and(|error| error.is_remote() && (error.is_reset() || error.is_go_away()));
    let reset = cause::<io::Error>(error)
        .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
    if stream_reset || reset { Outcome::UpstreamReset } else { Outcome::Truncated }
}

/// The first of an error's causes that is an `E`.
pub(super) fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error and its causes in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}
