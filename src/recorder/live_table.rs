//! What the journal holds and the catalog does not yet: the tail that a reader folds by itself
//! (design.md, Store). The writer adds, the catalog thread takes away, readers copy.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use crate::{
    capture::{ExchangeId, Record},
    store::Position,
};

use super::ids::IdMap;

/// At this many ended exchanges that the catalog has not taken in, the writer waits for it, and the
/// traffic by the full-queue rule: memory stays under about 50 MiB.
pub(super) const LAG_EXCHANGES: usize = 250_000;

/// The tail of the journal, by exchange.
#[derive(Debug, Default)]
pub(super) struct LiveTable {
    inner: Mutex<Inner>,
    /// Somebody had to read from it since this was last asked.
    read: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    exchanges: IdMap<Live>,
    notices: VecDeque<(Position, Record)>,
    ended: usize,
    /// The last entry that was added.
    told: Option<Position>,
}

#[derive(Debug, Default)]
struct Live {
    positions: Vec<Position>,
    ended: bool,
}

/// A journal entry as the writer tells of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// Where it lies.
    pub(super) position: Position,
    /// Whose it is; none for notices.
    pub(super) exchange: Option<ExchangeId>,
    /// Nothing more comes for this exchange.
    pub(super) ends: bool,
}

impl LiveTable {
    /// Adds entries that were appended to the journal, and the notices among them.
    pub(super) fn extend(
        &self,
        entries: impl IntoIterator<Item = Written>,
        notices: impl IntoIterator<Item = (Position, Record)>,
    ) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        for entry in entries {
            inner.told = Some(entry.position);
            let Some(id) = entry.exchange else { continue };
            let live = inner.exchanges.entry(id).or_default();
            live.positions.push(entry.position);
            if entry.ends && !live.ended {
                live.ended = true;
                inner.ended += 1;
            }
        }
        inner.notices.extend(notices);
    }

    /// Takes away what the catalog has by now: these exchanges, and notices up to `watermark`.
    pub(super) fn settle(&self, exchanges: &[ExchangeId], watermark: Option<Position>) {
        let mut inner = self.lock();
        for id in exchanges {
            if inner.exchanges.remove(id).is_some_and(|live| live.ended) {
                inner.ended -= 1;
            }
        }
        while inner.notices.front().is_some_and(|(position, _)| Some(*position) <= watermark) {
            inner.notices.pop_front();
        }
    }

    /// How many ended exchanges the catalog has not taken in.
    pub(super) fn lag(&self) -> usize {
        self.lock().ended
    }

    /// The last entry of the journal of which the table was told.
    pub(super) fn told(&self) -> Option<Position> {
        self.lock().told
    }

    /// Whether the exchange is in the tail.
    pub(super) fn contains(&self, id: ExchangeId) -> bool {
        self.lock().exchanges.contains_key(&id)
    }

    /// Whether the exchange is in the tail and goes on.
    pub(super) fn is_open(&self, id: ExchangeId) -> bool {
        self.lock().exchanges.get(&id).is_some_and(|live| !live.ended)
    }

    /// Where an exchange's entries lie; none where it is not in the tail.
    pub(super) fn positions(&self, id: ExchangeId) -> Option<Vec<Position>> {
        let positions = self.lock().exchanges.get(&id).map(|live| live.positions.clone());
        self.read.fetch_or(positions.is_some(), Relaxed);
        positions
    }

    /// Whether somebody read from the tail since this was last asked: its readers have the less to
    /// do the shorter it is.
    pub(super) fn was_read(&self) -> bool {
        self.read.swap(false, Relaxed)
    }

    /// All exchanges of the tail.
    pub(super) fn all(&self) -> Vec<(ExchangeId, Vec<Position>)> {
        self.read.store(true, Relaxed);
        self.lock().exchanges.iter().map(|(id, live)| (*id, live.positions.clone())).collect()
    }

    /// All notices of the tail, in the order of the journal.
    pub(super) fn notices(&self) -> Vec<Record> {
        self.lock().notices.iter().map(|(_, record)| record.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics between two changes that belong together.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
