//! Taking segments away: whole ones (`prune`, `--max-store`) or part of one (`--purge`).
//!
//! What may go is the caller's to know; a tombstone goes into the journal before anything goes out.

use std::{
    fs,
    io::{self, Write},
    sync::Arc,
};

use super::{
    Shared, files,
    format::{self, HEADER_LEN, Header},
    handles::Opened,
    walk::Walk,
};
use crate::{
    capture::{Record, codec},
    store::{Position, StoreError},
};

/// Deletes and rewrites segments, beside appending and reading.
#[derive(Clone)]
pub struct Retention {
    shared: Arc<Shared>,
}

/// A segment and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its number, from 1.
    pub number: u32,
    /// Bytes on disk, header included.
    pub bytes: u64,
}

/// What became of a rewritten segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Bytes given back to the disk.
    pub freed: u64,
    /// Where each entry was, and where it is now; none where nothing of it was kept.
    pub moved: Vec<(Position, Option<Position>)>,
}

impl Retention {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// All segments, ascending; the one that grows is the last.
    pub fn segments(&self) -> Vec<SegmentInfo> {
        let all = self.shared.tail().segments();
        all.into_iter().map(|(number, bytes)| SegmentInfo { number, bytes }).collect()
    }

    /// Ends the segment that grows, unless nothing is in it yet, and gives the number of the one
    /// that grows from now on: all below it are never written again.
    ///
    /// # Errors
    ///
    /// The disk's.
    pub fn seal_tail(&self) -> Result<u32, StoreError> {
        let mut tail = self.shared.tail();
        if !tail.is_begun_and_empty() {
            tail.begin_segment(&self.shared.dir)?;
        }
        Ok(tail.end().segment)
    }

    /// Calls `visit` with every entry of a segment that is never written again.
    ///
    /// # Errors
    ///
    /// The disk's, [`StoreError::Corrupt`] where damage hides what follows, or what `visit`
    /// returned.
    pub fn visit(
        &self,
        number: u32,
        visit: &mut dyn FnMut(Position, Vec<Record>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let dir = &self.shared.dir;
        let length = self.shared.tail().sealed_length(number);
        let opened = Arc::new(Opened::open(dir, number)?);
        let version = opened.codec;
        let damaged = |offset: u64, what: String| StoreError::Corrupt {
            place: format!("{} at {offset}", files::path(dir, number).display()),
            what,
        };
        let mut walk = Walk::file(opened, 0, length);
        loop {
            let (at, records) = match walk.next() {
                Ok(None) => return Ok(()),
                Ok(Some((at, payload))) => (at, codec::decode(version, payload)),
                Err(fault) => return Err(damaged(walk.offset(), fault.to_string())),
            };
            let records = records.map_err(|error| damaged(at, error.to_string()))?;
            let offset = u32::try_from(at).unwrap_or(u32::MAX);
            visit(Position { segment: number, offset }, records)?;
        }
    }

    /// Deletes a segment. A number that is gone already is fine.
    ///
    /// # Errors
    ///
    /// The disk's.
    pub fn unlink(&self, number: u32) -> Result<(), StoreError> {
        self.seal(number)?;
        let path = files::path(&self.shared.dir, number);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(files::at(&path, source));
            }
            _ => {}
        }
        self.shared.tail().replace_sealed(number, None);
        self.shared.handles.forget(number);
        files::sync_folder(&self.shared.dir)
    }

    /// Rewrites a segment with the records for which `keep` says yes; one of which nothing is left
    /// is unlinked. A crash leaves the old segment or the new one.
    ///
    /// Entries move: a catalog that holds positions of this segment must be told, and must be
    /// marked as to be rebuilt before the call, lest a crash right after it leaves old positions.
    ///
    /// # Errors
    ///
    /// The disk's, or [`StoreError::Corrupt`] for a segment with damage, which is left as it is.
    pub fn rewrite(
        &self,
        number: u32,
        keep: &mut dyn FnMut(&Record) -> bool,
    ) -> Result<Rewritten, StoreError> {
        self.seal(number)?;
        let dir = &self.shared.dir;
        let length = self.shared.tail().sealed_length(number);
        if length == 0 {
            // It is gone already.
            return Ok(Rewritten::default());
        }
        let path = files::rewrite_path(dir, number);
        let _ = fs::remove_file(&path);
        let (moved, written) = self.write_kept(number, keep).inspect_err(|_| {
            let _ = fs::remove_file(&path);
        })?;
        if moved.iter().all(|(_, new)| new.is_none()) {
            fs::remove_file(&path).map_err(|source| files::at(&path, source))?;
            self.unlink(number)?;
            return Ok(Rewritten { freed: length, moved });
        }
        fs::rename(&path, files::path(dir, number)).map_err(|source| files::at(&path, source))?;
        self.shared.tail().replace_sealed(number, Some(written));
        self.shared.handles.forget(number);
        files::sync_folder(dir)?;
        Ok(Rewritten { freed: length.saturating_sub(written), moved })
    }

    /// A segment that grows is ended first. The next one's file is made at once: were the highest
    /// number unlinked with none above it, the next opening would give it out again.
    fn seal(&self, number: u32) -> Result<(), StoreError> {
        let mut tail = self.shared.tail();
        if tail.segments().last_key_value().is_some_and(|(last, _)| *last == number) {
            tail.begin_segment(&self.shared.dir)?;
        }
        Ok(())
    }

    #[expect(clippy::type_complexity, reason = "what moved where, and the new length")]
    fn write_kept(
        &self,
        number: u32,
        keep: &mut dyn FnMut(&Record) -> bool,
    ) -> Result<(Vec<(Position, Option<Position>)>, u64), StoreError> {
        let path = files::rewrite_path(&self.shared.dir, number);
        let failed = |source| files::at(&path, source);
        let mut out = io::BufWriter::new(files::create(&path)?);
        out.write_all(&Header::current(number).encode()).map_err(failed)?;
        let mut written = HEADER_LEN;
        let mut moved = Vec::new();
        self.visit(number, &mut |old, mut records| {
            records.retain(&mut *keep);
            if records.is_empty() {
                moved.push((old, None));
                return Ok(());
            }
            let (entry, pushed) = format::push_entry(&records, Vec::new());
            pushed.map_err(|bytes| StoreError::TooLarge {
                bytes,
                limit: u64::from(format::MAX_PAYLOAD),
            })?;
            out.write_all(&entry).map_err(failed)?;
            moved.push((old, Some(Position { segment: number, offset: written })));
            written += u32::try_from(entry.len()).unwrap_or(u32::MAX);
            Ok(())
        })?;
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok((moved, u64::from(written)))
    }
}
