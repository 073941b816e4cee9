//! Where a value likely comes from: what mentions it before a request with it first succeeded
//! (houses.md 1). Until that is known mentions are held; what is held at the end has no known use.

use super::Recording;
use crate::{
    capture::{ExchangeId, Side},
    protocol::Mention,
};

/// Mentions held until a request with the value is answered 2xx. When there are more, they are told
/// without an answer to what their origin is.
const HELD_CAP: usize = 1_000;

/// A mention, and what is known of its exchange.
pub(in crate::cli) struct Seen {
    pub(in crate::cli) mention: Mention,
    pub(in crate::cli) session: Option<ExchangeId>,
    /// The client sent the value, and the server took it.
    used: bool,
}

impl Seen {
    pub(in crate::cli) fn of(mention: Mention, recording: &Recording) -> Self {
        let status = recording.summary(mention.exchange).and_then(|summary| summary.status);
        let used = mention.side == Side::Request && status.is_some_and(|s| (200..300).contains(&s));
        let session = recording.session_of(mention.exchange).map(|session| session.id);
        Self { mention, session, used }
    }
}

/// A mention with what it is in the life of the value.
pub(in crate::cli) struct Held {
    pub(in crate::cli) seen: Seen,
    /// It came before the first use that succeeded.
    pub(in crate::cli) origin: bool,
    /// It is that use.
    pub(in crate::cli) first_use: bool,
}

/// Tells origins from uses.
#[derive(Default)]
pub(in crate::cli) struct Origins {
    held: Vec<Seen>,
    settled: bool,
}

impl Origins {
    /// Takes the next mention; gives those that are settled by now.
    pub(in crate::cli) fn take(&mut self, seen: Seen) -> Vec<Held> {
        if self.settled {
            return vec![Held { seen, origin: false, first_use: false }];
        }
        let used = seen.used;
        if !used {
            self.held.push(seen);
            return if self.held.len() > HELD_CAP { self.rest() } else { Vec::new() };
        }
        let mut settled = self.settle(Some(seen.mention.exchange));
        settled.push(Held { seen, origin: false, first_use: true });
        settled
    }

    /// What is still held: of no known use.
    pub(in crate::cli) fn rest(&mut self) -> Vec<Held> {
        self.settle(None)
    }

    /// `used_in` is the exchange of the first use.
    fn settle(&mut self, used_in: Option<ExchangeId>) -> Vec<Held> {
        self.settled = true;
        let held = std::mem::take(&mut self.held);
        let is_origin = |seen: &Seen| used_in.is_some_and(|used| used != seen.mention.exchange);
        held.into_iter()
            .map(|seen| Held { origin: is_origin(&seen), seen, first_use: false })
            .collect()
    }
}
