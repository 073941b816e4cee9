//! The end of the journal: the segment that grows, its buffer, and what is not durable yet.
//!
//! A failed write loses nothing that was acknowledged: the file is cut back to the last whole
//! entry, the buffer stays (and stays readable), and the next append writes it first.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    mem,
    path::Path,
    sync::Arc,
};

use super::{
    files,
    format::{self, HEADER_LEN, Header, SEGMENT_BYTES},
};
use crate::{
    capture::Record,
    store::{Position, StoreError},
};

/// Entries are gathered up to this before they are written. While the disk refuses, the buffer
/// holds this much and appends are refused.
const BUFFER_BYTES: usize = 256 << 10;

/// Sealed files waiting for a sync, at one handle each. When more wait, sealing syncs the oldest
/// itself: a journal that nobody syncs is slower, not out of handles.
const MAX_UNSYNCED: usize = 16;

/// Room that is set aside on the disk ahead of what is written. What is left of it is given back
/// when the segment ends, or is opened again after a crash.
const AHEAD_BYTES: u64 = 8 << 20;

/// Where appending happens. `number` has no file until its first entry.
pub(super) struct Tail {
    /// The first segment that was written here.
    first: u32,
    number: u32,
    file: Option<Arc<File>>,
    /// The length of the file: a whole number of entries.
    written: u32,
    /// Up to where room is set aside.
    aside: u64,
    /// Whole entries that follow on `written`.
    buffer: Vec<u8>,
    /// Number and length of the segments before.
    sealed: BTreeMap<u32, u64>,
    unsynced: Unsynced,
}

impl Tail {
    /// A tail that begins segment `number` with its first entry.
    pub(super) fn after(sealed: BTreeMap<u32, u64>, number: u32) -> Self {
        Self {
            first: number,
            number,
            file: None,
            written: HEADER_LEN,
            aside: 0,
            buffer: Vec::new(),
            sealed,
            unsynced: Unsynced::default(),
        }
    }

    /// A tail that goes on with a segment that has a header and no entry yet.
    pub(super) fn resumed(sealed: BTreeMap<u32, u64>, number: u32, file: File) -> Self {
        Self { file: Some(Arc::new(file)), ..Self::after(sealed, number) }
    }

    /// Where the next entry would be.
    pub(super) fn end(&self) -> Position {
        Position { segment: self.number, offset: self.offset(self.buffer.len()) }
    }

    /// Whether the segment that grows has a file and no entry.
    pub(super) fn is_begun_and_empty(&self) -> bool {
        self.file.is_some() && self.end().offset == HEADER_LEN
    }

    /// See [`super::Segments::reaches`].
    pub(super) fn reaches(&self, position: Position) -> bool {
        match self.sealed.get(&position.segment) {
            Some(length) => u64::from(position.offset) <= *length,
            None => position <= self.end(),
        }
    }

    /// Number and length of every segment that has a file, ascending.
    pub(super) fn segments(&self) -> BTreeMap<u32, u64> {
        let mut all = self.sealed.clone();
        if self.file.is_some() {
            all.insert(self.number, u64::from(self.end().offset));
        }
        all
    }

    /// The length of a sealed segment's file; 0 where there is none.
    pub(super) fn sealed_length(&self, number: u32) -> u64 {
        self.sealed.get(&number).copied().unwrap_or(0)
    }

    /// Whether the system was told to let go of what it has of the segment in memory.
    pub(super) fn is_forgotten(&self, number: u32) -> bool {
        let unsynced = u32::try_from(self.unsynced.sealed.len()).unwrap_or(u32::MAX);
        (self.first..self.number.saturating_sub(unsynced)).contains(&number)
    }

    /// The bytes from `offset` to the end where they are not in the file; `Err` says up to where
    /// the file has them.
    pub(super) fn buffered(&self, segment: u32, offset: u32) -> Result<&[u8], Option<u32>> {
        if segment != self.number {
            return Err(None);
        }
        match offset.checked_sub(self.written) {
            Some(skip) => Ok(self.buffer.get(skip as usize..).unwrap_or_default()),
            None => Err(Some(self.written)),
        }
    }

