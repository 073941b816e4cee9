//! Reading entries while others are appended.

use std::sync::Arc;

use super::{
    Shared, files,
    format::{ENTRY_HEAD_LEN, EntryHead, HEADER_LEN},
    walk::{Fault, Walk},
};
use crate::{
    capture::{Record, codec},
    store::{JournalReader, Position, Scan, StoreError},
};

/// Read at once for a single entry: most are shorter, and one read is all they take.
const ONE_ENTRY_BYTES: u64 = 8 << 10;

/// Reads from files, and from the tail's buffer what is not in its file yet.
pub(super) struct SegmentReader {
    shared: Arc<Shared>,
}

impl SegmentReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// A walk from an offset to the end of the segment's file or of the buffer, whichever holds
    /// it, but not beyond `end`; and the version of its payloads.
    fn walk(&self, segment: u32, offset: u32, end: u64) -> Result<(Walk, u16), StoreError> {
        let from = u64::from(offset);
        let (in_file, forgotten) = {
            let tail = self.shared.tail();
            match tail.buffered(segment, offset) {
                Ok(bytes) => {
                    let walk = Walk::buffer(bytes.to_vec(), from).until(end);
                    return Ok((walk, codec::VERSION));
                }
                Err(written) => {
                    let in_file = written.map_or(end, |written| end.min(u64::from(written)));
                    (in_file, tail.is_forgotten(segment))
                }
            }
        };
        let opened = self.shared.handles.get(&self.shared.dir, segment)?;
        let version = opened.codec;
        let direct = forgotten.then(|| files::path(&self.shared.dir, segment));
        let direct = direct.and_then(|path| files::open_past_cache(&path));
        Ok((Walk::file(opened, from, in_file).past_the_cache(direct), version))
    }

    /// A walk that begins at an entry and is meant for it alone.
    fn walk_one(&self, Position { segment, offset }: Position) -> Result<(Walk, u16), StoreError> {
        let end = {
            let tail = self.shared.tail();
            match tail.buffered(segment, offset) {
                Ok(bytes) => {
                    let head = bytes.first_chunk().copied().map(EntryHead::decode);
                    let length = head.and_then(Result::ok).map_or(0, |head| head.length as usize);
                    let entry = bytes.get(..ENTRY_HEAD_LEN as usize + length).unwrap_or_default();
                    return Ok((Walk::buffer(entry.to_vec(), u64::from(offset)), codec::VERSION));
                }
                Err(Some(written)) => u64::from(written),
                Err(None) => tail.sealed_length(segment),
            }
        };
        let opened = self.shared.handles.get(&self.shared.dir, segment)?;
        let version = opened.codec;
        Ok((Walk::file(opened, u64::from(offset), end).in_blocks_of(ONE_ENTRY_BYTES), version))
    }

    /// Visits the entries of one segment. What cannot be read is added to `damage`.
    fn scan_segment(
        &self,
        (segment, from, end): (u32, u32, u64),
        damage: &mut Vec<String>,
        visit: &mut dyn FnMut(Position, Vec<Record>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut offset = from;
        // Once for a file; for the tail a second time for what is, or was, in the buffer.
        while u64::from(offset) < end {
            let (mut walk, version) = match self.walk(segment, offset, end) {
                Ok(walk) => walk,
                Err(newer @ StoreError::Newer { .. }) => return Err(newer),
                Err(other) => {
                    damage.push(other.to_string());
                    return Ok(());
                }
            };
            loop {
                let (at, decoded) = match walk.next() {
                    Ok(Some((at, payload))) => (at, codec::decode(version, payload)),
                    Ok(None) => break,
                    Err(fault) => {
                        damage.push(self.note(segment, walk.offset(), end, &fault.to_string()));
                        return Ok(());
                    }
                };
                match decoded {
                    Ok(records) => visit(Position { segment, offset: to_u32(at) }, records)?,
                    Err(error) => {
                        damage.push(self.note(segment, at, end, &error.to_string()));
                        return Ok(());
                    }
                }
            }
            let reached = to_u32(walk.offset());
            if reached <= offset {
                damage.push(self.note(segment, u64::from(offset), end, "it ends here"));
                return Ok(());
            }
            offset = reached;
        }
        Ok(())
    }

    fn place(&self, segment: u32, offset: u64) -> String {
        format!("{} at {offset}", files::path(&self.shared.dir, segment).display())
    }

    fn note(&self, segment: u32, offset: u64, end: u64, what: &str) -> String {
        let lost = end.saturating_sub(offset);
        format!("{}: {what}; {lost} bytes are skipped", self.place(segment, offset))
    }
}

impl JournalReader for SegmentReader {
    fn write_out(&self, durable: bool) -> Result<(), StoreError> {
        if durable { self.shared.sync().map(|_| ()) } else { self.shared.write_out() }
    }

    fn read(&self, position: Position) -> Result<Vec<Record>, StoreError> {
        let Position { segment, offset } = position;
        let corrupt = |what: String| StoreError::Corrupt {
            place: self.place(segment, u64::from(offset)),
            what,
        };
        if offset < HEADER_LEN {
            return Err(corrupt("there is no entry here".to_owned()));
        }
        let (mut walk, version) = self.walk_one(position)?;
        let records = match walk.next() {
            Ok(Some((_, payload))) => codec::decode(version, payload),
            Ok(None) => return Err(corrupt("there is no entry here".to_owned())),
            Err(Fault::Io(source)) => {
                return Err(files::at(&files::path(&self.shared.dir, segment), source));
            }
            Err(Fault::Bad(what)) => return Err(corrupt(what)),
        };
        records.map_err(|error| corrupt(error.to_string()))
    }

    fn scan(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Position, Vec<Record>) -> Result<(), StoreError>,
    ) -> Result<Scan, StoreError> {
        let (segments, end) = {
            let tail = self.shared.tail();
            (tail.segments(), tail.end())
        };
        let mut scan = Scan { end: Some(end), damage: Vec::new() };
        for (number, length) in segments.range(from.segment..) {
            let offset = if *number == from.segment { from.offset } else { 0 };
            let part = (*number, offset.max(HEADER_LEN), *length);
            self.scan_segment(part, &mut scan.damage, visit)?;
        }
        Ok(scan)
    }
}

fn to_u32(offset: u64) -> u32 {
    u32::try_from(offset).expect("offsets end below a segment and its last entry")
}
