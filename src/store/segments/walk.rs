//! Walking through the entries of one segment, one in memory at a time.

use std::{fs::File, io, sync::Arc};

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
    /// The same file, read past the system's cache.
    direct: Option<File>,
    /// Where what was read lies: from `base` on, `length` bytes. What is read past the cache begins at
    /// a whole page, in the file and in memory.
    block: Vec<u8>,
    base: usize,
    length: usize,
    /// The offset of the first byte that was read.
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
        Self { segment: Some(segment), start: next, next, end, ..Self::buffer(Vec::new(), 0) }
    }

    /// Reads past the system's cache, where it can be had.
    pub(super) fn past_the_cache(mut self, direct: Option<File>) -> Self {
        self.direct = direct;
        self
    }

    /// Through bytes of the buffer, the first of which has the offset `from`.
    pub(super) fn buffer(bytes: Vec<u8>, from: u64) -> Self {
        let end = from + bytes.len() as u64;
        Self {
            segment: None,
            direct: None,
            base: 0,
            length: bytes.len(),
            block: bytes,
            start: from,
            next: from,
            end,
            block_bytes: BLOCK_BYTES,
        }
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
        let block_end = self.start + self.length as u64;
        if offset < self.start || offset + length > block_end {
            self.fill(offset, length)?;
        }
        let from = usize::try_from(offset - self.start).map_err(|_| torn())?;
        let length = usize::try_from(length).map_err(|_| torn())?;
        let read = self.block.get(self.base..self.base + self.length).ok_or_else(torn)?;
        read.get(from..).and_then(|rest| rest.get(..length)).ok_or_else(torn)
    }

    /// Reads on from `offset`. What is there of it already is not read again: a block seldom ends
    /// where an entry does.
    fn fill(&mut self, offset: u64, length: u64) -> Result<(), Fault> {
        let page = if self.direct.is_some() { files::PAGE_BYTES } else { 1 };
        let start = offset - offset % page;
        let needed = offset - start + length;
        // Where pages are whole ones the last may go on behind the end.
        let wanted = needed.max(self.block_bytes).min(self.end - start).next_multiple_of(page);
        let (wanted, page) = (
            usize::try_from(wanted).map_err(|_| torn())?,
            usize::try_from(page).map_err(|_| torn())?,
        );
        let kept = self.keep_from(start, wanted, page);
        let rest = self.block.get_mut(self.base + kept..self.base + wanted).unwrap_or_default();
        let at = start + kept as u64;
        let direct = self.direct.as_ref().map(|file| files::read_past_cache(file, rest, at));
        let filled = if let Some(Ok(filled)) = direct {
            filled
        } else {
            self.direct = None;
            let segment = self.segment.as_ref().ok_or_else(torn)?;
            files::read_at(&segment.file, rest, at).map_err(Fault::Io)?
        };
        self.length = kept + filled;
        Ok(())
    }

    /// Makes room for `wanted` bytes from `start` on; says how many of them are there already.
    fn keep_from(&mut self, start: u64, wanted: usize, page: usize) -> usize {
        let skip = start.checked_sub(self.start).and_then(|skip| usize::try_from(skip).ok());
        let kept = skip.and_then(|skip| self.length.checked_sub(skip)).unwrap_or(0);
        // Half a page cannot be gone on with; it is the file's last one.
        let kept = if kept < wanted && kept.is_multiple_of(page) { kept } else { 0 };
        let from = self.base + skip.unwrap_or(0);
        if self.block.len() < self.base + wanted {
            let mut room = vec![0; wanted + page];
            let base = room.as_ptr().align_offset(page).min(page);
            if let (Some(new), Some(old)) =
                (room.get_mut(base..base + kept), self.block.get(from..from + kept))
            {
                new.copy_from_slice(old);
            }
            (self.block, self.base) = (room, base);
        } else if kept > 0 {
            self.block.copy_within(from..from + kept, self.base);
        }
        (self.start, self.length) = (start, kept);
        kept
    }
}

fn torn() -> Fault {
    Fault::Bad("the file ends inside an entry".to_owned())
}
