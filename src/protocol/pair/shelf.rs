//! Requests found by id, by stream and by age, each in logarithmic time however many share an id.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, Key};
use crate::capture::ExchangeId;

/// At most `cap` requests; the oldest makes room.
#[derive(Debug)]
pub(super) struct Shelf {
    cap: usize,
    next: u64,
    by_turn: BTreeMap<u64, Asked>,
    by_stream: BTreeSet<(Key, ExchangeId, u64)>,
    /// What HTTP refused comes after all others.
    by_age: BTreeSet<(Key, bool, u64)>,
}

impl Shelf {
    pub(super) fn new(cap: usize) -> Self {
        Self {
            cap,
            next: 0,
            by_turn: BTreeMap::new(),
            by_stream: BTreeSet::new(),
            by_age: BTreeSet::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_turn.len()
    }

    pub(super) fn put(&mut self, asked: Asked) {
        let turn = self.next;
        self.next += 1;
        self.by_stream.insert((asked.key.clone(), asked.stream.root, turn));
        self.by_age.insert((asked.key.clone(), asked.stream.refused, turn));
        self.by_turn.insert(turn, asked);
        if self.by_turn.len() > self.cap
            && let Some((&oldest, _)) = self.by_turn.first_key_value()
        {
            self.take(oldest);
        }
    }

    pub(super) fn take(&mut self, turn: u64) -> Option<Asked> {
        let asked = self.by_turn.remove(&turn)?;
        self.by_stream.remove(&(asked.key.clone(), asked.stream.root, turn));
        self.by_age.remove(&(asked.key.clone(), asked.stream.refused, turn));
        Some(asked)
    }

    pub(super) fn get(&self, turn: u64) -> Option<&Asked> {
        self.by_turn.get(&turn)
    }

    pub(super) fn oldest_on(&self, key: &Key, root: ExchangeId) -> Option<u64> {
        self.on(key, root).next()
    }

    pub(super) fn newest_on(&self, key: &Key, root: ExchangeId) -> Option<u64> {
        self.on(key, root).next_back()
    }

    pub(super) fn oldest(&self, key: &Key) -> Option<u64> {
        self.any(key).next()
    }

    pub(super) fn newest(&self, key: &Key) -> Option<u64> {
        self.any(key).next_back()
    }

    fn on(&self, key: &Key, root: ExchangeId) -> impl DoubleEndedIterator<Item = u64> {
        let range = (key.clone(), root, 0)..=(key.clone(), root, u64::MAX);
        self.by_stream.range(range).map(|(.., turn)| *turn)
    }

    fn any(&self, key: &Key) -> impl DoubleEndedIterator<Item = u64> {
        let range = (key.clone(), false, 0)..=(key.clone(), true, u64::MAX);
        self.by_age.range(range).map(|(.., turn)| *turn)
    }
}
