//! Deleting: a tombstone in the journal first, durable, then the catalog's rows, then the segments
//! that nothing lives in any more (store.md, Retention).

use std::{collections::HashSet, sync::Arc};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    capture::{ExchangeId, Fact, Record, codec},
    clock,
    protocol::Sessions,
    store::{CatalogBatch, Position, Retention, SegmentInfo, StoreError, Table},
};

use super::{
    catalog_thread::CatalogQueue,
    import::{append, sync},
    judgements, postings,
    recorder::flush,
    rows::{self, Row},
    shared::{Shared, row_positions, unreadable},
    writer::Ask,
};

/// How many exchanges one tombstone names: 16 KB.
const TOMBSTONE_IDS: usize = 1_000;

/// Deletes from an open store; see [`super::Recorder::pruner`]. Blocks: not for async code.
#[derive(Clone)]
pub struct Pruner {
    pub(super) asks: UnboundedSender<Ask>,
    pub(super) shared: Arc<Shared>,
    pub(super) catalog: CatalogQueue,
    pub(super) retention: Option<Retention>,
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Exchanges.
    pub exchanges: u64,
    /// Bytes given back to the disk.
    pub freed_bytes: u64,
}

impl Pruner {
    /// Deletes exchanges. What is not there, or goes on, is passed over. `purge` rewrites segments
    /// in which other things live, so that the deleted bytes are gone at once; without it they go
    /// with their segment.
    ///
    /// # Errors
    ///
    /// The store's. What has its tombstone by then stays deleted.
    pub fn prune(&self, ids: &[ExchangeId], purge: bool) -> Result<Pruned, StoreError> {
        let _alone = self.shared.alone();
        flush(&self.asks);
        let exchanges = self.bury(ids)?;
        let mut freed_bytes = self.unlink_dead()?;
        if purge {
            freed_bytes += self.rewrite_mixed()?;
        }
        tracing::debug!(exchanges, freed_bytes, purge, "deleted");
        Ok(Pruned { exchanges, freed_bytes })
    }

