//! Journal and catalog in memory: for tests and for reading without a home. Nothing is bounded
//! here and nothing lasts.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Catalog, CatalogBatch, Journal, JournalReader, Position, Scan, StoreError, Table};
use crate::capture::Record;

/// A journal that lives as long as its last clone. Entry `i` has position `1:i`.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    entries: Arc<Mutex<Vec<Vec<Record>>>>,
}

impl MemoryJournal {
    fn entries(&self) -> MutexGuard<'_, Vec<Vec<Record>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, records: &[Record]) -> Result<Position, StoreError> {
        let mut entries = self.entries();
        entries.push(records.to_vec());
        Ok(position(entries.len() - 1))
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn reader(&self) -> Box<dyn JournalReader> {
        Box::new(self.clone())
    }
}

impl JournalReader for MemoryJournal {
    fn write_out(&self, _: bool) -> Result<(), StoreError> {
        Ok(())
    }

    fn read(&self, position: Position) -> Result<Vec<Record>, StoreError> {
        let entries = self.entries();
        let found = (position.segment == 1).then(|| entries.get(position.offset as usize));
        found.flatten().cloned().ok_or_else(|| StoreError::Corrupt {
            place: format!("memory at {}:{}", position.segment, position.offset),
            what: "there is no entry here".to_owned(),
        })
    }

    fn scan(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Position, Vec<Record>) -> Result<(), StoreError>,
    ) -> Result<Scan, StoreError> {
        let end = position(self.entries().len());
        let first = if from.segment > 1 { end.offset } else { from.offset };
        for offset in first..end.offset {
            let at = Position { segment: 1, offset };
            let records = self.read(at)?;
            visit(at, records)?;
        }
        Ok(Scan { end: Some(end), damage: Vec::new() })
    }
}

fn position(index: usize) -> Position {
    Position { segment: 1, offset: u32::try_from(index).unwrap_or(u32::MAX) }
}

/// Values by table and key.
type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// A catalog that lives as long as its last clone.
#[derive(Clone, Debug, Default)]
pub struct MemoryCatalog {
    rows: Arc<Mutex<Rows>>,
}

impl MemoryCatalog {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Catalog for MemoryCatalog {
    fn apply(&self, batch: CatalogBatch) -> Result<(), StoreError> {
        let mut rows = self.rows();
        for (table, key, value) in batch.changes {
            match value {
                Some(value) => rows.insert((table, key), value),
                None => rows.remove(&(table, key)),
            };
        }
        Ok(())
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.rows().get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // A copy, so that a visitor may use the catalog.
        let found: Vec<_> = self
            .rows()
            .range((table, prefix.to_vec())..)
            .take_while(|((t, key), _)| *t == table && key.starts_with(prefix))
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect();
        found.iter().try_for_each(|(key, value)| visit(key, value))
    }

    fn walk(
        &self,
        table: Table,
        from: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut from = Bound::Included((table, from.to_vec()));
        loop {
            let found = {
                let rows = self.rows();
                let next = rows.range((from, Bound::Unbounded)).next();
                next.map(|(key, value)| (key.clone(), value.clone()))
            };
            let Some((key, value)) = found.filter(|((t, _), _)| *t == table) else { return Ok(()) };
            if !visit(&key.1, &value)? {
                return Ok(());
            }
            from = Bound::Excluded(key);
        }
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
