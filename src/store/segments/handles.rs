//! Open files for reading, kept for the next read.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    files,
    format::{FORMAT, HEADER_LEN, Header},
};
use crate::{capture::codec, store::StoreError};

/// Files kept open. When full, the one not used for longest is closed (by its last reader).
const MAX_HANDLES: usize = 32;

/// A segment open for reading.
pub(super) struct Opened {
    pub(super) file: File,
    /// The version of its payloads.
    pub(super) codec: u16,
}

impl Opened {
    /// Opens a segment and checks its header.
    pub(super) fn open(dir: &Path, number: u32) -> Result<Self, StoreError> {
        let path = files::path(dir, number);
        let file = File::open(&path).map_err(|source| files::at(&path, source))?;
        let mut bytes = [0; HEADER_LEN as usize];
        let read =
            files::read_at(&file, &mut bytes, 0).map_err(|source| files::at(&path, source))?;
        let place = || path.display().to_string();
        let header = Header::decode(bytes).filter(|h| read == bytes.len() && h.number == number);
        let header = header.ok_or_else(|| StoreError::Corrupt {
            place: format!("{} at 0", place()),
            what: "the segment's header is missing or not what was written".to_owned(),
        })?;
        for (found, known) in [(header.format, FORMAT), (header.codec, codec::VERSION)] {
            if found > known {
                return Err(StoreError::Newer { place: place(), found, known });
            }
        }
        Ok(Self { file, codec: header.codec })
    }
}

/// Least recently used first.
#[derive(Default)]
pub(super) struct Handles(Mutex<Vec<(u32, Arc<Opened>)>>);

impl Handles {
    pub(super) fn get(&self, dir: &Path, number: u32) -> Result<Arc<Opened>, StoreError> {
        let mut open = self.lock();
        if let Some(at) = open.iter().position(|(n, _)| *n == number) {
            let found = open.remove(at);
            let handle = Arc::clone(&found.1);
            open.push(found);
            return Ok(handle);
        }
        let handle = Arc::new(Opened::open(dir, number)?);
        if open.len() >= MAX_HANDLES {
            open.remove(0);
        }
        open.push((number, Arc::clone(&handle)));
        Ok(handle)
    }

    /// The file of this number is gone or another one.
    pub(super) fn forget(&self, number: u32) {
        self.lock().retain(|(n, _)| *n != number);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u32, Arc<Opened>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
