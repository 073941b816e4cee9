//! The thread that keeps the catalog up to date. It may lag behind the journal; whatever happens to
//! the catalog, recording goes on (design.md, Store).

use std::{
    io,
    ops::Range,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread::{JoinHandle, Thread},
    time::{Duration, Instant},
};

use crate::{
    capture::{ExchangeId, Record},
    store::{Catalog, MemoryCatalog, Position, StoreError},
};

use super::{fold::Fold, live_table::LAG_EXCHANGES, recovery, shared::Shared};

mod pace;

use pace::{LONGEST_REST, Pace, SYNC_PERIOD};

/// Records that are held in memory for this thread. Beyond it they are dropped and read again from
/// the journal.
const HELD_BYTES: usize = 4 * 1024 * 1024;

/// A batch is applied when it has this many changes,
const BATCH_CHANGES: usize = 4096;

/// or when its first change is this old.
const BATCH_AGE: Duration = Duration::from_millis(50);

/// At this many ended exchanges that are not taken in, the thread rests no more: well before the
/// writer would have to wait for it.
const RESTING_EXCHANGES: usize = LAG_EXCHANGES / 2;

/// Makes an empty catalog in place of one that failed.
pub(super) type Renew = Box<dyn FnMut() -> Result<Arc<dyn Catalog>, StoreError> + Send>;

/// What the thread is told.
pub(super) enum Work {
    /// These entries were appended.
    Entries {
        /// Where each lies, and which of the records it holds.
        entries: Vec<(Position, Range<usize>)>,
        /// The records; none where memory was short, or the thread rests.
        records: Option<(Arc<[Record]>, usize)>,
        /// An exchange to which nothing more is appended although it has no end.
        closes: Option<ExchangeId>,
    },
    /// Apply all that came before, make it durable, tell.
    Sync(SyncSender<()>),
    /// Do this, which moves entries; then make another catalog from the journal and tell.
    Rebuild(Box<dyn FnOnce() + Send>, SyncSender<()>),
    /// Nothing more comes.
    Close,
}

/// A hold on the thread.
#[derive(Clone)]
pub(super) struct CatalogQueue {
    work: Sender<Work>,
    held: Arc<AtomicUsize>,
    pace: Arc<Pace>,
    thread: Thread,
    /// Held by the thread alone.
    alive: Weak<()>,
}

impl CatalogQueue {
    /// Starts the thread with what recovery folded.
    pub(super) fn start(
        fold: Fold,
        shared: Arc<Shared>,
        renew: Renew,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (work, receiver) = mpsc::channel();
        let held = Arc::new(AtomicUsize::new(0));
        let pace = Arc::new(Pace::default());
        let life = Arc::new(());
        let alive = Arc::downgrade(&life);
        let (its_held, its_pace) = (Arc::clone(&held), Arc::clone(&pace));
        let thread = crate::tasks::background_thread("wiretape-catalog", move || {
            let (synced, began_at, scanned) = (Instant::now(), fold.watermark(), None);
            let (held, pace) = (its_held, its_pace);
            CatalogThread { fold, shared, renew, held, pace, synced, began_at, scanned }
                .run(&receiver);
            drop(life);
        })?;
        Ok((Self { work, held, pace, thread: thread.thread().clone(), alive }, thread))
    }

    /// Tells of entries; `bytes` is what their records weigh.
    pub(super) fn entries(
        &self,
        entries: Vec<(Position, Range<usize>)>,
        records: &Arc<[Record]>,
        bytes: usize,
        closes: Option<ExchangeId>,
    ) {
        self.pace.told(records.len());
        let room = self.held.load(Ordering::Relaxed) + bytes <= HELD_BYTES;
        let fits = room && !self.pace.rests();
        if fits {
            self.held.fetch_add(bytes, Ordering::Relaxed);
        }
        let records = fits.then(|| (Arc::clone(records), bytes));
        // A thread that is gone leaves its work to the next start.
        let _ = self.work.send(Work::Entries { entries, records, closes });
    }

