//! The recorder as a whole: opens a store, starts its threads, hands out what others need of it,
//! and ends it in order.

use std::{
    io,
    path::Path,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::{
    store::{READERS_CACHE, RECORDERS_CACHE, Retention, StoreError},
    tap::{self, OnFull, Tap},
    tasks,
};

use super::{
    append::Appender,
    catalog_thread::CatalogQueue,
    feed::{Feed, Publisher},
    fold::Fold,
    ground::Ground,
    import::Importer,
    keep::Keep,
    not_kept::Tally,
    open_table::OpenTable,
    owner_source::OwnerSource,
    prune::Pruner,
    recovery::{self, Progress, Recovered},
    ring::Ring,
    shared::Shared,
    status::Status,
    syncer::Syncer,
    writer::{Ask, Writer},
};

/// How a recorder records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecorderSettings {
    /// What happens to traffic while the tap's budget is spent.
    pub on_full: OnFull,
    /// The most bytes recorded of one body (`--max-body`); none for all.
    pub max_body: Option<u64>,
    /// No traffic passes while nothing can be recorded.
    pub require_recording: bool,
    /// Secrets are replaced before anything is written (`--redact-at-capture`).
    pub redact_at_capture: bool,
}

/// Why a recorder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no more threads.
    #[error("cannot start a thread: {0}\nhint: check the limit of processes (ulimit -u)")]
    Thread(#[source] io::Error),
}

/// The owner of an open store. Close it ([`Recorder::close`]); one that is dropped closes too, but
/// tells no error.
pub struct Recorder {
    pub(super) asks: UnboundedSender<Ask>,
    pub(super) shared: Arc<Shared>,
    pub(super) catalog: CatalogQueue,
    pub(super) retention: Option<Retention>,
    publisher: Arc<Publisher>,
    /// Nothing comes through a tap: whoever reads need not wait for what was sent.
    is_still: bool,
    threads: Vec<JoinHandle<()>>,
}

impl Recorder {
    /// Opens `captures/` of a home whose lock the caller holds, ends what a crash left open, and
    /// starts recording what comes through the tap. `progress` is told of a rebuild of the catalog:
    /// segments done, of how many.
    ///
    /// # Errors
    ///
    /// The disk's, a store of a newer wiretape, or no threads.
    pub fn open(
        captures: &Path,
        settings: RecorderSettings,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(Self, Tap, Recovered), OpenError> {
        Self::start(Ground::open(captures, RECORDERS_CACHE)?, settings, progress)
    }

    /// The same for one who only reads: nothing can be recorded.
    ///
    /// # Errors
    ///
    /// As [`Recorder::open`].
    pub fn open_for_reading(
        captures: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(Self, Recovered), OpenError> {
        let ground = Ground::open(captures, READERS_CACHE)?;
        let (recorder, _, recovered) = Self::start(ground, RecorderSettings::default(), progress)?;
        Ok((Self::still(recorder), recovered))
    }

    fn still(mut self) -> Self {
        self.is_still = true;
        self
    }

    pub(super) fn start(
        mut ground: Ground,
        settings: RecorderSettings,
        progress: &mut Progress<'_>,
    ) -> Result<(Self, Tap, Recovered), OpenError> {
        let (fold, recovered) = recover(&mut ground, progress)?;
        let keep = Keep::new(recovery::origins(&*ground.catalog)?);
        let (tap, intake) = tap::channel(settings.on_full);
        let (journal, catalog) = (ground.disk.journal.reader(), Arc::clone(&ground.catalog));
        let shared = Arc::new(Shared::new(journal, catalog, intake.gate()));
        let publisher = Arc::new(Publisher::new(fold.watermark()));
        let (asks, receiver) = unbounded_channel();
        let (catalog, catalog_thread) =
            CatalogQueue::start(fold, Arc::clone(&shared), ground.renew)
                .map_err(OpenError::Thread)?;
        let (syncer, sync_thread) =
            Syncer::start(ground.sync, Arc::clone(&shared)).map_err(OpenError::Thread)?;
        let writer = Writer {
            intake,
            asks: receiver,
            open: OpenTable::new(settings.max_body, settings.redact_at_capture),
            keep,
            appender: Appender {
                disk: ground.disk,
                syncer: Some(syncer),
                catalog: Some(catalog.clone()),
                feed: Arc::clone(&publisher),
                shared: Arc::clone(&shared),
                pause: None,
                required: settings.require_recording,
                counted: None,
            },
            shared: Arc::clone(&shared),
            ring: Ring::default(),
            tally: Tally::default(),
            batch: Vec::new(),
            numbered: Vec::new(),
            urgent: false,
        };
        let writer_thread = start_writer(writer).map_err(OpenError::Thread)?;
        let recorder = Self {
            asks,
            shared,
            catalog,
            retention: ground.retention,
            publisher,
            is_still: false,
            threads: vec![writer_thread, sync_thread, catalog_thread],
        };
        Ok((recorder, tap, recovered))
    }

    /// A reader of this store. It answers with everything that was sent to the tap before it was
    /// asked. It blocks: not for async code.
    #[must_use]
    pub fn source(&self) -> OwnerSource {
        let asks = (!self.is_still).then(|| self.asks.clone());
        OwnerSource::new(asks, Arc::clone(&self.shared))
    }

    /// Puts recordings in from elsewhere.
    #[must_use]
    pub fn importer(&self) -> Importer {
        Importer::new(self.asks.clone(), Arc::clone(&self.shared))
    }

    /// Deletes exchanges.
    #[must_use]
    pub fn pruner(&self) -> Pruner {
        Pruner {
            asks: self.asks.clone(),
            shared: Arc::clone(&self.shared),
            catalog: self.catalog.clone(),
            retention: self.retention.clone(),
        }
    }

    /// The feed of what is recorded.
    #[must_use]
    pub fn feed(&self) -> Feed {
        Feed::new(Arc::clone(&self.publisher), Arc::clone(&self.shared))
    }

    /// How the recording stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.board.snapshot()
    }

    /// Ends the recording: takes what is in the tap, marks exchanges that go on as truncated,
    /// makes journal and catalog durable and ends the threads. Blocks. Sources and subscriptions
    /// can be read on; the catalog's folder is let go when the last of them is dropped.
    ///
    /// # Errors
    ///
    /// The disk's at the last sync.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), StoreError> {
        let (done, wait) = mpsc::sync_channel(1);
        let asked = self.asks.send(Ask::Close(done)).is_ok();
        let result = if asked { wait.recv().unwrap_or(Ok(())) } else { Ok(()) };
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so itself.
            let _ = thread.join();
            // The writer comes first and has told all; for the others this changes nothing.
            self.catalog.close();
        }
        result
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if !self.threads.is_empty() {
            let _ = self.end();
        }
    }
}

