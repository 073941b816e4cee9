//! Where the lines of each exchange lie on a tape, so that one is read again when it is wanted: a
//! tape of any size is walked in little memory.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::{TapeError, TapeReader, lines::Lines};
use crate::capture::{ExchangeId, Record, Timestamp};

/// The most that is read of line 1; a tape's is far shorter.
const FIRST_LINE_BYTES: u64 = 16 << 20;

/// Lines of one exchange that follow on one another.
#[derive(Clone, Copy, Debug)]
struct Span {
    exchange: ExchangeId,
    from: u64,
    to: u64,
}

/// A tape whose lines were read once and can be read again: in memory are 32 bytes for each run of
/// lines of one exchange.
pub struct Places<R> {
    input: R,
    /// Where the input stands: who reads on needs not seek, which would empty its buffer.
    at: u64,
    started_at: Timestamp,
    /// By exchange, then as they lie.
    spans: Vec<Span>,
}

impl<R: BufRead + Seek> Places<R> {
    /// Reads a tape through, handing over what stands on it line by line: its records, those of one
    /// line together, and how many bytes were read.
    ///
    /// # Errors
    ///
    /// The input's, or that it is no tape that this program knows.
    pub fn read(
        mut input: R,
        mut header: impl FnMut(&super::TapeHeader),
        mut line: impl FnMut(Vec<Record>, u64),
    ) -> Result<Self, TapeError> {
        let mut first = Vec::new();
        (&mut input).take(FIRST_LINE_BYTES).read_until(b'\n', &mut first)?;
        let mut offset = first.len() as u64;
        let mut spans: Vec<Span> = Vec::new();
        let mut tape = TapeReader::new(io::Cursor::new(first).chain(&mut input))?;
        header(tape.header());
        let started_at = tape.header().started_at;
        for read in &mut tape {
            let read = read?;
            let end = offset + read.text().len() as u64;
            let records = read.into_records();
            let mut last = None;
            for exchange in records.iter().filter_map(|record| record.exchange) {
                if last.replace(exchange) == Some(exchange) {
                    continue;
                }
                match spans.last_mut() {
                    Some(span) if span.exchange == exchange && span.to == offset => span.to = end,
                    _ => spans.push(Span { exchange, from: offset, to: end }),
                }
            }
            offset = end;
            line(records, end);
        }
        drop(tape);
        spans.sort_unstable_by_key(|span| (span.exchange, span.from));
        spans.shrink_to_fit();
        Ok(Self { input, at: offset, started_at, spans })
    }

    /// The records of one exchange in the order of their numbers; none where it is not there.
    ///
    /// # Errors
    ///
    /// The input's, or that the tape was changed since.
    pub fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, TapeError> {
        let mut records = self.lines(exchange)?.all().records()?;
        records.sort_by_key(|record| record.n);
        Ok(records)
    }

    /// The lines of one exchange as they lie; none where it is not there.
    ///
    /// # Errors
    ///
    /// The input's, or that the tape was changed since.
    pub fn lines(&mut self, exchange: ExchangeId) -> Result<Lines, TapeError> {
        let first = self.spans.partition_point(|span| span.exchange < exchange);
        let rest = self.spans.get(first..).unwrap_or_default();
        let own = || rest.iter().take_while(|span| span.exchange == exchange);
        // So much was read when the places were found: a body of 10 MB is not moved as it grows.
        let all: u64 = own().map(|span| span.to - span.from).sum();
        let mut text = Vec::with_capacity(usize::try_from(all).map_err(|_| TapeError::Changed)?);
        for span in own() {
            if self.at != span.from {
                self.input.seek(SeekFrom::Start(span.from))?;
            }
            let length = span.to - span.from;
            self.at = span.to;
            let read = (&mut self.input).take(length).read_to_end(&mut text)?;
            if read as u64 != length {
                // Where it stands now is not known.
                self.at = u64::MAX;
                return Err(TapeError::Changed);
            }
        }
        let text = String::from_utf8(text).map_err(|_| TapeError::Changed)?;
        Ok(Lines { text, started_at: self.started_at })
    }
}
