//! How the recording stands: what the live header shows and what `run` says at its end.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// A snapshot of the recording's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Exchanges and bytes recorded since the start.
    pub recorded: Recorded,
    /// The same by `run` label; those without one are under the empty text.
    pub by_run: BTreeMap<String, Recorded>,
    /// Exchanges that go on.
    pub open_exchanges: u64,
    /// Bytes between proxy and journal: near [`crate::tap::BUDGET_BYTES`] the traffic waits.
    pub waiting_bytes: u64,
    /// Bytes of exchanges that have not shown yet whether they are kept.
    pub ring_bytes: u64,
    /// Why nothing is recorded at present; none while all is well.
    pub paused: Option<String>,
    /// Traffic is refused meanwhile (`--require-recording`).
    pub refusing: bool,
    /// Why the latest sync of the journal failed; none while syncs succeed.
    pub unsynced: Option<String>,
    /// Why the catalog had to be rebuilt while recording.
    pub catalog: Option<String>,
}

/// How much was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Exchanges, running ones included.
    pub exchanges: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

/// How many `run` labels are counted apart; the rest are under the empty text too.
const RUNS: usize = 1_000;

impl Status {
    pub(super) fn count(&mut self, run: &str, more: Recorded) {
        let run = if self.by_run.len() < RUNS || self.by_run.contains_key(run) { run } else { "" };
        // A key is only made where there is none: this is called for every record.
        match self.by_run.get_mut(run) {
            Some(counted) => counted.add(more),
            None => {
                self.by_run.insert(run.to_owned(), more);
            }
        }
        self.recorded.add(more);
    }
}

impl Recorded {
    pub(super) fn add(&mut self, more: Self) {
        self.exchanges += more.exchanges;
        self.bytes += more.bytes;
    }
}

/// The place where the threads leave the state.
#[derive(Debug, Default)]
pub(super) struct Board {
    status: Mutex<Status>,
}

impl Board {
    pub(super) fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn snapshot(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
