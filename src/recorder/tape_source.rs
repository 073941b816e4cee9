//! A tape as a source. The file is read once for an index; records are read again when asked for,
//! so that a tape of any size can be walked in little memory.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, Seek},
    ops::Bound,
};

use crate::{
    capture::{ExchangeId, Fact, Record},
    protocol::{Reader, Summary, index::Plan},
    store::{StoreError, tape::Places},
};

use super::source::{Origin, Source, SourceError};

/// A tape that can be read again: a file, or bytes in memory.
pub struct TapeSource<R> {
    places: Places<R>,
    origin: Origin,
    summaries: BTreeMap<ExchangeId, Summary>,
    notices: Vec<Record>,
}

impl<R: BufRead + Seek + Send> TapeSource<R> {
    /// Reads a tape through.
    ///
    /// # Errors
    ///
    /// The input's, or that it is no tape that this program knows.
    pub fn open(input: R) -> Result<Self, SourceError> {
        let mut origin = Origin { tool: String::new() };
        let mut open: HashMap<ExchangeId, Reader> = HashMap::new();
        let (mut summaries, mut notices) = (BTreeMap::new(), Vec::new());
        let places = Places::read(
            input,
            |header| origin.tool.clone_from(&header.tool),
            |records, _| {
                for record in records {
                    let Some(id) = record.exchange else {
                        notices.push(record);
                        continue;
                    };
                    let reader = open.entry(id).or_default();
                    reader.push(&record);
                    drop(reader.take_messages());
                    if matches!(record.fact, Fact::End(_)) {
                        let summary = open.remove(&id).and_then(|reader| reader.summary());
                        summaries.extend(summary.map(|summary| (id, summary)));
                    }
                }
            },
        );
        let places = places.map_err(StoreError::from)?;
        summaries.extend(open.into_iter().filter_map(|(id, reader)| Some((id, reader.summary()?))));
        notices.sort_by_key(|record| record.at);
        Ok(Self { places, origin, summaries, notices })
    }
}

impl<R: BufRead + Seek + Send> Source for TapeSource<R> {
    fn summaries(&mut self) -> Result<Vec<Summary>, SourceError> {
        Ok(self.summaries.values().cloned().collect())
    }

    fn find(
        &mut self,
        plan: &Plan,
        after: Option<ExchangeId>,
        most: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = self.summaries.range((from, Bound::Unbounded)).map(|(_, summary)| summary);
        Ok(behind.filter(|summary| plan.admits(summary)).take(most).cloned().collect())
    }

    fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, SourceError> {
        Ok(self.places.records(exchange).map_err(StoreError::from)?)
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        Ok(self.notices.clone())
    }

    fn origin(&self) -> Origin {
        self.origin.clone()
    }
}
