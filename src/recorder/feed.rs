//! The feed: backlog and live records as one list without a gap. Live batches are broadcast with a
//! small bound; a subscriber that falls behind reads the journal from where it stands, so it slows
//! nothing and loses nothing. Only kept records are on it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    capture::Record,
    store::{Position, StoreError},
    tasks,
};

use super::{
    cursors::Cursor,
    pace::{self, Pace},
    shared::Shared,
};

/// Batches that a subscriber may be behind before it is served from the journal.
const LIVE_BATCHES: usize = 16;

/// The writer ends a batch here; its last record may exceed it. A live batch of more than twice
/// this is not kept for subscribers: they read it from the journal. With
/// [`LIVE_BATCHES`] it bounds what slow subscribers hold in memory to about 8 MiB.
pub(super) const LIVE_BATCH_BYTES: usize = 256 * 1024;

/// How much is read from the journal at once.
const BACKLOG_BYTES: usize = 1024 * 1024;

/// Before every entry there can be.
const START: Position = Position { segment: 0, offset: 0 };

/// Where a subscription starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeedStart {
    /// With what is recorded from now on.
    Now,
    /// Likewise, for one who only looks on: heavy traffic is told no faster than it can be looked
    /// at, so that it is not slowed by what looks on (`pace.rs`). Nothing is left out.
    LookOn,
    /// With the first record of the store.
    Beginning,
}

/// Where one subscribes. Clones are the same feed.
#[derive(Clone)]
pub struct Feed {
    publisher: Arc<Publisher>,
    shared: Arc<Shared>,
}

impl Feed {
    pub(super) fn new(publisher: Arc<Publisher>, shared: Arc<Shared>) -> Self {
        Self { publisher, shared }
    }

    /// Subscribes in one step: nothing is missed and nothing comes twice.
    #[must_use]
    pub fn subscribe(&self, from: FeedStart) -> Subscription {
        let state = self.publisher.lock();
        let live = match &state.sender {
            Some(sender) => sender.subscribe(),
            // The recording is over: a channel that is closed already.
            None => broadcast::channel(1).1,
        };
        let after = match from {
            FeedStart::Now | FeedStart::LookOn => state.last,
            FeedStart::Beginning => START,
        };
        Subscription {
            live,
            publisher: Arc::clone(&self.publisher),
            cursor: self.shared.cursors.at(after),
            shared: Arc::clone(&self.shared),
            after,
            behind: after < state.last,
            pace: (from == FeedStart::LookOn).then(|| Pace::new(state.units, Instant::now())),
        }
    }
}

/// The writer's end.
#[derive(Debug)]
pub(super) struct Publisher {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    sender: Option<broadcast::Sender<Batch>>,
    last: Position,
    /// All that was published, as [`pace::units`] count.
    units: u64,
}

#[derive(Clone, Debug)]
struct Batch {
    /// None where it is too large to be held.
    records: Option<Arc<[Record]>>,
    units: u64,
    last: Position,
    /// See [`super::cursors::Cursors::moves`].
    moves: u64,
}

impl Publisher {
    /// A feed whose journal ends at `last`.
    pub(super) fn new(last: Option<Position>) -> Self {
        let sender = Some(broadcast::channel(LIVE_BATCHES).0);
        Self { state: Mutex::new(State { sender, last: last.unwrap_or(START), units: 0 }) }
    }

    /// Publishes a batch whose last entry is at `last`, after so many moves; its exchanges are in the
    /// live table already.
    pub(super) fn publish(
        &self,
        records: &Arc<[Record]>,
        bytes: usize,
        (last, moves): (Position, u64),
    ) {
        let mut state = self.lock();
        let units = pace::units(records.len(), bytes);
        state.last = last;
        state.units = state.units.saturating_add(units);
        if let Some(sender) = &state.sender {
            let records = (bytes <= 2 * LIVE_BATCH_BYTES).then(|| Arc::clone(records));
            // Nobody listens: fine.
            let _ = sender.send(Batch { records, units, last, moves });
        }
    }

    /// Ends the feed: subscribers get what is left, then none.
    pub(super) fn close(&self) {
        self.lock().sender = None;
    }

    fn last(&self) -> Position {
        self.lock().last
    }