    /// Deletes whole sessions, oldest first, until the journal is at most `limit` bytes
    /// (`--max-store`). Sessions in which an exchange goes on stay, and so do those of which
    /// nothing lies outside the segment that grows: that one stays whole, so deleting them would
    /// give nothing back. A limit below a segment's 64 MiB is therefore met late.
    ///
    /// # Errors
    ///
    /// As [`Pruner::prune`].
    pub fn shrink_to(&self, limit: u64) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        if self.journal_bytes() <= limit {
            return Ok(pruned);
        }
        for session in self.ended_sessions()? {
            if self.journal_bytes() <= limit {
                break;
            }
            if !self.lies_in_old_segments(&session)? {
                continue;
            }
            let more = self.prune(&session, false)?;
            pruned.exchanges += more.exchanges;
            pruned.freed_bytes += more.freed_bytes;
        }
        Ok(pruned)
    }

    /// The journal's size.
    #[must_use]
    pub fn journal_bytes(&self) -> u64 {
        let segments = self.retention.iter().flat_map(Retention::segments);
        segments.map(|segment| segment.bytes).sum()
    }

    fn lies_in_old_segments(&self, exchanges: &[ExchangeId]) -> Result<bool, StoreError> {
        let segments = self.retention.as_ref().map(Retention::segments).unwrap_or_default();
        let growing = segments.last().map(|segment| segment.number);
        for id in exchanges {
            let positions = self.shared.positions(*id)?;
            if positions.iter().any(|position| Some(position.segment) != growing) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn ended_sessions(&self) -> Result<Vec<Vec<ExchangeId>>, StoreError> {
        let mut sessions = Sessions::new();
        self.shared.catalog().scan(Table::Exchanges, &[], &mut |_, value| {
            sessions.apply(Row::from_bytes(value).map_err(unreadable)?.summary);
            Ok(())
        })?;
        let mut sessions = sessions.list(clock::now());
        sessions.sort_by_key(|session| session.last_at);
        let lives = |id: &ExchangeId| self.shared.live.is_open(*id);
        Ok(sessions
            .into_iter()
            .map(|session| session.exchanges)
            .filter(|exchanges| !exchanges.iter().any(lives))
            .collect())
    }

    /// Tombstones, and the rows gone. Returns how many exchanges.
    fn bury(&self, ids: &[ExchangeId]) -> Result<u64, StoreError> {
        let mut dead = Vec::new();
        let (mut gone, mut summaries) = (CatalogBatch::default(), Vec::new());
        let mut seen = HashSet::with_capacity(ids.len());
        let still = self.shared.still();
        for id in ids.iter().filter(|id| seen.insert(**id)) {
            if self.shared.live.is_open(*id) || !self.shared.knows(*id)? {
                continue;
            }
            dead.push(*id);
            rows::remove_positions(*id, self.shared.positions(*id)?.len(), &mut gone);
            judgements::remove(*id, &*self.shared.catalog(), &mut gone)?;
            if let Some(row) = self.shared.catalog().get(Table::Exchanges, id.as_bytes())? {
                summaries.push(Row::from_bytes(&row).map_err(unreadable)?.summary);
            }
        }
        drop(still);
        for exchanges in dead.chunks(TOMBSTONE_IDS) {
            let fact = Fact::Tombstone { exchanges: exchanges.to_vec() };
            append(&self.asks, vec![Record { exchange: None, n: 0, at: clock::now(), fact }])?;
        }
        if !dead.is_empty() {
            sync(&self.asks)?;
            self.catalog.sync();
            let catalog = self.shared.catalog();
            postings::removal(&summaries, &*catalog, &mut gone)?;
            catalog.apply(gone)?;
        }
        Ok(dead.len() as u64)
    }

    /// Unlinks segments without a living exchange. Returns the bytes freed.
    fn unlink_dead(&self) -> Result<u64, StoreError> {
        let Some(retention) = &self.retention else { return Ok(0) };
        let mut segments = retention.segments();
        // The one that grows stays.
        segments.pop();
        let living = self.living_segments()?;
        segments.retain(|segment| !living.contains(&segment.number));
        let mut dead = Vec::with_capacity(segments.len());
        let mut freed = 0;
        for segment in segments {
            match self.carry_over(retention, segment.number) {
                Ok(carried) => {
                    freed += segment.bytes.saturating_sub(carried);
                    dead.push(segment);
                }
                // What cannot be read may live: it is left as it is.
                Err(StoreError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if !dead.is_empty() {
            sync(&self.asks)?;
        }
        let _moving = self.shared.moving();
        for segment in &dead {
            retention.unlink(segment.number)?;
        }
        Ok(freed)
    }

    /// The segments in which an exchange lives.
    fn living_segments(&self) -> Result<HashSet<u32>, StoreError> {
        let mut living: HashSet<u32> = HashSet::new();
        let mut add = |positions: &[Position]| {
            living.extend(positions.iter().map(|position| position.segment));
        };
        // The tail first: what leaves it meanwhile is in the catalog already.
        self.shared.live.all().iter().for_each(|(_, positions)| add(positions));
        let catalog = self.shared.catalog();
        catalog.scan(Table::Exchanges, &[], &mut |_, value| {
            let row = Row::from_bytes(value).map_err(unreadable)?;
            add(&row_positions(row, &*catalog)?);
            Ok(())
        })?;
        Ok(living)
    }

    /// Appends anew what a segment holds beside exchanges: notices, and tombstones of what is still
    /// dead, since other segments may hold more of the same exchange. Returns how many bytes.
    fn carry_over(&self, retention: &Retention, number: u32) -> Result<u64, StoreError> {
        let mut carried = Vec::new();
        retention.visit(number, &mut |_, records| {
            for mut record in records.into_iter().filter(|record| record.exchange.is_none()) {
                if let Fact::Tombstone { exchanges } = &mut record.fact {
                    let mut dead = Vec::with_capacity(exchanges.len());
                    for id in exchanges.drain(..) {
                        if !self.shared.knows(id)? {
                            dead.push(id);
                        }
                    }
                    *exchanges = dead;
                    if exchanges.is_empty() {
                        continue;
                    }
                }
                carried.push(record);
            }
            Ok(())
        })?;
        if carried.is_empty() {
            return Ok(0);
        }
        let bytes = codec::encode(&carried, Vec::new()).len() as u64;
        append(&self.asks, carried).map(|()| bytes)
    }

    /// Rewrites every segment in which nothing goes on, without what is deleted. Entries move, so
    /// the catalog is made anew. Returns the bytes freed.
    fn rewrite_mixed(&self) -> Result<u64, StoreError> {
        let Some(retention) = self.retention.clone() else { return Ok(0) };
        let (pruner, (sent, freed)) = (self.clone(), std::sync::mpsc::sync_channel(1));
        // On the catalog's thread: nothing is applied to the old catalog from here on.
        self.catalog.rebuild_after(Box::new(move || {
            let _ = sent.send(pruner.rewrite_all(&retention));
        }));
        freed.recv().unwrap_or(Ok(0))
    }

    fn rewrite_all(&self, retention: &Retention) -> Result<u64, StoreError> {
        // A crash from here on finds no watermark and rebuilds.
        let mark = (Table::Meta, rows::WATERMARK.to_vec(), None);
        let catalog = self.shared.catalog();
        catalog.apply(CatalogBatch { changes: vec![mark] })?;
        catalog.sync()?;
        let tail = retention.seal_tail()?;
        // What was appended before that is in the tail of readers by then.
        flush(&self.asks);
        let running: HashSet<u32> = (self.shared.live.all().into_iter())
            .flat_map(|(_, positions)| positions)
            .map(|position| position.segment)
            .collect();
        let mut freed = 0;
        let rests =
            |segment: &SegmentInfo| segment.number < tail && !running.contains(&segment.number);
        for segment in retention.segments().into_iter().filter(rests) {
            let mut failed = None;
            let rewritten = retention.rewrite(segment.number, &mut |record| {
                let known = record.exchange.map_or(Ok(true), |id| self.shared.knows(id));
                known.unwrap_or_else(|error| {
                    failed = Some(error);
                    true
                })
            });
            if let Some(error) = failed {
                return Err(error);
            }
            match rewritten {
                Ok(rewritten) => {
                    self.shared.cursors.moved(segment.number, &rewritten.moved);
                    freed += rewritten.freed;
                }
                // Left as it is: damage is not made worse.
                Err(StoreError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(freed)
    }
}

#[cfg(test)]
mod tests;
