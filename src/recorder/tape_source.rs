//! A tape as a source. The file is read once for an index; records are read again when asked for,
//! so that a tape of any size can be walked in little memory.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, Seek},
    num::NonZero,
    ops::Bound,
    panic::resume_unwind,
    thread,
};

use crate::{
    capture::{ExchangeId, Fact, Record},
    protocol::{Reader, Summary, index::Plan},
    store::{
        StoreError,
        tape::{Lines, Places, TapeError},
    },
    tasks,
};

use super::source::{Origin, Source, SourceError};

/// Lines of one exchange that are so long together are read by one more thread each time: whoever
/// opens a large body waits for them, and a core beside this one mostly has nothing to do.
const PART_BYTES: usize = 1 << 20;

/// Threads that read one exchange, at most: beyond them memory is the limit.
const READERS: usize = 4;

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
        let lines = self.places.lines(exchange).map_err(StoreError::from)?;
        Ok(side_by_side(&lines).map_err(StoreError::from)?)
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        Ok(self.notices.clone())
    }

    fn origin(&self) -> Origin {
        self.origin.clone()
    }
}

/// The records of one exchange in the order of their numbers, read on several threads where there is
/// much to read.
fn side_by_side(lines: &Lines) -> Result<Vec<Record>, TapeError> {
    let wanted = lines.bytes() / PART_BYTES;
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    let readers = if wanted > 1 { wanted.min(READERS).min(cores()) } else { 1 };
    let parts = lines.parts(readers);
    let Some((own, others)) = parts.split_first() else { return Ok(Vec::new()) };
    let mut records = thread::scope(|scope| {
        let others: Vec<_> = others
            .iter()
            .map(|part| (part, tasks::scoped(scope, "tape-lines", || part.records())))
            .collect();
        let mut records = own.records()?;
        for (part, reading) in others {
            records.extend(match reading {
                Ok(reading) => reading.join().unwrap_or_else(|panic| resume_unwind(panic))?,
                // The system gives no more threads.
                Err(_) => part.records()?,
            });
        }
        Ok::<_, TapeError>(records)
    })?;
    records.sort_by_key(|record| record.n);
    Ok(records)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        io::BufReader,
    };

    use super::*;
    use crate::{
        capture::{Side, Timestamp},
        store::tape::{Spool, TapeHeader},
    };

    const ID: ExchangeId = ExchangeId::from_bytes([7; 16]);

    /// A body of several lines that are long enough to be shared.
    fn body() -> Vec<Record> {
        let text = r#"{"a": "b"},"#.repeat(30_000);
        let chunk = |n: u32| Record {
            exchange: Some(ID),
            n,
            at: Timestamp(u64::from(n)),
            fact: Fact::Chunk { side: Side::Response, data: text.clone().into(), cut: 0 },
        };
        (0..20).map(chunk).collect()
    }

    fn tape(records: &[Record]) -> Vec<u8> {
        let mut spool = Spool::new(std::io::Cursor::new(Vec::new()));
        for record in records {
            spool.push(record.clone()).unwrap();
        }
        let mut tape = Vec::new();
        spool
            .finish(TapeHeader::new(Timestamp(0), "wiretape 0.1.0", Vec::new()), &mut tape)
            .unwrap();
        tape
    }

    #[test]
    fn a_body_that_is_read_side_by_side_is_in_its_order() {
        let records = body();
        let mut source = TapeSource::open(std::io::Cursor::new(tape(&records))).unwrap();
        assert!(source.places.lines(ID).unwrap().bytes() > READERS * PART_BYTES);
        assert!(source.records(ID).unwrap() == records, "they are not told: 7 MB");
        assert_eq!(source.records(ExchangeId::from_bytes([8; 16])).unwrap(), []);
    }

    #[test]
    fn a_tape_that_was_changed_is_refused_in_whichever_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tape.jsonl");
        let tape = tape(&body());
        for place in [tape.len() / 8, tape.len() - 8] {
            fs::write(&path, &tape).unwrap();
            let mut source = TapeSource::open(BufReader::new(File::open(&path).unwrap())).unwrap();
            let mut changed = tape.clone();
            // It may stand nowhere in JSON.
            changed[place] = 1;
            fs::write(&path, changed).unwrap();
            let refused = source.records(ID).err().map(|error| error.to_string());
            assert!(refused.is_some_and(|refused| refused.contains("was changed")), "{place}");
        }
    }
}
