//! The journal in segment files: the truth of a home (store.md).
//!
//! ```text
//! captures/00000001.seg                 sealed: never written again, at most 64 MiB
//! captures/00000002.seg                 (one entry larger than that goes alone)
//! captures/00000003.seg                 the tail: appended to by one writer
//!
//! segment  +0   magic          8 bytes  "wiretape"
//!          +8   format version u16 LE   this layout, 1
//!          +10  codec version  u16 LE   the payloads' shape, capture::codec::VERSION
//!          +12  number         u32 LE   that of the file's name
//!          +16  entry, entry, …         to the end of the file
//!
//! entry    +0   length         u32 LE   of the payload, 1 to 80 MiB
//!          +4   checksum       u32 LE   CRC-32 of the payload
//!          +8   payload                 capture::codec::encode(records)
//! ```
//!
//! Appending gathers bytes in a buffer of 256 KiB that readers share: what was appended is read
//! back at once, whether it is in the file yet or not. [`Syncer`] makes it durable from another
//! thread, so that an `fdatasync` never stands in the way of an append.
//!
//! Opening cuts the last segment at its first bad entry and says so, and begins a new segment with
//! the first append. This room does not know what records mean; what is deleted is told to it
//! ([`Retention`]).

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Journal, JournalReader, Position, StoreError};
use crate::capture::Record;

mod files;
mod format;
mod handles;
mod reader;
mod recovery;
mod retention;
mod tail;
#[cfg(test)]
mod tests;
mod walk;

pub use files::free_space;
pub(super) use files::{at, sync_folder};
pub use recovery::{Cut, Recovery};
pub use retention::{Retention, Rewritten, SegmentInfo};

use handles::Handles;
use reader::SegmentReader;
use tail::Tail;

/// The one writer of a folder of segments. The caller holds the home's lock.
pub struct Segments {
    shared: Arc<Shared>,
}

impl Segments {
    /// Opens a folder of segments (made where it is missing, private to its user), recovers what
    /// a crash left behind and says what that was.
    ///
    /// # Errors
    ///
    /// The disk's, or [`StoreError::Newer`] where a newer wiretape wrote here: nothing is changed
    /// then.
    pub fn open(dir: &Path) -> Result<(Self, Recovery), StoreError> {
        Self::open_telling(dir, || {})
    }

    /// The same, telling as soon as nothing stands in the way of opening what else there is: the
    /// last segment is read through only then.
    ///
    /// # Errors
    ///
    /// As [`Segments::open`].
    pub fn open_telling(
        dir: &Path,
        checked: impl FnOnce(),
    ) -> Result<(Self, Recovery), StoreError> {
        let (tail, recovery) = recovery::recover(dir, checked)?;
        let shared = Shared {
            dir: dir.to_owned(),
            tail: Mutex::new(tail),
            syncing: Mutex::new(()),
            handles: Handles::default(),
        };
        Ok((Self { shared: Arc::new(shared) }, recovery))
    }

    /// A handle that makes appended entries durable from another thread.
    pub fn syncer(&self) -> Syncer {
        Syncer { shared: Arc::clone(&self.shared) }
    }

    /// A handle that deletes and rewrites segments, from any thread.
    pub fn retention(&self) -> Retention {
        Retention::new(Arc::clone(&self.shared))
    }

    /// Where the next entry would be.
    pub fn end(&self) -> Position {
        self.shared.tail().end()
    }

    /// Whether everything below `position` that was ever appended can still be here: false where
    /// the journal ends before it, as after a power loss that took unsynced entries. A catalog
    /// whose watermark is not reached describes entries that are gone and must be rebuilt.
    pub fn reaches(&self, position: Position) -> bool {
        self.shared.tail().reaches(position)
    }
}

impl Journal for Segments {
    fn append(&mut self, records: &[Record]) -> Result<Position, StoreError> {
        self.shared.tail().append(&self.shared.dir, records)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.shared.sync().map(|_| ())
    }

    fn reader(&self) -> Box<dyn JournalReader> {
        Box::new(SegmentReader::new(Arc::clone(&self.shared)))
    }
}

/// What is still in the buffer goes to the file; an error here was not asked for and is not told.
impl Drop for Segments {
    fn drop(&mut self) {
        let _ = self.shared.tail().close(&self.shared.dir);
    }
}

/// Makes entries durable without blocking [`Journal::append`].
///
/// The recorder keeps one on a thread of its own and calls [`Syncer::sync`] 100 ms after the first
/// append since the last sync, and at once when a stream ends. Only the write of the buffer
/// excludes appends; the `fdatasync` runs beside them.
#[derive(Clone)]
pub struct Syncer {
    shared: Arc<Shared>,
}

impl Syncer {
    /// Writes what is buffered, syncs every file written since the last sync and, where a segment
    /// was created, the folder. Every entry below the returned position is durable.
    ///
    /// # Errors
    ///
    /// The disk's; the next call tries again. After a failed `fdatasync` the system may have
    /// forgotten what it could not write: the caller marks a gap.
    pub fn sync(&self) -> Result<Position, StoreError> {
        self.shared.sync()
    }
}

/// What writer, syncer and readers share.
struct Shared {
    /// The folder of the segments.
    dir: PathBuf,
    /// Held for the copy of an entry or the write of the buffer, never across a sync.
    tail: Mutex<Tail>,
    /// Held across a sync: two at once would both say that the first one's files are durable.
    syncing: Mutex<()>,
    handles: Handles,
}

impl Shared {
    /// The tail is consistent after every statement that can panic, so poison says nothing.
    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is buffered.
    fn write_out(&self) -> Result<(), StoreError> {
        self.tail().flush(&self.dir)
    }

    fn sync(&self) -> Result<Position, StoreError> {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let (unsynced, reached) = {
            let mut tail = self.tail();
            tail.flush(&self.dir)?;
            (tail.take_unsynced(), tail.end())
        };
        let result = unsynced.sync(&self.dir);
        if result.is_err() {
            self.tail().put_back(unsynced);
        }
        result.map(|()| reached)
    }
}
