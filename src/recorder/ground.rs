//! What a recorder stands on: journal and catalog on a disk, or in memory in tests.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use crate::{
    store::{Catalog, Opened, Retention, Segments, SledCatalog, StoreError, free_space},
    tasks,
};

use super::{catalog_thread::Renew, rows, writer::Disk};

/// Free space below which recording pauses: this or [`FLOOR_PERCENT`] of the disk, whichever is
/// smaller (store.md, Full disk).
const FLOOR_BYTES: u64 = 512 * 1024 * 1024;

/// See [`FLOOR_BYTES`].
const FLOOR_PERCENT: u64 = 2;

/// The sled folder in the folder of captures (faces.md, Home).
const CATALOG: &str = "catalog";

/// How often, and how far apart, a catalog that is still held by a reader is asked for.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// An opened store.
pub(super) struct Ground {
    pub(super) disk: Disk,
    pub(super) sync: Box<dyn FnMut() -> Result<(), StoreError> + Send>,
    pub(super) catalog: Arc<dyn Catalog>,
    /// Why the catalog is empty; none where it is as it was left.
    pub(super) fresh: Option<String>,
    pub(super) renew: Renew,
    /// None where there are no files to take away.
    pub(super) retention: Option<Retention>,
    pub(super) cut_bytes: u64,
    pub(super) damage: Vec<String>,
}

impl Ground {
    /// Opens `captures/` of a home whose lock the caller holds, with so large a cache of the catalog.
    pub(super) fn open(captures: &Path, cache: u64) -> Result<Self, StoreError> {
        let folder = captures.join(CATALOG);
        // Both take a while: the one reads a segment, the other a list of all its pages.
        let mut opening = None;
        let opened = Segments::open_telling(captures, || {
            let folder = folder.clone();
            opening = tasks::thread("wiretape-open", move || open_catalog(&folder, cache)).ok();
        });
        let opening = opening.map(std::thread::JoinHandle::join);
        let (segments, recovery) = opened?;
        let (syncer, retention) = (segments.syncer(), segments.retention());
        let opened = match opening {
            Some(Ok(opened)) => opened,
            // No thread to be had, or it panicked: once more here.
            _ => open_catalog(&folder, cache),
        };
        let (catalog, fresh): (Arc<dyn Catalog>, _) = match opened? {
            Opened::Ready(catalog) => (Arc::new(catalog), None),
            Opened::Rebuild { catalog, because } => (Arc::new(catalog), Some(because)),
        };
        let dir = captures.to_owned();
        Ok(Self {
            disk: Disk { journal: Box::new(segments), has_room: Box::new(move || has_room(&dir)) },
            sync: Box::new(move || syncer.sync().map(|_| ())),
            catalog,
            fresh,
            renew: Box::new(move || renew(&folder, cache)),
            retention: Some(retention),
            cut_bytes: recovery.cut.map_or(0, |cut| cut.bytes),
            damage: recovery.damage,
        })
    }

    /// Journal and catalog in memory.
    #[cfg(test)]
    pub(super) fn memory(journal: impl crate::store::Journal + 'static) -> Self {
        use crate::store::MemoryCatalog;
        Self {
            disk: Disk { journal: Box::new(journal), has_room: Box::new(|| true) },
            sync: Box::new(|| Ok(())),
            catalog: Arc::new(MemoryCatalog::default()),
            fresh: Some("in memory".to_owned()),
            renew: Box::new(|| Ok(Arc::new(MemoryCatalog::default()))),
            retention: None,
            cut_bytes: 0,
            damage: Vec::new(),
        }
    }
}

fn open_catalog(folder: &Path, cache: u64) -> Result<Opened, StoreError> {
    SledCatalog::open(folder, rows::VERSION, cache)
}

/// An empty catalog in place of one that is there. That one is set aside and goes once the new one
/// is there: what was purged must not stay readable in it.
fn renew(folder: &Path, cache: u64) -> Result<Arc<dyn Catalog>, StoreError> {
    let aside = folder.with_extension("broken");
    let _ = fs::remove_dir_all(&aside);
    let at = |path: &PathBuf, source: io::Error| StoreError::Io { path: path.clone(), source };
    match fs::rename(folder, &aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            fs::remove_dir_all(folder).map_err(|error| at(&folder.to_owned(), error))?;
        }
        _ => {}
    }
    let mut opened = open_catalog(folder, cache);
    for _ in 1..TRIES {
        if !matches!(opened, Err(StoreError::InUse { .. })) {
            break;
        }
        thread::sleep(BETWEEN_TRIES);
        opened = open_catalog(folder, cache);
    }
    let catalog = empty(opened?);
    let _ = fs::remove_dir_all(&aside);
    Ok(catalog)
}

fn empty(opened: Opened) -> Arc<dyn Catalog> {
    match opened {
        Opened::Ready(catalog) | Opened::Rebuild { catalog, .. } => Arc::new(catalog),
    }
}

/// Whether there is more free space than the floor. A disk that does not say has room: an append
/// that fails will tell.
fn has_room(dir: &Path) -> bool {
    let Ok(free) = free_space(dir) else { return true };
    let total = fs4::total_space(dir).unwrap_or(u64::MAX);
    free > FLOOR_BYTES.min(total / 100 * FLOOR_PERCENT)
}
