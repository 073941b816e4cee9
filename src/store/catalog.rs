//! The catalog in sled: what is found by key (store.md). The only file that names sled.
//!
//! Nothing lives here that the journal cannot give back. So whatever is wrong with the folder, it
//! is set aside and an empty catalog opened for the caller to fill: never a refusal, save where
//! another process has it open. sled panics on some kinds of noise; every call is guarded.
//!
//! A crash may leave part of a batch applied. sled's log is a sequence, and a batch is applied
//! table by table with [`Table::Meta`], which holds the watermark, last: what the watermark covers
//! is there, and what is there beyond it is applied again with the same outcome.

use std::{
    any::Any,
    cell::Cell,
    fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use uuid::Uuid;

use super::{Catalog, CatalogBatch, StoreError, Table, segments};

/// sled's page cache where it is written; more buys nothing (store.md). What it holds takes twice as
/// much of memory.
pub const RECORDERS_CACHE: u64 = 32 << 20;

/// Likewise where it is only read: from old to new, so that nearly every page is met once.
pub const READERS_CACHE: u64 = 4 << 20;

/// Where the catalog's own version lies, in sled's default tree.
const VERSION_KEY: &[u8] = b"version";

/// sled's threads let go of a folder a moment after its last handle: a catalog that is opened
/// again right away waits for them, 1 s at most.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// All tables in the order in which a batch is applied: the watermark last.
const TABLES: [Table; 6] = [
    Table::Exchanges,
    Table::Positions,
    Table::Postings,
    Table::Notices,
    Table::Judgements,
    Table::Meta,
];

/// A catalog on disk.
pub struct SledCatalog {
    db: sled::Db,
    trees: [sled::Tree; TABLES.len()],
    dir: PathBuf,
    /// Something was applied that is not durable yet. Who only reads has nothing to sync.
    dirty: AtomicBool,
}

/// How a catalog was found.
pub enum Opened {
    /// As it was left; the watermark in [`Table::Meta`] says how far it is.
    Ready(SledCatalog),
    /// Empty, to be filled from the journal.
    Rebuild {
        /// The empty one.
        catalog: SledCatalog,
        /// Why, to be told.
        because: String,
    },
}

impl SledCatalog {
    /// Opens the catalog in a folder of its own. `version` is the caller's: of what it puts in,
    /// its decoder's included; `cache` is [`RECORDERS_CACHE`] or [`READERS_CACHE`].
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`], or the disk's where not even an empty catalog can be made.
    pub fn open(dir: &Path, version: u32, cache: u64) -> Result<Opened, StoreError> {
        let mut tries = 0;
        let because = loop {
            match Self::open_existing(dir, version, cache) {
                Ok(catalog) => return Ok(Opened::Ready(catalog)),
                Err(Unusable::Because(because)) => break because,
                Err(Unusable::InUse) if tries < LOCK_TRIES => {
                    tries += 1;
                    thread::sleep(LOCK_PAUSE);
                }
                Err(Unusable::InUse) => return Err(StoreError::InUse { path: dir.to_owned() }),
            }
        };
        set_aside(dir)?;
        let catalog = Self::create(dir, version, cache)?;
        Ok(Opened::Rebuild { catalog, because })
    }

    fn open_existing(dir: &Path, version: u32, cache: u64) -> Result<Self, Unusable> {
        if !dir.exists() {
            return Err(Unusable::Because("there is none yet".to_owned()));
        }
        // Left by a full disk: sled would report corruption from now on (store.md).
        if half_made_snapshot(dir) {
            return Err(Unusable::Because("a snapshot was not finished".to_owned()));
        }
        guard(|| {
            let catalog = Self::open_folder(dir, cache)?;
            catalog.probe(version)?;
            Ok(catalog)
        })
        .unwrap_or_else(|panicked| Err(Unusable::Because(panicked)))
    }

    fn create(dir: &Path, version: u32, cache: u64) -> Result<Self, StoreError> {
        let made = guard(|| {
            let catalog = Self::open_folder(dir, cache)?;
            catalog.db.insert(VERSION_KEY, &version.to_be_bytes())?;
            catalog.dirty.store(true, Ordering::Release);
            Ok(catalog)
        });
        match made.unwrap_or_else(|panicked| Err(Unusable::Because(panicked))) {
            Ok(catalog) => Ok(catalog),
            Err(Unusable::InUse) => Err(StoreError::InUse { path: dir.to_owned() }),
            Err(Unusable::Because(because)) => Err(StoreError::Catalog(because)),
        }
    }

    fn open_folder(dir: &Path, cache: u64) -> Result<Self, Unusable> {
        let db = sled::Config::new()
            .path(dir)
            .cache_capacity(cache)
            .flush_every_ms(None) // `sync` does it, at the caller's time
            .open()?;
        let [exchanges, positions, postings, notices, judgements, meta] =
            TABLES.map(|table| db.open_tree(name(table)));
        Ok(Self {
            trees: [exchanges?, positions?, postings?, notices?, judgements?, meta?],
            db,
            dir: dir.to_owned(),
            dirty: AtomicBool::new(false),
        })
    }

    /// Reads what can be read cheaply, so that most noise shows now; the rest shows as an error
    /// of a later call.
    fn probe(&self, version: u32) -> Result<(), Unusable> {
        match self.db.get(VERSION_KEY)? {
            Some(found) if *found == version.to_be_bytes() => {}
            Some(_) => return Err(Unusable::Because("it is of another version".to_owned())),
            None => return Err(Unusable::Because("it was not finished".to_owned())),
        }
        for tree in &self.trees {
            tree.first()?;
            tree.last()?;
        }
        self.tree(Table::Meta).iter().try_for_each(|pair| pair.map(|_| ()))?;
        Ok(())
    }

    fn sync_all(&self) -> Result<(), StoreError> {
        guarded(|| self.db.flush().map(|_| ()))?;
        let file = self.dir.join("db");
        fs::File::open(&file)
            .and_then(|db| db.sync_data())
            .map_err(|source| segments::at(&file, source))?;
        segments::sync_folder(&self.dir)
    }

    fn tree(&self, table: Table) -> &sled::Tree {
        let [exchanges, positions, postings, notices, judgements, meta] = &self.trees;
        match table {
            Table::Exchanges => exchanges,
            Table::Positions => positions,
            Table::Postings => postings,
            Table::Judgements => judgements,
            Table::Notices => notices,
            Table::Meta => meta,
        }
    }
}

impl Catalog for SledCatalog {
    fn apply(&self, batch: CatalogBatch) -> Result<(), StoreError> {
        if batch.changes.is_empty() {
            return Ok(());
        }
        let mut batches = TABLES.map(|table| (table, sled::Batch::default(), false));
        for (table, key, value) in batch.changes {
            for (_, batch, used) in batches.iter_mut().filter(|(t, ..)| *t == table) {
                *used = true;
                match &value {
                    Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                    None => batch.remove(key.as_slice()),
                }
            }
        }
        let applied = guarded(|| {
            for (table, batch, _) in batches.into_iter().filter(|(.., used)| *used) {
                self.tree(table).apply_batch(batch)?;
            }
            Ok(())
        });
        // Behind it: a sync beside it may have missed it.
        self.dirty.store(true, Ordering::Release);
        applied
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| Ok(self.tree(table).get(key)?.map(|value| value.to_vec())))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut pairs = self.tree(table).scan_prefix(prefix);
        // Only sled's part is guarded: a panic of the visitor is not the catalog's fault.
        while let Some((key, value)) = guarded(|| pairs.next().transpose())? {
            visit(&key, &value)?;
        }
        Ok(())
    }

    fn walk(
        &self,
        table: Table,
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut pairs = self.tree(table).range(from..);
        while let Some((key, value)) = guarded(|| pairs.next().transpose())? {
            if !visit(&key, &value)? {
                break;
            }
        }
        Ok(())
    }

    /// sled's own flush does not reach the disk through a power loss (store.md): its file and its
    /// folder are synced here.
    fn sync(&self) -> Result<(), StoreError> {
        // Before the flush: what is applied from here on may miss it and is dirty again.
        if !self.dirty.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let synced = self.sync_all();
        if synced.is_err() {
            self.dirty.store(true, Ordering::Release);
        }
        synced
    }
}

/// Why a folder does not serve.
enum Unusable {
    InUse,
    Because(String),
}

impl From<sled::Error> for Unusable {
    fn from(error: sled::Error) -> Self {
        // An error of kind Other is all that sled gives (store.md).
        let text = error.to_string();
        if text.contains("could not acquire lock") { Self::InUse } else { Self::Because(text) }
    }
}

fn name(table: Table) -> &'static str {
    match table {
        Table::Exchanges => "exchanges",
        Table::Positions => "positions",
        Table::Postings => "postings",
        Table::Judgements => "judgements",
        Table::Notices => "notices",
        Table::Meta => "meta",
    }
}

fn half_made_snapshot(dir: &Path) -> bool {
    let names = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| name.into_string().ok())
        .any(|name| name.starts_with("snap.") && name.ends_with(".generating"))
}

/// Renames the folder, so that one can still look at it; older ones that were set aside go.
fn set_aside(dir: &Path) -> Result<(), StoreError> {
    if !dir.exists() {
        return Ok(());
    }
    let (Some(parent), Some(own)) = (dir.parent(), dir.file_name().and_then(|n| n.to_str())) else {
        return Err(StoreError::Catalog(format!("{} is no folder's path", dir.display())));
    };
    let prefix = format!("{own}.broken-");
    for entry in fs::read_dir(parent).map_err(|source| segments::at(parent, source))?.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)) {
            // One that will not go takes up room and does no other harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let aside = parent.join(format!("{prefix}{}", Uuid::new_v4().simple()));
    fs::rename(dir, aside)
        .or_else(|_| if dir.is_dir() { fs::remove_dir_all(dir) } else { fs::remove_file(dir) })
        .map_err(|source| segments::at(dir, source))
}

fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match guard(call) {
        Ok(result) => result.map_err(|error| StoreError::Catalog(error.to_string())),
        Err(panicked) => Err(StoreError::Catalog(panicked)),
    }
}

thread_local! {
    /// Whether this thread is inside sled, whose panics are told as errors.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls sled; a panic of it becomes its message and is not printed.
///
/// A catalog that panicked is only ever dropped and rebuilt, so nobody meets broken invariants.
fn guard<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                print(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(outer);
    result.map_err(|panicked| format!("the engine gave up: {}", text(panicked.as_ref())))
}

fn text(panicked: &(dyn Any + Send)) -> &str {
    let literal = panicked.downcast_ref::<&str>().copied();
    literal.or_else(|| panicked.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason")
}

#[cfg(test)]
mod tests;
