//! Journal and catalog: what is kept and where (store.md).
//!
//! The journal is the truth: append-only, checksummed segment files (`segments`). The catalog is
//! what can be found by key, in sled, derived and rebuildable. A tape is the portable form of the
//! same records. This room knows nothing of `protocol`: what a record means is not its business,
//! and the catalog's values are bytes that the recorder hands it.

use serde::{Deserialize, Serialize};

use crate::capture::Record;

mod catalog;
mod memory;
mod segments;
pub mod tape;

pub use catalog::{Opened, READERS_CACHE, RECORDERS_CACHE, SledCatalog};
pub use memory::{MemoryCatalog, MemoryJournal};
pub use segments::{
    Cut, Recovery, Retention, Rewritten, SegmentInfo, Segments, Syncer, free_space,
};

/// Where one entry of the journal lies. Positions ascend in the order of appending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The segment's number, from 1.
    pub segment: u32,
    /// The entry's offset in the segment file, in bytes.
    pub offset: u32,
}

/// An append-only list of records: the segment files of a home, or memory in tests.
pub trait Journal: Send {
    /// Appends one entry: records of one exchange, or notices. It is not durable before
    /// [`Journal::sync`].
    ///
    /// # Errors
    ///
    /// The disk's. What was appended before stays readable.
    fn append(&mut self, records: &[Record]) -> Result<Position, StoreError>;

    /// Makes what was appended durable.
    ///
    /// # Errors
    ///
    /// The disk's.
    fn sync(&mut self) -> Result<(), StoreError>;

    /// A reader of the same journal; it sees what was appended at once and may live on another thread.
    fn reader(&self) -> Box<dyn JournalReader>;
}

/// Reading a journal while it may be written.
pub trait JournalReader: Send + Sync {
    /// Hands over to the system what was appended and is still in memory, so that it outlives this
    /// process; with `durable` to the disk, so that it outlives a power loss. Whoever keeps where an
    /// entry lies does this before: a place must not outlive its entry.
    ///
    /// # Errors
    ///
    /// The disk's. What was appended stays readable.
    fn write_out(&self, durable: bool) -> Result<(), StoreError>;

    /// The records of the entry at `position`.
    ///
    /// # Errors
    ///
    /// The disk's, or [`StoreError::Corrupt`] where the entry is not what was written.
    fn read(&self, position: Position) -> Result<Vec<Record>, StoreError>;

    /// Calls `visit` with every entry at or after `from`, in order of position, up to the end at
    /// the time of the call. A damaged entry ends its segment's visit with a note in `Scan`.
    ///
    /// # Errors
    ///
    /// The disk's, or what `visit` returned.
    fn scan(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Position, Vec<Record>) -> Result<(), StoreError>,
    ) -> Result<Scan, StoreError>;
}

/// What a scan came by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Where the next entry would be.
    pub end: Option<Position>,
    /// Places that could not be read, as text with file name and offset.
    pub damage: Vec<String>,
}

/// A table of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Versions and watermark.
    Meta,
    /// A row an exchange.
    Exchanges,
    /// Where an exchange's entries lie in the journal.
    Positions,
    /// Under a key and a batch, the exchanges that are found by it.
    Postings,
    /// What was found wrong in a session, until the session changes.
    Judgements,
    /// A row a notice.
    Notices,
}

/// What is found by key: a narrow seam with sled behind it as the one engine.
pub trait Catalog: Send + Sync {
    /// Applies a batch, [`Table::Meta`] last, so that a watermark covers nothing that is not
    /// there; after a crash part of it may be there. Applying a batch twice changes nothing.
    ///
    /// # Errors
    ///
    /// The engine's: the catalog is then to be rebuilt.
    fn apply(&self, batch: CatalogBatch) -> Result<(), StoreError>;

    /// The value at a key.
    ///
    /// # Errors
    ///
    /// The engine's.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    #[expect(clippy::type_complexity, reason = "a name for the visitor would hide what it is")]
    /// Calls `visit` with every pair whose key begins with `prefix`, ascending.
    ///
    /// # Errors
    ///
    /// The engine's, or what `visit` returned.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    #[expect(clippy::type_complexity, reason = "a name for the visitor would hide what it is")]
    /// Calls `visit` with the pairs from the key `from` on, ascending, until it returns false.
    ///
    /// # Errors
    ///
    /// The engine's, or what `visit` returned.
    fn walk(
        &self,
        table: Table,
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError>;

    /// Makes what was applied durable.
    ///
    /// # Errors
    ///
    /// The engine's.
    fn sync(&self) -> Result<(), StoreError>;
}

/// Changes that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogBatch {
    /// Table, key and new value; `None` removes.
    pub changes: Vec<(Table, Vec<u8>, Option<Vec<u8>>)>,
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Bytes on disk are not what was written.
    #[error("{place}: {what}")]
    Corrupt {
        /// File and offset.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// Written by a newer wiretape.
    #[error(
        "{place} has format version {found}; this wiretape reads up to {known}\nhint: update wiretape, or take another --home"
    )]
    Newer {
        /// File or folder.
        place: String,
        /// Its version.
        found: u16,
        /// The newest we know.
        known: u16,
    },
    /// Another process has the catalog open.
    #[error("{} is in use by another process\nhint: is a wiretape of this home still ending? Try again, or take another --home", path.display())]
    InUse {
        /// The catalog's folder.
        path: std::path::PathBuf,
    },
    /// Records that are too long for one entry of the journal.
    #[error("records of {bytes} bytes are too long for one entry of the journal ({limit} at most)")]
    TooLarge {
        /// Their length.
        bytes: u64,
        /// The longest there may be.
        limit: u64,
    },
    /// A tape's fault.
    #[error(transparent)]
    Tape(#[from] tape::TapeError),
    /// The catalog's engine failed: rebuild it from the journal.
    #[error("the catalog cannot be used: {0}")]
    Catalog(String),
}
