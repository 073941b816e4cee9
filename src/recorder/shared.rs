//! What the room's threads and its readers have in common.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{
    capture::ExchangeId,
    store::{Catalog, JournalReader, Position, StoreError, Table},
    tap::Gate,
};

use super::{
    cursors::Cursors,
    live_table::LiveTable,
    rows::{self, Row},
    status::Board,
};

/// The readable side of an open store.
pub(super) struct Shared {
    pub(super) journal: Box<dyn JournalReader>,
    pub(super) live: LiveTable,
    pub(super) board: Board,
    pub(super) gate: Gate,
    /// Where the feed's readers stand: entries that move take them along.
    pub(super) cursors: Cursors,
    /// Taken for writing while entries move (`--purge`) and while the catalog is made anew: whoever
    /// reads by position or by key holds it.
    layout: RwLock<()>,
    /// Held by whoever imports or deletes: one at a time, so that what it has looked up stays so.
    changing: Mutex<()>,
    catalog: RwLock<Arc<dyn Catalog>>,
}

impl Shared {
    pub(super) fn new(
        journal: Box<dyn JournalReader>,
        catalog: Arc<dyn Catalog>,
        gate: Gate,
    ) -> Self {
        Self {
            journal,
            live: LiveTable::default(),
            board: Board::default(),
            gate,
            cursors: Cursors::default(),
            layout: RwLock::default(),
            changing: Mutex::default(),
            catalog: RwLock::new(catalog),
        }
    }

    /// Keeps others from importing and deleting.
    pub(super) fn alone(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps entries where they are and the catalog whole while one reads.
    pub(super) fn still(&self) -> RwLockReadGuard<'_, ()> {
        self.layout.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps others from reading. The catalog's thread needs it: not to be held while waiting for
    /// that thread.
    pub(super) fn moving(&self) -> RwLockWriteGuard<'_, ()> {
        self.layout.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The catalog of the moment.
    pub(super) fn catalog(&self) -> Arc<dyn Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another catalog in its place, after the old one failed.
    pub(super) fn replace_catalog(&self, catalog: Arc<dyn Catalog>) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
    }

    /// Whether there is such an exchange, not deleted.
    pub(super) fn knows(&self, id: ExchangeId) -> Result<bool, StoreError> {
        // The tail first: what leaves it meanwhile is in the catalog already.
        Ok(self.live.contains(id) || self.catalog().get(Table::Exchanges, id.as_bytes())?.is_some())
    }

    /// Where the entries of an exchange lie; empty where it is not there.
    pub(super) fn positions(&self, id: ExchangeId) -> Result<Vec<Position>, StoreError> {
        if let Some(positions) = self.live.positions(id) {
            return Ok(positions);
        }
        let catalog = self.catalog();
        let Some(row) = catalog.get(Table::Exchanges, id.as_bytes())? else {
            return Ok(Vec::new());
        };
        let row = Row::from_bytes(&row).map_err(unreadable)?;
        row_positions(row, &*catalog)
    }
}

/// The positions of an exchange that has a row.
pub(super) fn row_positions(row: Row, catalog: &dyn Catalog) -> Result<Vec<Position>, StoreError> {
    if row.is_inline() {
        return Ok(row.positions);
    }
    let mut positions = stored_positions(catalog, row.summary.id)?;
    // What lies behind its own is of one with this id that was deleted.
    positions.truncate(row.entries as usize);
    Ok(positions)
}

/// The positions of an exchange in [`Table::Positions`].
pub(super) fn stored_positions(
    catalog: &dyn Catalog,
    id: ExchangeId,
) -> Result<Vec<Position>, StoreError> {
    let mut all = Vec::new();
    catalog.scan(Table::Positions, id.as_bytes(), &mut |_, value| {
        all.extend(rows::positions(value).map_err(unreadable)?);
        Ok(())
    })?;
    Ok(all)
}

/// A row that is not what was written: the catalog is to be rebuilt.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(super) fn unreadable(error: postcard::Error) -> StoreError {
    StoreError::Catalog(format!("a row cannot be read: {error}"))
}
