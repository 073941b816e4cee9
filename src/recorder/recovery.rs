//! From the journal to a catalog: after a crash, after a failure of the engine, after an update of
//! the decoder (design.md, Store). Every exchange without an end gets one.

use crate::{
    capture::{ExchangeId, Fact, Record},
    store::{Catalog, Journal, JournalReader, Position, StoreError, Table},
};

use super::{
    fold::Fold,
    open_table::truncated,
    rows,
    shared::{stored_positions, unreadable},
};

/// A batch is applied when it has this many changes.
const BATCH_CHANGES: usize = 4096;

/// Told while it goes on: how many segments are done, of how many.
pub(super) type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// What opening a store came by; said at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Bytes at the journal's end that were no whole entry and were cut off.
    pub cut_bytes: u64,
    /// Exchanges that had no end and are `truncated` now.
    pub truncated_exchanges: u64,
    /// Why the catalog was rebuilt from the journal; none where it was not.
    pub rebuilt: Option<String>,
    /// Places of the journal that cannot be read, as text.
    pub damage: Vec<String>,
}

/// Fills an empty catalog from the whole journal.
pub(super) fn fold_all(
    journal: &dyn JournalReader,
    catalog: &dyn Catalog,
    last_segment: Option<u32>,
    progress: &mut Progress<'_>,
) -> Result<Fold, StoreError> {
    let start = Position { segment: 0, offset: 0 };
    scan(Fold::default(), journal, catalog, (start, last_segment), progress)
}

/// Brings a catalog up to date from its watermark on. None: it has no watermark, or one that
/// the journal does not reach; it is to be filled anew.
pub(super) fn catch_up(
    journal: &dyn JournalReader,
    catalog: &dyn Catalog,
    progress: &mut Progress<'_>,
) -> Result<Option<Fold>, StoreError> {
    let Some(watermark) = watermark(catalog)? else { return Ok(None) };
    // A power loss may have taken entries that the catalog already knew.
    if journal.read(watermark).is_err() {
        return Ok(None);
    }
    let mut fold = Fold::new(origins(catalog)?);
    let mut open = Vec::new();
    catalog.scan(Table::Meta, rows::OPEN, &mut |key, _| {
        open.extend(rows::id_in(key));
        Ok(())
    })?;
    for id in open {
        resume(&mut fold, id, journal, catalog)?;
    }
    fold.skip_to(watermark);
    scan(fold, journal, catalog, (watermark, None), progress).map(Some)
}

/// How far a catalog is.
pub(super) fn watermark(catalog: &dyn Catalog) -> Result<Option<Position>, StoreError> {
    let value = catalog.get(Table::Meta, rows::WATERMARK)?;
    value.map(|value| postcard::from_bytes(&value).map_err(unreadable)).transpose()
}

/// The origins that showed MCP.
pub(super) fn origins(catalog: &dyn Catalog) -> Result<Vec<String>, StoreError> {
    let mut origins = Vec::new();
    catalog.scan(Table::Meta, rows::ORIGIN, &mut |key, _| {
        let origin = key.get(rows::ORIGIN.len()..).unwrap_or_default();
        origins.push(String::from_utf8_lossy(origin).into_owned());
        Ok(())
    })?;
    Ok(origins)
}

/// Ends every exchange that has no end: nobody is left to see it. Returns how many.
pub(super) fn end_open(
    fold: &mut Fold,
    journal: &mut dyn Journal,
    catalog: &dyn Catalog,
) -> Result<u64, StoreError> {
    let mut ends: Vec<Record> = fold
        .open()
        .map(|(id, folding)| {
            let (started_at, at) = (folding.started_at, folding.last_at);
            let end = truncated(started_at, at, folding.request_bytes, folding.response_bytes);
            let fact = Fact::End(Box::new(end));
            Record { exchange: Some(id), n: folding.next_n, at, fact }
        })
        .collect();
    ends.sort_by_key(|record| record.exchange);
    let mut ended = 0;
    for end in &ends {
        match journal.append(std::slice::from_ref(end)) {
            Ok(position) => {
                fold.entry(position, std::slice::from_ref(end));
                ended += 1;
            }
            // A disk that takes nothing must not hide what it holds: the row says that it has no
            // end, and the next rebuild gives it one.
            Err(_) => end.exchange.into_iter().for_each(|id| fold.close(id)),
        }
    }
    if ended > 0 {
        // As above: reading goes on where writing fails.
        let _ = journal.sync();
    }
    catalog.apply(fold.take().batch)?;
    Ok(ended)
}

fn resume(
    fold: &mut Fold,
    id: ExchangeId,
    journal: &dyn JournalReader,
    catalog: &dyn Catalog,
) -> Result<(), StoreError> {
    for position in stored_positions(catalog, id)? {
        fold.resume(id, position, &journal.read(position)?);
    }
    Ok(())
}

fn scan(
    mut fold: Fold,
    journal: &dyn JournalReader,
    catalog: &dyn Catalog,
    (from, last_segment): (Position, Option<u32>),
    progress: &mut Progress<'_>,
) -> Result<Fold, StoreError> {
    let mut segment = from.segment;
    journal.scan(from, &mut |position, records| {
        if fold.watermark().is_some_and(|watermark| position <= watermark) {
            return Ok(());
        }
        fold.entry(position, &records);
        if position.segment != segment {
            segment = position.segment;
            if let Some(last) = last_segment {
                progress(u64::from(segment), u64::from(last));
            }
        }
        if fold.len() >= BATCH_CHANGES {
            catalog.apply(fold.take().batch)?;
        }
        Ok(())
    })?;
    catalog.apply(fold.take().batch)?;
    Ok(fold)
}
