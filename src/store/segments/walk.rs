//! Walking through the entries of one segment, one in memory at a time.

use std::{io, sync::Arc};

use super::{
    files,
    format::{ENTRY_HEAD_LEN, EntryHead, HEADER_LEN},
    handles::Opened,
};

/// Bytes read from a segment at once; a longer entry is read whole.
const BLOCK_BYTES: u64 = 256 << 10;

/// Reads entries from a file, or from a copy of the tail's buffer.
pub(super) struct Walk {
    segment: Option<Arc<Opened>>,
    block: Vec<u8>,
    /// The offset of the block's first byte.
    start: u64,
    /// The entry that comes next.
    next: u64,
    /// Where the last entry ends.
    end: u64,
    /// How much is read at once, save for longer entries.
    block_bytes: u64,
}

/// Why an entry could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The bytes are not what was written.
    #[error("{0}")]
    Bad(String),
    /// The disk would not read.
    #[error("{0}")]
    Io(io::Error),
}

impl Walk {
    /// Through a file from `from` to `end`.
    pub(super) fn file(segment: Arc<Opened>, from: u64, end: u64) -> Self {
        let next = from.max(u64::from(HEADER_LEN));
        Self {
            segment: Some(segment),
            block: Vec::new(),
            start: next,
            next,
            end,
            block_bytes: BLOCK_BYTES,
        }
    }

    /// Through bytes of the buffer, the first of which has the offset `from`.
    pub(super) fn buffer(bytes: Vec<u8>, from: u64) -> Self {
        let end = from + bytes.len() as u64;
        Self { segment: None, block: bytes, start: from, next: from, end, block_bytes: BLOCK_BYTES }
    }

    /// The offset of the entry that comes next; after a fault, that of the bad one.
    pub(super) fn offset(&self) -> u64 {
        self.next
    }

    /// Stops at `end` where that comes earlier.
    pub(super) fn until(mut self, end: u64) -> Self {
        self.end = self.end.min(end);
        self
    }

    /// Reads less at once than a long walk should.
    pub(super) fn in_blocks_of(mut self, bytes: u64) -> Self {
        self.block_bytes = bytes;
        self
    }

    /// The next entry's offset and payload; none at the end. Not to be called after a fault.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &[u8])>, Fault> {
        let at = self.next;
        if at >= self.end {
            return Ok(None);
        }
        let head = self.bytes(at, u64::from(ENTRY_HEAD_LEN))?;
        let head = head.first_chunk().copied().ok_or_else(torn)?;
        let head = EntryHead::decode(head).map_err(Fault::Bad)?;
        let body = at + u64::from(ENTRY_HEAD_LEN);
        let payload = self.bytes(body, u64::from(head.length))?;
        if !head.fits(payload) {
            return Err(Fault::Bad("the checksum does not match".to_owned()));
        }
        self.next = body + u64::from(head.length);
        // Asked for again because the borrow above must end before `next` is set.
        self.bytes(body, u64::from(head.length)).map(|payload| Some((at, payload)))
    }

    fn bytes(&mut self, offset: u64, length: u64) -> Result<&[u8], Fault> {
        if offset + length > self.end {
            return Err(torn());
        }
        let block_end = self.start + self.block.len() as u64;
        if offset < self.start || offset + length > block_end {
            self.fill(offset, length)?;
        }
        let from = usize::try_from(offset - self.start).map_err(|_| torn())?;
        let length = usize::try_from(length).map_err(|_| torn())?;
        self.block.get(from..).and_then(|rest| rest.get(..length)).ok_or_else(torn)
    }

    fn fill(&mut self, offset: u64, length: u64) -> Result<(), Fault> {
        let segment = self.segment.as_ref().ok_or_else(torn)?;
        let wanted = length.max(self.block_bytes).min(self.end - offset);
        self.block.resize(usize::try_from(wanted).map_err(|_| torn())?, 0);
        let filled = files::read_at(&segment.file, &mut self.block, offset).map_err(Fault::Io)?;
        self.block.truncate(filled);
        self.start = offset;
        Ok(())
    }
}

fn torn() -> Fault {
    Fault::Bad("the file ends inside an entry".to_owned())
}
