//! The thread that makes the journal durable, beside the one that appends: an append never waits
//! for the disk's cache (store.md: every 100 ms, and at the end of each stream).

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::store::StoreError;

use super::shared::Shared;

/// How old an append gets before it is made durable.
const PERIOD: Duration = Duration::from_millis(100);

/// What the syncer is asked.
enum Ask {
    /// Something was appended.
    Dirty,
    /// Something was appended and its stream has ended.
    Urgent,
    /// Make everything durable and tell.
    Now(SyncSender<Result<(), StoreError>>),
}

/// The writer's hold on the thread; dropping it ends it.
pub(super) struct Syncer {
    asks: Sender<Ask>,
    /// The thread knows of an append that it has not made durable.
    told: Arc<AtomicBool>,
}

impl Syncer {
    /// Starts the thread. `sync` makes durable what was appended before it was called.
    pub(super) fn start(
        sync: Box<dyn FnMut() -> Result<(), StoreError> + Send>,
        shared: Arc<Shared>,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (asks, receiver) = mpsc::channel();
        let told = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&told);
        let run = move || run(sync, &receiver, &known, &shared);
        let thread = crate::tasks::thread("wiretape-sync", run)?;
        Ok((Self { asks, told }, thread))
    }

    /// Tells of an append.
    pub(super) fn appended(&self, urgent: bool) {
        // One word is enough until the thread acts upon it.
        let told = self.told.swap(true, Ordering::AcqRel);
        if urgent {
            let _ = self.asks.send(Ask::Urgent);
        } else if !told {
            let _ = self.asks.send(Ask::Dirty);
        }
    }

    /// Asks for durability of everything before; `done` is told.
    pub(super) fn now(&self, done: SyncSender<Result<(), StoreError>>) {
        let _ = self.asks.send(Ask::Now(done));
    }
}

fn run(
    mut sync: Box<dyn FnMut() -> Result<(), StoreError> + Send>,
    asks: &Receiver<Ask>,
    told_of: &AtomicBool,
    shared: &Shared,
) {
    while let Ok(first) = asks.recv() {
        let mut told = Vec::new();
        let deadline = Instant::now() + PERIOD;
        let mut next = Some(first);
        // Gathers until something is urgent or the oldest append is a period old.
        loop {
            match next.take() {
                Some(Ask::Now(done)) => {
                    told.push(done);
                    break;
                }
                Some(Ask::Urgent) => break,
                Some(Ask::Dirty) | None => {}
            }
            match asks.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(ask) => next = Some(ask),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        // What else is urgent by now is done by the same sync.
        while let Ok(ask) = asks.try_recv() {
            if let Ask::Now(done) = ask {
                told.push(done);
            }
        }
        // Before the sync: what is appended from here on may miss it and is told of again.
        told_of.store(false, Ordering::Release);
        let result = sync();
        if let Err(error) = &result {
            shared.board.update(|status| status.unsynced = Some(error.to_string()));
        } else {
            shared.board.update(|status| status.unsynced = None);
        }
        for done in told {
            let _ = done.send(match &result {
                Ok(()) => Ok(()),
                Err(error) => Err(StoreError::Io {
                    path: "journal".into(),
                    source: io::Error::other(error.to_string()),
                }),
            });
        }
    }
}

#[cfg(test)]
mod tests;