    fn units(&self) -> u64 {
        self.lock().units
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One subscriber's place in the feed.
pub struct Subscription {
    live: broadcast::Receiver<Batch>,
    publisher: Arc<Publisher>,
    shared: Arc<Shared>,
    /// The last entry told of, as the writer named it: entries that move do not change it.
    after: Position,
    /// The last entry told of, where it lies now.
    cursor: Arc<Cursor>,
    behind: bool,
    /// None where all is told as fast as it is taken.
    pace: Option<Pace>,
}

impl Subscription {
    /// The next records, in the order of the journal; none once the recording is over and all is
    /// told, or where the journal cannot be read on. Cancel safe.
    pub async fn next(&mut self) -> Option<Arc<[Record]>> {
        while let Some(wait) = self.pause() {
            tokio::time::sleep(wait).await;
        }
        loop {
            while self.behind {
                let (shared, cursor, upto) =
                    (Arc::clone(&self.shared), Arc::clone(&self.cursor), self.publisher.last());
                let most = self.most();
                let backlog = tasks::blocking(move || read_backlog(&shared, &cursor, upto, most));
                let backlog = backlog.await.ok()?.ok()?;
                if let Some(records) = self.caught_up_with(backlog) {
                    return Some(records);
                }
            }
            let batch = self.live.recv().await;
            match self.live_batch(batch) {
                Next::Records(records) => return Some(records),
                Next::Again => {}
                Next::Over => return None,
            }
        }
    }

    /// The same for a thread of its own.
    pub fn next_blocking(&mut self) -> Option<Arc<[Record]>> {
        while let Some(wait) = self.pause() {
            thread::sleep(wait);
        }
        loop {
            while self.behind {
                let (upto, most) = (self.publisher.last(), self.most());
                let backlog = read_backlog(&self.shared, &self.cursor, upto, most).ok()?;
                if let Some(records) = self.caught_up_with(backlog) {
                    return Some(records);
                }
            }
            let batch = self.live.blocking_recv();
            match self.live_batch(batch) {
                Next::Records(records) => return Some(records),
                Next::Again => {}
                Next::Over => return None,
            }
        }
    }

    /// The next records that can be had from memory, for one who only shows what passes: where
    /// traffic is faster than that, the journal is not read back for it but skipped. Blocks. It is
    /// for a subscription from [`FeedStart::Now`].
    pub fn next_passing(&mut self) -> Option<Passing> {
        match self.live.blocking_recv() {
            Ok(Batch { records, last, moves, .. }) => {
                self.after = last;
                self.cursor.advance(last, moves);
                Some(records.map_or(Passing::Skipped, Passing::Records))
            }
            Err(RecvError::Lagged(_)) => Some(Passing::Skipped),
            Err(RecvError::Closed) => None,
        }
    }

    /// How long it is to wait before it is told more.
    fn pause(&mut self) -> Option<Duration> {
        let recorded = self.pace.is_some().then(|| self.publisher.units())?;
        self.pace.as_mut()?.wait(recorded, Instant::now())
    }

    /// How much is read from the journal at once: little where it is to last.
    fn most(&self) -> usize {
        let heavy = self.pace.as_ref().is_some_and(Pace::is_heavy);
        if heavy { LIVE_BATCH_BYTES } else { BACKLOG_BYTES }
    }

    fn spend(&mut self, units: u64) {
        if let Some(pace) = &mut self.pace {
            pace.spend(units);
        }
    }

    fn caught_up_with(&mut self, backlog: Backlog) -> Option<Arc<[Record]>> {
        if !self.cursor.advance(backlog.last, backlog.moves) {
            // Entries moved meanwhile; it is read again from where they are now.
            return None;
        }
        self.after = backlog.last;
        self.behind = backlog.more;
        self.spend(pace::units(backlog.records.len(), backlog.bytes));
        (!backlog.records.is_empty()).then(|| backlog.records.into())
    }

    fn live_batch(&mut self, batch: Result<Batch, RecvError>) -> Next {
        match batch {
            // Read from the journal already.
            Ok(batch) if batch.last <= self.after => Next::Again,
            Ok(Batch { records: Some(records), units, last, moves })
                if self.cursor.advance(last, moves) =>
            {
                self.after = last;
                self.spend(units);
                Next::Records(records)
            }
            // Too large, of before a move, or gone: the journal has it.
            Ok(_) | Err(RecvError::Lagged(_)) => {
                tracing::debug!("a feed fell behind: it reads the journal");
                self.behind = true;
                Next::Again
            }
            Err(RecvError::Closed) if self.after < self.publisher.last() => {
                self.behind = true;
                Next::Again
            }
            Err(RecvError::Closed) => Next::Over,
        }
    }
}

/// What passes; see [`Subscription::next_passing`].
#[derive(Clone, Debug)]
pub enum Passing {
    /// Records.
    Records(Arc<[Record]>),
    /// Records were recorded here and not read.
    Skipped,
}

enum Next {
    Records(Arc<[Record]>),
    Again,
    Over,
}

/// A piece of the journal.
struct Backlog {
    records: Vec<Record>,
    bytes: usize,
    /// Up to and with this entry it is read.
    last: Position,
    /// The count of moves for which `last` holds.
    moves: u64,
    /// It goes on after `last`.
    more: bool,
}

/// Reads entries after the cursor up to and with `upto`, `most` bytes or one entry more, leaving out
/// what is deleted by now.
fn read_backlog(
    shared: &Shared,
    cursor: &Cursor,
    upto: Position,
    most: usize,
) -> Result<Backlog, StoreError> {
    let _still = shared.still();
    let (after, moves) = cursor.get();
    let mut backlog = Backlog { records: Vec::new(), bytes: 0, last: upto, moves, more: false };
    let mut seen = after;
    let scanned = shared.journal.scan(after, &mut |position, records| {
        if position <= after {
            return Ok(());
        }
        if position > upto || backlog.bytes >= most {
            backlog.more = position <= upto;
            return Err(StoreError::Catalog("enough read".to_owned()));
        }
        seen = position;
        let id = records.first().and_then(|record| record.exchange);
        if id.map_or(Ok(true), |id| shared.knows(id))? {
            backlog.bytes += records.iter().map(super::pack::weight).sum::<usize>();
            backlog.records.extend(records);
        }
        Ok(())
    });
    match scanned {
        Ok(_) => {}
        Err(_) if backlog.more => backlog.last = seen,
        Err(_) if seen >= upto => {}
        // Enough was read because the next entry lies behind `upto`, which itself is gone.
        Err(StoreError::Catalog(why)) if why == "enough read" => {}
        Err(error) => return Err(error),
    }
    Ok(backlog)
}
