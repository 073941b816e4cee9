//! Turns journal entries, in their order, into changes of the catalog. The catalog thread feeds it
//! what was just written, recovery what it scans: both get the same rows. It touches no disk.

use std::collections::HashSet;

use crate::{
    capture::{ExchangeId, Fact, Record, Side, Timestamp},
    protocol::{LastUrl, Reader},
    store::{CatalogBatch, Position, Table},
};

use super::{
    ids::{IdMap, IdSet},
    keep::KNOWN_ORIGINS,
    postings::Postings,
    rows::{self, Row},
};

/// The exchanges that have not ended, and the changes since the last [`Fold::take`].
#[derive(Default)]
pub(super) struct Fold {
    open: IdMap<Folding>,
    origins: HashSet<String>,
    batch: CatalogBatch,
    postings: Postings,
    last_url: LastUrl,
    done: Vec<ExchangeId>,
    watermark: Option<Position>,
    /// The watermark that the catalog has: where nothing was taken in since, nothing is written.
    told: Option<Position>,
    /// Open exchanges whose positions are not in the catalog yet.
    touched: IdSet,
}

/// An exchange that has not ended.
pub(super) struct Folding {
    reader: Reader,
    positions: Vec<Position>,
    /// How many of the positions are in the catalog.
    stored: usize,
    /// The number that its next record gets.
    pub(super) next_n: u32,
    pub(super) started_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
}

/// What is to be done to the catalog, and whom it concerns.
pub(super) struct Changes {
    pub(super) batch: CatalogBatch,
    /// Exchanges that have a row now, or are deleted.
    pub(super) done: Vec<ExchangeId>,
    pub(super) watermark: Option<Position>,
}