    /// Whether the thread is there.
    pub(super) fn is_alive(&self) -> bool {
        self.alive.upgrade().is_some()
    }

    /// Waits until all that was told is applied and durable.
    pub(super) fn sync(&self) {
        self.wait_for(Work::Sync);
    }

    /// Waits until `moves` has run and the catalog is made anew from the journal.
    pub(super) fn rebuild_after(&self, moves: Box<dyn FnOnce() + Send>) {
        self.wait_for(|done| Work::Rebuild(moves, done));
    }

    /// Ends the thread once all that was told is applied and durable.
    pub(super) fn close(&self) {
        let _ = self.work.send(Work::Close);
        self.wake();
    }

    fn wait_for(&self, work: impl FnOnce(SyncSender<()>) -> Work) {
        let (done, wait) = mpsc::sync_channel(1);
        if self.work.send(work(done)).is_ok() {
            self.wake();
            let _ = wait.recv();
        }
    }

    /// Ends a rest.
    fn wake(&self) {
        self.pace.want();
        self.thread.unpark();
    }
}

struct CatalogThread {
    fold: Fold,
    shared: Arc<Shared>,
    renew: Renew,
    held: Arc<AtomicUsize>,
    pace: Arc<Pace>,
    synced: Instant,
    /// Where the journal ended when this thread began.
    began_at: Option<Position>,
    /// Up to here entries were read from the journal in one go, before their turn.
    scanned: Option<Position>,
}

impl CatalogThread {
    fn run(mut self, work: &Receiver<Work>) {
        let mut count = 0;
        while let Ok(first) = work.recv() {
            let began = Instant::now();
            self.pace.since(&mut count);
            let deadline = began + BATCH_AGE;
            let mut next = Some(first);
            while let Some(work_now) = next.take() {
                match work_now {
                    Work::Sync(done) => {
                        self.apply(true);
                        let _ = done.send(());
                    }
                    Work::Rebuild(moves, done) => {
                        self.apply(false);
                        self.rebuild_after(moves);
                        let _ = done.send(());
                    }
                    Work::Close => return self.apply(true),
                    entries @ Work::Entries { .. } => self.take_in(entries),
                }
                if self.fold.len() >= BATCH_CHANGES {
                    break;
                }
                let patience = deadline.saturating_duration_since(Instant::now());
                match work.recv_timeout(patience) {
                    Ok(work) => next = Some(work),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                }
            }
            self.apply(false);
            if pace::is_dense(self.pace.since(&mut count), began.elapsed()) {
                let live = &self.shared.live;
                self.pace.rest(LONGEST_REST, || !live.was_read() && live.lag() < RESTING_EXCHANGES);
            }
        }
        self.apply(true);
    }

