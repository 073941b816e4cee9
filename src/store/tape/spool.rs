//! Exporting: many exchanges become one tape in the canonical order, sorted by (`at`, `exchange`,
//! `n`), while no more than one line of them is in memory.
//!
//! Lines wait in a temporary file; in memory is an index of 56 bytes a line.

use std::io::{Read, Seek, SeekFrom, Write};

use super::{TapeError, TapeHeader, TapeWriter, join::Joiner};
use crate::capture::{ExchangeId, Fact, Record, Timestamp, codec};

/// Gathers the records of an export. `S` is a temporary file (or a `Cursor` for little), buffered
/// by the spool itself.
pub struct Spool<S> {
    store: S,
    /// Bytes not in `store` yet.
    buffer: Vec<u8>,
    length: u64,
    index: Vec<Place>,
    joiner: Joiner,
}

/// Written to the store at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Orders as the lines do; notices come before exchanges at the same time, and equal ones in the
/// order of their pushing.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: Timestamp,
    exchange: Option<ExchangeId>,
    n: u32,
    offset: u64,
    length: usize,
}

/// What an export wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Lines after the first.
    pub lines: u64,
    /// The first record's time, as in line 1.
    pub started_at: Timestamp,
}

impl<S: Read + Write + Seek> Spool<S> {
    /// Starts an export. `store` is empty and the caller's to delete.
    pub fn new(store: S) -> Self {
        Self { store, buffer: Vec::new(), length: 0, index: Vec::new(), joiner: Joiner::default() }
    }

    /// Takes a record: those of one exchange one after the other, ascending by `n`; notices oldest
    /// first. Tombstones are left out.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn push(&mut self, record: Record) -> Result<(), TapeError> {
        if matches!(record.fact, Fact::Tombstone { .. }) {
            return Ok(());
        }
        match self.joiner.push(record) {
            Some(group) => self.keep(&group),
            None => Ok(()),
        }
    }

    /// Writes the tape. The header's `started_at` is replaced by the first record's time, where
    /// there is a record.
    ///
    /// # Errors
    ///
    /// The store's or the output's.
    pub fn finish<W: Write>(
        mut self,
        mut header: TapeHeader,
        out: W,
    ) -> Result<Written, TapeError> {
        if let Some(group) = self.joiner.finish() {
            self.keep(&group)?;
        }
        self.store.write_all(&self.buffer)?;
        self.index.sort_unstable();
        header.started_at = self.index.first().map_or(header.started_at, |place| place.at);
        let mut tape = TapeWriter::new(out, &header)?;
        let mut bytes = Vec::new();
        for place in &self.index {
            self.store.seek(SeekFrom::Start(place.offset))?;
            bytes.resize(place.length, 0);
            self.store.read_exact(&mut bytes)?;
            tape.write(&codec::decode(codec::VERSION, &bytes)?)?;
        }
        tape.finish()?;
        Ok(Written { lines: self.index.len() as u64, started_at: header.started_at })
    }

    fn keep(&mut self, group: &[Record]) -> Result<(), TapeError> {
        let Some(&Record { exchange, n, at, .. }) = group.first() else { return Ok(()) };
        let start = self.buffer.len();
        self.buffer = codec::encode(group, std::mem::take(&mut self.buffer));
        let length = self.buffer.len() - start;
        self.index.push(Place { at, exchange, n, offset: self.length, length });
        self.length += length as u64;
        if self.buffer.len() >= BUFFER_BYTES {
            self.store.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}
