//! Putting recordings in from elsewhere: a tape, another store. What is known is skipped, so that
//! importing twice changes nothing.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc},
};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    capture::{ExchangeId, Fact, Record},
    store::{StoreError, Table},
};

use super::{
    recorder::flush,
    rows,
    shared::Shared,
    source::{Source, SourceError},
    writer::Ask,
};

/// Imports into an open store; see [`super::Recorder::importer`]. Blocks: not for async code.
#[derive(Clone)]
pub struct Importer {
    asks: UnboundedSender<Ask>,
    shared: Arc<Shared>,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Exchanges that are new.
    pub exchanges: u64,
    /// Exchanges that were there already.
    pub known: u64,
    /// Notices that are new.
    pub notices: u64,
}

impl Importer {
    pub(super) fn new(asks: UnboundedSender<Ask>, shared: Arc<Shared>) -> Self {
        Self { asks, shared }
    }

    /// Begins an import of records as they come.
    #[must_use]
    pub fn gather(self) -> Gathering {
        Gathering { importer: self, open: HashMap::new(), imported: Imported::default() }
    }

    /// Imports all that a source holds and makes it durable.
    ///
    /// # Errors
    ///
    /// The source's, or this store's.
    pub fn all(&self, source: &mut dyn Source) -> Result<Imported, SourceError> {
        let mut imported = Imported::default();
        for summary in source.summaries()? {
            if self.exchange(source.records(summary.id)?)? {
                imported.exchanges += 1;
            } else {
                imported.known += 1;
            }
        }
        for notice in source.notices()? {
            imported.notices += u64::from(self.notice(notice)?);
        }
        self.sync()?;
        Ok(imported)
    }

    /// Imports one exchange, all its records in the order of their numbers; ids and times are kept.
    /// An id that was deleted earlier may come back. False: it was there already, or the records
    /// are not those of one exchange. It is durable after [`Importer::sync`].
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn exchange(&self, records: Vec<Record>) -> Result<bool, StoreError> {
        let Some(id) = one_exchange(&records) else { return Ok(false) };
        let _alone = self.shared.alone();
        let known = {
            let _still = self.shared.still();
            self.shared.knows(id)?
        };
        if known {
            return Ok(false);
        }
        append(&self.asks, records).map(|()| true)
    }

    /// Imports a notice. False: the same one is there, or it is none.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn notice(&self, record: Record) -> Result<bool, StoreError> {
        if record.exchange.is_some() || matches!(record.fact, Fact::Tombstone { .. }) {
            return Ok(false);
        }
        let _alone = self.shared.alone();
        let key = rows::notice_key(record.at, &rows::notice(&record));
        let known = {
            let _still = self.shared.still();
            // The tail first: what leaves it meanwhile is in the catalog already.
            self.shared.live.notices().contains(&record)
                || self.shared.catalog().get(Table::Notices, &key)?.is_some()
        };
        if known {
            return Ok(false);
        }
        append(&self.asks, vec![record]).map(|()| true)
    }

    /// Makes durable what was imported.
    ///
    /// # Errors
    ///
    /// The disk's.
    pub fn sync(&self) -> Result<(), StoreError> {
        flush(&self.asks);
        sync(&self.asks)
    }
}

/// Imports records in the order of a tape, where exchanges interleave: each is imported whole once
/// its end has come, so an import that breaks off can be done again.
pub struct Gathering {
    importer: Importer,
    open: HashMap<ExchangeId, Vec<Record>>,
    imported: Imported,
}

impl Gathering {
    /// Takes the next records.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn take(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        for record in records {
            let Some(id) = record.exchange else {
                self.imported.notices += u64::from(self.importer.notice(record)?);
                continue;
            };
            let ends = matches!(record.fact, Fact::End(_));
            self.open.entry(id).or_default().push(record);
            if ends {
                self.whole(id)?;
            }
        }
        Ok(())
    }

    /// Imports those without an end too and makes all durable.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn finish(mut self) -> Result<Imported, StoreError> {
        let mut open: Vec<ExchangeId> = self.open.keys().copied().collect();
        open.sort();
        for id in open {
            self.whole(id)?;
        }
        self.importer.sync()?;
        Ok(self.imported)
    }

    fn whole(&mut self, id: ExchangeId) -> Result<(), StoreError> {
        let mut records = self.open.remove(&id).unwrap_or_default();
        records.sort_by_key(|record| record.n);
        if self.importer.exchange(records)? {
            self.imported.exchanges += 1;
        } else {
            self.imported.known += 1;
        }
        Ok(())
    }
}

/// The exchange of which these are the records, from its opening on.
fn one_exchange(records: &[Record]) -> Option<ExchangeId> {
    let first = records.first()?;
    let is_whole = matches!(first.fact, Fact::Open(_))
        && records.iter().all(|record| record.exchange == first.exchange);
    first.exchange.filter(|_| is_whole)
}

/// Has the writer append records as they are.
pub(super) fn append(asks: &UnboundedSender<Ask>, records: Vec<Record>) -> Result<(), StoreError> {
    ask(asks, |done| Ask::Append(records, done))
}

/// Has the journal made durable.
pub(super) fn sync(asks: &UnboundedSender<Ask>) -> Result<(), StoreError> {
    ask(asks, Ask::Sync)
}

fn ask(
    asks: &UnboundedSender<Ask>,
    what: impl FnOnce(mpsc::SyncSender<Result<(), StoreError>>) -> Ask,
) -> Result<(), StoreError> {
    let (done, wait) = mpsc::sync_channel(1);
    let answer = asks.send(what(done)).ok().and_then(|()| wait.recv().ok());
    answer.unwrap_or_else(|| {
        let source = std::io::Error::other("the recording is over");
        Err(StoreError::Io { path: "journal".into(), source })
    })
}