impl Fold {
    /// With the origins that are remembered already.
    pub(super) fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self { origins: origins.into_iter().collect(), ..Self::default() }
    }

    /// Goes on after this position, which the catalog says of itself.
    pub(super) fn skip_to(&mut self, watermark: Position) {
        self.watermark = Some(watermark);
        self.told = Some(watermark);
    }

    /// Takes an exchange up again that was going on at the watermark: one entry of it.
    pub(super) fn resume(&mut self, id: ExchangeId, position: Position, records: &[Record]) {
        self.records(position, id, records);
        if let Some(folding) = self.open.get_mut(&id) {
            folding.stored = folding.positions.len();
        }
    }

    /// Takes in the entry at `position`. One that was taken in already, as by a rebuild that came
    /// before its turn, changes nothing; whom it concerns is told again.
    pub(super) fn entry(&mut self, position: Position, records: &[Record]) {
        if Some(position) <= self.watermark {
            let ends = |record: &&Record| matches!(record.fact, Fact::End(_));
            self.done.extend(records.iter().filter(ends).filter_map(|record| record.exchange));
            return;
        }
        match records.first().and_then(|record| record.exchange) {
            Some(id) => self.records(position, id, records),
            None => records.iter().for_each(|record| self.notice(record)),
        }
        self.watermark = Some(position);
    }

    /// Writes the row of an exchange although it has no end: one that was imported so.
    pub(super) fn close(&mut self, id: ExchangeId) {
        let Some(folding) = self.open.remove(&id) else { return };
        self.touched.remove(&id);
        self.done.push(id);
        if folding.stored > 0 {
            self.batch.changes.push((Table::Meta, rows::open_key(id), None));
        }
        // Without its head it cannot be read; nothing leads to it then.
        let Some(summary) = folding.reader.into_summary() else { return };
        if summary.is_mcp {
            self.learn(&summary.origin);
        }
        self.postings.add(&summary);
        let row = Row::new(summary, &folding.positions);
        if row.is_inline() {
            rows::remove_positions(id, folding.stored, &mut self.batch);
        } else {
            rows::put_positions(id, &folding.positions, folding.stored, &mut self.batch);
        }
        let key = id.as_bytes().to_vec();
        self.batch.changes.push((Table::Exchanges, key, Some(row.to_bytes())));
    }

    /// Removes an exchange; `entries` are as many as it had.
    pub(super) fn delete(&mut self, id: ExchangeId, entries: usize) {
        self.open.remove(&id);
        self.touched.remove(&id);
        self.postings.forget(id);
        self.batch.changes.push((Table::Exchanges, id.as_bytes().to_vec(), None));
        self.batch.changes.push((Table::Meta, rows::open_key(id), None));
        rows::remove_positions(id, entries, &mut self.batch);
        self.done.push(id);
    }

    /// The exchanges that have not ended.
    pub(super) fn open(&self) -> impl Iterator<Item = (ExchangeId, &Folding)> {
        self.open.iter().map(|(id, folding)| (*id, folding))
    }

    /// The position of the last entry taken in.
    pub(super) fn watermark(&self) -> Option<Position> {
        self.watermark
    }

    /// How many changes wait to be taken.
    pub(super) fn len(&self) -> usize {
        self.batch.changes.len()
    }

    /// The changes since the last time, with marks for what goes on.
    pub(super) fn take(&mut self) -> Changes {
        for id in std::mem::take(&mut self.touched) {
            let Some(folding) = self.open.get_mut(&id) else { continue };
            rows::put_positions(id, &folding.positions, folding.stored, &mut self.batch);
            if folding.stored == 0 {
                self.batch.changes.push((Table::Meta, rows::open_key(id), Some(Vec::new())));
            }
            folding.stored = folding.positions.len();
        }
        self.postings
            .take(self.watermark.unwrap_or(Position { segment: 0, offset: 0 }), &mut self.batch);
        // A store that is only read is left as it was: its engine then has nothing to recover.
        if let Some(position) = self.watermark.filter(|position| self.told != Some(*position)) {
            self.told = self.watermark;
            let value = rows::watermark(position);
            self.batch.changes.push((Table::Meta, rows::WATERMARK.to_vec(), Some(value)));
        }
        Changes {
            batch: std::mem::take(&mut self.batch),
            done: std::mem::take(&mut self.done),
            watermark: self.watermark,
        }
    }

    fn records(&mut self, position: Position, id: ExchangeId, records: &[Record]) {
        let first_at = records.first().map_or(Timestamp(0), |record| record.at);
        if records.first().is_some_and(|record| matches!(record.fact, Fact::Open(_))) {
            // It begins anew: what is left of one that was deleted is not its own.
            self.forget_older(id, position);
        }
        let folding = self.open.entry(id).or_insert_with(|| Folding::new(first_at));
        // Applying an entry twice changes nothing.
        if folding.positions.last().is_some_and(|last| *last >= position) {
            return;
        }
        folding.positions.push(position);
        let mut ended = false;
        for record in records {
            folding.push(record, &mut self.last_url);
            ended |= matches!(record.fact, Fact::End(_));
        }
        if ended {
            self.close(id);
        } else {
            self.touched.insert(id);
        }
    }

    fn forget_older(&mut self, id: ExchangeId, position: Position) {
        let is_older = |folding: &Folding| folding.positions.last().is_some_and(|p| *p < position);
        if self.open.get(&id).is_some_and(is_older)
            && let Some(older) = self.open.remove(&id)
        {
            self.batch.changes.push((Table::Meta, rows::open_key(id), None));
            rows::remove_positions(id, older.stored, &mut self.batch);
        }
    }

    fn notice(&mut self, record: &Record) {
        if let Fact::Tombstone { exchanges } = &record.fact {
            // Its positions beyond the row are harmless: nothing leads to them, an exchange that
            // comes back writes its own over them, and its row says how many are its own.
            for id in exchanges {
                self.delete(*id, 0);
            }
            return;
        }
        let value = rows::notice(record);
        let key = rows::notice_key(record.at, &value);
        self.batch.changes.push((Table::Notices, key, Some(value)));
    }

    fn learn(&mut self, origin: &str) {
        if self.origins.len() >= KNOWN_ORIGINS || self.origins.contains(origin) {
            return;
        }
        self.origins.insert(origin.to_owned());
        if let Some(key) = rows::origin_key(origin) {
            self.batch.changes.push((Table::Meta, key, Some(Vec::new())));
        }
    }
}

impl Folding {
    /// Where its last entry lies.
    pub(super) fn last_position(&self) -> Option<Position> {
        self.positions.last().copied()
    }

    fn new(started_at: Timestamp) -> Self {
        Self {
            reader: Reader::for_summary(),
            positions: Vec::new(),
            stored: 0,
            next_n: 0,
            started_at,
            last_at: started_at,
            request_bytes: 0,
            response_bytes: 0,
        }
    }

    fn push(&mut self, record: &Record, last_url: &mut LastUrl) {
        self.reader.push_with(record, last_url);
        self.next_n = self.next_n.max(record.n.saturating_add(1));
        self.last_at = self.last_at.max(record.at);
        let (side, bytes) = match &record.fact {
            Fact::Chunk { side, data, cut } => (*side, cut.saturating_add(data.len() as u64)),
            Fact::Gap(gap) => (gap.side.unwrap_or(Side::Response), gap.bytes),
            _ => return,
        };
        let sum = match side {
            Side::Request => &mut self.request_bytes,
            Side::Response => &mut self.response_bytes,
        };
        // What was imported may say anything.
        *sum = sum.saturating_add(bytes);
    }
}