    fn take_in(&mut self, work: Work) {
        let Work::Entries { entries, records, closes } = work else { return };
        for (position, range) in entries {
            match &records {
                Some((records, _)) => {
                    self.fold.entry(position, records.get(range).unwrap_or_default());
                }
                None if Some(position) > self.fold.watermark() => self.scan(position),
                None if Some(position) <= self.scanned => {}
                // A rebuild came before its turn: whom it concerns is to be told again.
                None => match self.shared.journal.read(position) {
                    Ok(records) => self.fold.entry(position, &records),
                    Err(error) => self.note(&error),
                },
            }
        }
        if let Some(id) = closes {
            self.fold.close(id);
        }
        if let Some((_, bytes)) = records {
            self.held.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// Takes in all that the journal has from here on, which is cheaper than entry by entry, as far
    /// as the tail knows of it: it must know of what leaves it.
    fn scan(&mut self, from: Position) {
        let shared = Arc::clone(&self.shared);
        let told = shared.live.told();
        let scanned = shared.journal.scan(from, &mut |position, records| {
            if Some(position) <= told {
                self.fold.entry(position, &records);
            }
            if self.fold.len() >= BATCH_CHANGES {
                self.apply(false);
            }
            Ok(())
        });
        self.scanned = told;
        match scanned {
            Ok(scan) => {
                for damage in scan.damage {
                    self.note(&StoreError::Catalog(damage));
                }
            }
            // Entries that are on disk but cannot be read now: the next rebuild tries again.
            Err(error) => self.note(&error),
        }
    }

    /// Rows that outlived their entries would be of exchanges that nobody can read: the engine writes
    /// when it likes, so the journal goes first.
    fn apply(&mut self, durable: bool) {
        let durable = durable || self.synced.elapsed() >= SYNC_PERIOD;
        let journal = &self.shared.journal;
        // What the disk refuses is told by those who write (append.rs, syncer.rs). What it does not
        // sync is tried again, and is no reason to make the rows durable.
        let durable = durable && journal.write_out(true).is_ok();
        if !durable && journal.write_out(false).is_err() {
            // It is full: entries wait in memory, and so do their rows.
            return;
        }
        if durable {
            self.synced = Instant::now();
        }
        let changes = self.fold.take();
        let catalog = self.shared.catalog();
        let applied = catalog
            .apply(changes.batch)
            .and_then(|()| if durable { catalog.sync() } else { Ok(()) });
        if let Err(error) = applied {
            drop(catalog);
            self.note(&error);
            self.rebuild_after(Box::new(|| {}));
        }
        // Whether applied or rebuilt from the journal, these are in the catalog now.
        self.shared.live.settle(&changes.done, changes.watermark);
    }

    /// Moves entries and makes another catalog. Readers wait: they would see half of it, or none.
    fn rebuild_after(&mut self, moves: Box<dyn FnOnce() + Send>) {
        let shared = Arc::clone(&self.shared);
        let _moving = shared.moving();
        moves();
        self.rebuild();
        self.close_ended();
        let changes = self.fold.take();
        if let Err(error) = shared.catalog().apply(changes.batch) {
            self.note(&error);
        }
        shared.live.settle(&changes.done, changes.watermark);
    }

    /// Closes what came to its end without an end record, as an import can: nobody will append to
    /// it, and without a row it would pass for deleted.
    fn close_ended(&mut self) {
        let told = self.shared.live.told();
        let over: Vec<ExchangeId> = (self.fold.open())
            .filter(|(id, folding)| {
                let is_told = folding.last_position() <= told.max(self.began_at);
                is_told && !self.shared.live.contains(*id)
            })
            .map(|(id, _)| id)
            .collect();
        for id in over {
            self.fold.close(id);
        }
    }

    /// Another catalog from the journal; in memory when the disk has none to offer.
    fn rebuild(&mut self) {
        tracing::debug!("the catalog is made anew from the journal");
        // As in `apply`. On a full disk there is no better catalog than one of what can be read.
        let _ = self.shared.journal.write_out(false);
        self.scanned = None;
        // The engine lets go of its folder once nobody holds the old one.
        self.shared.replace_catalog(Arc::new(MemoryCatalog::default()));
        let renewed = (self.renew)().and_then(|catalog| {
            let fold = recovery::fold_all(&*self.shared.journal, &*catalog, None, &mut |_, _| {})?;
            Ok((catalog, fold))
        });
        let (catalog, fold) = match renewed {
            Ok(renewed) => renewed,
            Err(error) => {
                self.note(&error);
                let catalog: Arc<dyn Catalog> = Arc::new(MemoryCatalog::default());
                match recovery::fold_all(&*self.shared.journal, &*catalog, None, &mut |_, _| {}) {
                    Ok(fold) => (catalog, fold),
                    Err(error) => return self.note(&error),
                }
            }
        };
        self.shared.replace_catalog(catalog);
        self.fold = fold;
    }

    fn note(&self, error: &StoreError) {
        tracing::warn!(%error, "the catalog failed");
        self.shared.board.update(|status| status.catalog = Some(error.to_string()));
    }
}

#[cfg(test)]
mod tests;