    /// On an error the entry is not in the journal; all that was appended before it is.
    pub(super) fn append(
        &mut self,
        dir: &Path,
        records: &[Record],
    ) -> Result<Position, StoreError> {
        // Only after a refused write is the buffer this full: what is old goes first.
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush(dir)?;
        }
        let start = self.buffer.len();
        let (buffer, pushed) = format::push_entry(records, mem::take(&mut self.buffer));
        self.buffer = buffer;
        pushed.map_err(|bytes| StoreError::TooLarge {
            bytes,
            limit: u64::from(format::MAX_PAYLOAD),
        })?;
        if !self.has_room(start) {
            let entry = self.buffer.split_off(start);
            self.begin_segment(dir)?;
            self.buffer = entry;
            return self.settle(dir, 0);
        }
        self.settle(dir, start)
    }

    /// Whether the last entry of the buffer, from `start`, may stay in this segment.
    fn has_room(&self, start: usize) -> bool {
        let first = self.offset(start) == HEADER_LEN;
        self.file.is_some() && (first || self.end().offset <= SEGMENT_BYTES)
    }

    /// Writes a full buffer; takes its last entry, from `start`, back where that fails.
    fn settle(&mut self, dir: &Path, start: usize) -> Result<Position, StoreError> {
        let position = Position { segment: self.number, offset: self.offset(start) };
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush(dir).inspect_err(|_| self.buffer.truncate(start))?;
        }
        Ok(position)
    }

    /// Writes the buffer to the file.
    pub(super) fn flush(&mut self, dir: &Path) -> Result<(), StoreError> {
        let Some(file) = self.file.as_ref().filter(|_| !self.buffer.is_empty()) else {
            return Ok(());
        };
        // A full buffer is the sign of a burst: a recording of a few calls takes what it needs.
        let end = u64::from(self.written) + self.buffer.len() as u64;
        if self.buffer.len() >= BUFFER_BYTES && end > self.aside {
            files::set_aside(file, u64::from(self.written), AHEAD_BYTES);
            self.aside = u64::from(self.written) + AHEAD_BYTES;
        }
        if let Err(source) = write_at(file, &self.buffer, self.written) {
            // Half an entry must not stay behind. Where even this fails, the next write goes
            // over it, and recovery would cut it.
            let _ = file.set_len(u64::from(self.written));
            return Err(files::at(&files::path(dir, self.number), source));
        }
        self.written = self.offset(self.buffer.len());
        self.buffer.clear();
        self.buffer.shrink_to(2 * BUFFER_BYTES);
        self.unsynced.tail = Some(Arc::clone(file));
        Ok(())
    }

    /// Ends the segment, so that its file is never written again.
    pub(super) fn seal(&mut self, dir: &Path) -> Result<(), StoreError> {
        self.flush(dir)?;
        let Some(file) = self.file.take() else { return Ok(()) };
        self.give_back(&file);
        self.sealed.insert(self.number, u64::from(self.written));
        self.unsynced.tail = None;
        self.unsynced.sealed.push(file);
        self.number += 1;
        self.written = HEADER_LEN;
        if self.unsynced.sealed.len() > MAX_UNSYNCED {
            // A failure is found again by the next sync, which is where it is told.
            if self.unsynced.sealed.first().is_some_and(|oldest| oldest.sync_data().is_ok()) {
                self.unsynced.sealed.remove(0);
            }
        }
        Ok(())
    }

    /// Gives back what was set aside and not used.
    fn give_back(&mut self, file: &File) {
        if mem::take(&mut self.aside) > u64::from(self.written) {
            let _ = file.set_len(u64::from(self.written));
        }
    }

    /// The end of all appending.
    pub(super) fn close(&mut self, dir: &Path) -> Result<(), StoreError> {
        self.flush(dir)?;
        if let Some(file) = self.file.clone() {
            self.give_back(&file);
        }
        Ok(())
    }

    /// Seals the segment and makes the file of the next one.
    pub(super) fn begin_segment(&mut self, dir: &Path) -> Result<(), StoreError> {
        self.seal(dir)?;
        let path = files::path(dir, self.number);
        let mut file = files::create(&path)?;
        if let Err(source) = file.write_all(&Header::current(self.number).encode()) {
            let _ = fs::remove_file(&path);
            return Err(files::at(&path, source));
        }
        tracing::debug!(number = self.number, "segment begun");
        let file = Arc::new(file);
        self.unsynced.tail = Some(Arc::clone(&file));
        self.unsynced.folder = true;
        self.file = Some(file);
        Ok(())
    }

    /// Forgets a sealed segment, or notes its new length.
    pub(super) fn replace_sealed(&mut self, number: u32, length: Option<u64>) {
        match length {
            Some(length) => self.sealed.insert(number, length),
            None => self.sealed.remove(&number),
        };
    }

    pub(super) fn take_unsynced(&mut self) -> Unsynced {
        mem::take(&mut self.unsynced)
    }

    /// A sync of these failed: they are to be synced still.
    pub(super) fn put_back(&mut self, failed: Unsynced) {
        self.unsynced.folder |= failed.folder;
        self.unsynced.sealed.extend(failed.sealed);
        self.unsynced.sealed.extend(failed.tail);
    }

    fn offset(&self, in_buffer: usize) -> u32 {
        let in_buffer = u32::try_from(in_buffer).expect("a buffer holds less than two entries");
        self.written + in_buffer
    }
}

/// What was written since the last sync.
#[derive(Default)]
pub(super) struct Unsynced {
    sealed: Vec<Arc<File>>,
    tail: Option<Arc<File>>,
    folder: bool,
}

impl Unsynced {
    pub(super) fn sync(&self, dir: &Path) -> Result<(), StoreError> {
        for file in self.sealed.iter().chain(&self.tail) {
            file.sync_data().map_err(|source| files::at(dir, source))?;
        }
        for file in &self.sealed {
            files::forget_pages(file);
        }
        if self.folder { files::sync_folder(dir) } else { Ok(()) }
    }
}

/// Only the writer moves this handle's cursor; readers have handles of their own.
fn write_at(mut file: &File, bytes: &[u8], offset: u32) -> io::Result<()> {
    file.seek(SeekFrom::Start(u64::from(offset)))?;
    file.write_all(bytes)
}