/// Waits until everything sent to the tap before is in the journal. False: the recording is over.
pub(super) fn flush(asks: &UnboundedSender<Ask>) -> bool {
    let (done, wait) = mpsc::sync_channel(1);
    asks.send(Ask::Flush(done)).is_ok() && wait.recv().is_ok()
}

fn start_writer(writer: Writer) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    tasks::thread("wiretape-journal", move || runtime.block_on(writer.run()))
}

/// Brings the catalog up to date, from its watermark or from nothing, and ends what is open.
fn recover(
    ground: &mut Ground,
    progress: &mut Progress<'_>,
) -> Result<(Fold, Recovered), StoreError> {
    let reader = ground.disk.journal.reader();
    let mut rebuilt = ground.fresh.take();
    let mut caught_up = None;
    if rebuilt.is_none() {
        match recovery::catch_up(&*reader, &*ground.catalog, progress) {
            Ok(Some(fold)) => caught_up = Some(fold),
            Ok(None) => rebuilt = Some("it does not fit the journal".to_owned()),
            Err(error) => rebuilt = Some(error.to_string()),
        }
        if caught_up.is_none() {
            ground.catalog = Arc::new(crate::store::MemoryCatalog::default());
            ground.catalog = (ground.renew)()?;
        }
    }
    let mut fold = if let Some(fold) = caught_up {
        fold
    } else {
        let files = ground.retention.as_ref();
        let last = files.and_then(|files| files.segments().last().map(|segment| segment.number));
        recovery::fold_all(&*reader, &*ground.catalog, last, progress)?
    };
    let is_empty = fold.watermark().is_none();
    let truncated_exchanges =
        recovery::end_open(&mut fold, &mut *ground.disk.journal, &*ground.catalog)?;
    let recovered = Recovered {
        cut_bytes: ground.cut_bytes,
        truncated_exchanges,
        // The first start makes a catalog too, and that is no news.
        rebuilt: rebuilt.filter(|_| !is_empty),
        damage: std::mem::take(&mut ground.damage),
    };
    let Recovered { cut_bytes, truncated_exchanges, rebuilt, damage } = &recovered;
    tracing::debug!(cut_bytes, truncated_exchanges, ?rebuilt, ?damage, "store opened");
    Ok((fold, recovered))
}
