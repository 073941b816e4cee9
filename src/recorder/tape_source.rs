//! A tape as a source. The file is read once for an index; records are read again when asked for,
//! so that a tape of any size can be walked in little memory.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, BufReader, Chain, Cursor, Read, Seek, SeekFrom},
    ops::Bound,
};

use crate::{
    capture::{ExchangeId, Fact, Record},
    protocol::{Reader, Summary, index::Plan},
    store::{
        StoreError,
        tape::{TapeError, TapeReader},
    },
};

use super::source::{Origin, Source, SourceError};

/// The most that is read of line 1; a tape's is far shorter.
const FIRST_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// A tape that can be read again: a file, or bytes in memory.
pub struct TapeSource<R> {
    input: R,
    first_line: Vec<u8>,
    origin: Origin,
    /// Where the lines of each exchange lie, in order: offset and length.
    lines: HashMap<ExchangeId, Vec<(u64, u64)>>,
    summaries: BTreeMap<ExchangeId, Summary>,
    notices: Vec<Record>,
}

impl<R: BufRead + Seek + Send> TapeSource<R> {
    /// Reads a tape through.
    ///
    /// # Errors
    ///
    /// The input's, or that it is no tape that this program knows.
    pub fn open(mut input: R) -> Result<Self, SourceError> {
        let first_line = first_line(&mut input)?;
        let mut offset = first_line.len() as u64;
        let mut source = Self {
            origin: Origin { tool: String::new() },
            lines: HashMap::new(),
            summaries: BTreeMap::new(),
            notices: Vec::new(),
            first_line,
            input,
        };
        let mut open: HashMap<ExchangeId, Reader> = HashMap::new();
        let head = Cursor::new(source.first_line.clone());
        let mut tape = tape(head.chain(&mut source.input))?;
        source.origin.tool.clone_from(&tape.header().tool);
        for line in &mut tape {
            let line = line.map_err(StoreError::from)?;
            let length = line.text().len() as u64;
            let mut last = None;
            for record in line.into_records() {
                let Some(id) = record.exchange else {
                    source.notices.push(record);
                    continue;
                };
                if last != Some(id) {
                    source.lines.entry(id).or_default().push((offset, length));
                    last = Some(id);
                }
                let reader = open.entry(id).or_default();
                reader.push(&record);
                drop(reader.take_messages());
                if matches!(record.fact, Fact::End(_)) {
                    let summary = open.remove(&id).and_then(|reader| reader.summary());
                    source.summaries.extend(summary.map(|summary| (id, summary)));
                }
            }
            offset += length;
        }
        drop(tape);
        let running = open.into_iter().filter_map(|(id, reader)| Some((id, reader.summary()?)));
        source.summaries.extend(running);
        source.notices.sort_by_key(|record| record.at);
        Ok(source)
    }

    /// The lines of an exchange, as text.
    fn lines_of(&mut self, exchange: ExchangeId) -> std::io::Result<Vec<u8>> {
        let mut text = Vec::new();
        for (offset, length) in self.lines.get(&exchange).into_iter().flatten() {
            self.input.seek(SeekFrom::Start(*offset))?;
            (&mut self.input).take(*length).read_to_end(&mut text)?;
        }
        Ok(text)
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
        let text = self.lines_of(exchange).map_err(TapeError::from).map_err(StoreError::from)?;
        let tape = tape(Cursor::new(self.first_line.clone()).chain(Cursor::new(text)))?;
        let mut records =
            tape.records().collect::<Result<Vec<_>, _>>().map_err(StoreError::from)?;
        records.sort_by_key(|record| record.n);
        Ok(records)
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        Ok(self.notices.clone())
    }

    fn origin(&self) -> Origin {
        self.origin.clone()
    }
}

/// Line 1 with its end; the input stands behind it.
fn first_line(input: &mut impl BufRead) -> Result<Vec<u8>, SourceError> {
    let mut line = Vec::new();
    let mut limited = input.take(FIRST_LINE_BYTES);
    limited.read_until(b'\n', &mut line).map_err(TapeError::from).map_err(StoreError::from)?;
    Ok(line)
}

fn tape<A: Read, B: Read>(
    input: Chain<A, B>,
) -> Result<TapeReader<BufReader<Chain<A, B>>>, SourceError> {
    Ok(TapeReader::new(BufReader::new(input)).map_err(StoreError::from)?)
}
