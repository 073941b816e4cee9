//! Reading a store in the process that owns it: the catalog plus a fold of the journal's tail
//! (design.md, Store).

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    capture::{ExchangeId, Record},
    protocol::{Reader, Summary, index::Plan, problems::Judgement},
    store::{CatalogBatch, Position, Table},
};

use super::{
    judgements, postings,
    recorder::flush,
    rows::{self, Row},
    shared::{Shared, unreadable},
    source::{Origin, Source, SourceError},
    writer::Ask,
};

/// How many running exchanges are read on where the last call stopped; others from their start.
const TAIL_READERS: usize = 1_024;

/// A reader of an open store; see [`super::Recorder::source`].
pub struct OwnerSource {
    /// Who is asked to write what was sent to the tap; none where there is no tap.
    asks: Option<UnboundedSender<Ask>>,
    shared: Arc<Shared>,
    /// Exchanges of the tail as far as they were read, and how many entries that is.
    tail: HashMap<ExchangeId, (usize, Reader)>,
}

impl OwnerSource {
    pub(super) fn new(asks: Option<UnboundedSender<Ask>>, shared: Arc<Shared>) -> Self {
        Self { asks, shared, tail: HashMap::new() }
    }

    fn catch_up(&self) {
        if let Some(asks) = &self.asks {
            flush(asks);
        }
    }

    /// Folds the exchanges that the catalog does not have.
    fn tail(
        &mut self,
        live: Vec<(ExchangeId, Vec<Position>)>,
        summaries: &mut BTreeMap<ExchangeId, Summary>,
    ) -> Result<(), SourceError> {
        let mut known = std::mem::take(&mut self.tail);
        for (id, positions) in live {
            if summaries.contains_key(&id) {
                continue;
            }
            let (read, mut reader) = known.remove(&id).unwrap_or_default();
            for position in positions.iter().skip(read) {
                for record in self.shared.journal.read(*position)? {
                    reader.push(&record);
                }
                drop(reader.take_messages());
            }
            summaries.extend(reader.summary().map(|summary| (id, summary)));
            if self.tail.len() < TAIL_READERS {
                self.tail.insert(id, (positions.len(), reader));
            }
        }
        Ok(())
    }
}

/// What is stored, ascending, and what is not yet, in one list of at most so many. Nearly always nothing
/// is to be added, and a list of a megabyte goes on as it is.
fn merged(
    mut stored: Vec<Summary>,
    running: BTreeMap<ExchangeId, Summary>,
    most: usize,
) -> Vec<Summary> {
    if !running.is_empty() {
        stored.extend(running.into_values());
        // Stable: of what is in both, what is stored comes first and stays.
        stored.sort_by_key(|summary| summary.id);
        stored.dedup_by_key(|summary| summary.id);
        stored.truncate(most);
    }
    stored
}

impl Source for OwnerSource {
    fn summaries(&mut self) -> Result<Vec<Summary>, SourceError> {
        self.catch_up();
        let shared = Arc::clone(&self.shared);
        let _still = shared.still();
        // The tail first: what leaves it meanwhile is in the catalog already.
        let live = self.shared.live.all();
        let mut summaries = BTreeMap::new();
        self.shared.catalog().scan(Table::Exchanges, &[], &mut |_, value| {
            let row = Row::from_bytes(value).map_err(unreadable)?;
            summaries.insert(row.summary.id, row.summary);
            Ok(())
        })?;
        self.tail(live, &mut summaries)?;
        Ok(summaries.into_values().collect())
    }

    fn find(
        &mut self,
        plan: &Plan,
        after: Option<ExchangeId>,
        most: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        self.catch_up();
        let shared = Arc::clone(&self.shared);
        let _still = shared.still();
        // The tail first: what leaves it meanwhile is in the catalog already.
        let mut live = self.shared.live.all();
        let stored = postings::find(&*self.shared.catalog(), plan, after, most)?;
        // Of the tail, what lies behind the last one stored comes with the next part.
        let last = stored.last().map(|summary| summary.id).filter(|_| stored.len() == most);
        live.retain(|(id, _)| Some(*id) > after && last.is_none_or(|last| *id < last));
        let mut running = BTreeMap::new();
        self.tail(live, &mut running)?;
        running.retain(|_, summary| plan.admits(summary));
        Ok(merged(stored, running, most))
    }

    fn kept(&mut self, sessions: &[ExchangeId]) -> Result<Vec<Option<Judgement>>, SourceError> {
        let _still = self.shared.still();
        let catalog = self.shared.catalog();
        Ok(sessions
            .iter()
            .map(|session| judgements::read(&*catalog, *session))
            .collect::<Result<_, _>>()?)
    }

    fn keep(&mut self, judgements: &[Judgement]) -> Result<(), SourceError> {
        // Whoever makes the catalog anew, or deletes, waits: nothing stays of what is gone.
        let _alone = self.shared.alone();
        let _still = self.shared.still();
        let catalog = self.shared.catalog();
        let mut batch = CatalogBatch::default();
        for judgement in judgements {
            if self.shared.knows(judgement.session)? {
                judgements::write(judgement, &*catalog, &mut batch)?;
            }
        }
        Ok(catalog.apply(batch)?)
    }

    fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, SourceError> {
        self.catch_up();
        let _still = self.shared.still();
        let mut records = Vec::new();
        for position in self.shared.positions(exchange)? {
            records.extend(self.shared.journal.read(position)?);
        }
        records.sort_by_key(|record| record.n);
        Ok(records)
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        self.catch_up();
        let _still = self.shared.still();
        // By key, which begins with the time: one that the catalog has taken in meanwhile, or that
        // a prune carried over, is there once.
        let mut notices = BTreeMap::new();
        for record in self.shared.live.notices() {
            notices.insert(rows::notice_key(record.at, &rows::notice(&record)), record);
        }
        self.shared.catalog().scan(Table::Notices, &[], &mut |key, value| {
            let record = rows::read_notice(value)?.into_iter().next();
            notices.extend(record.map(|record| (key.to_vec(), record)));
            Ok(())
        })?;
        Ok(notices.into_values().collect())
    }

    fn origin(&self) -> Origin {
        Origin { tool: concat!("wiretape ", env!("CARGO_PKG_VERSION")).to_owned() }
    }
}
