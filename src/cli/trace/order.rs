//! Mentions by time, though exchanges overlap.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::Mention,
};

/// Mentions that wait for exchanges that may come before them. When there are more, the oldest go
/// on: only a stream that mentions the value so often before the next exchange began is then told
/// ahead of its time.
const WAITING_CAP: usize = 100_000;

/// Puts mentions in order: exchanges come by the time they began.
#[derive(Default)]
pub(in crate::cli) struct Order {
    /// By time, exchange, and order within it.
    waiting: BinaryHeap<Reverse<Waiting>>,
    number: u64,
}

struct Waiting {
    at: (Timestamp, ExchangeId, u64),
    mention: Mention,
}

impl Order {
    /// Takes the mentions of an exchange; gives what must go on for want of room.
    pub(in crate::cli) fn add(&mut self, mentions: Vec<Mention>) -> Vec<Mention> {
        for mention in mentions {
            let at = (mention.at, mention.exchange, self.number);
            self.number += 1;
            self.waiting.push(Reverse(Waiting { at, mention }));
        }
        let over = self.waiting.len().saturating_sub(WAITING_CAP);
        (0..over).filter_map(|_| self.pop()).collect()
    }

    /// What no exchange that begins at this time or later can come before.
    pub(in crate::cli) fn until(&mut self, begins: Timestamp) -> Vec<Mention> {
        let mut ready = Vec::new();
        while self.waiting.peek().is_some_and(|Reverse(next)| next.at.0 < begins) {
            ready.extend(self.pop());
        }
        ready
    }

    /// What is left.
    pub(in crate::cli) fn rest(mut self) -> impl Iterator<Item = Mention> {
        std::iter::from_fn(move || self.pop())
    }

    fn pop(&mut self) -> Option<Mention> {
        self.waiting.pop().map(|Reverse(waiting)| waiting.mention)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}
