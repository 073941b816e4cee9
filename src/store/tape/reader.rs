//! Reading a tape line by line.

use std::io::{BufRead, Read};

use super::{MAX_LINE_BYTES, TapeError, TapeHeader, form, header};
use crate::capture::Record;

/// Reads the lines of a tape, one in memory at a time. It ends after its first error.
pub struct TapeReader<R> {
    input: R,
    header: TapeHeader,
    line: u64,
    failed: bool,
}

/// One line of a tape after its first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A kind of record that this version knows.
    Known {
        /// The line as it was, its end included.
        text: String,
        /// The record, or the chunks that were joined.
        records: Vec<Record>,
    },
    /// A kind that it does not know, or a blank line.
    Unknown {
        /// The line as it was, its end included.
        text: String,
    },
}

impl Line {
    /// The line as it was, its end included.
    pub fn text(&self) -> &str {
        match self {
            Self::Known { text, .. } | Self::Unknown { text } => text,
        }
    }

    /// The records it stands for; none where its kind is unknown.
    pub fn into_records(self) -> Vec<Record> {
        match self {
            Self::Known { records, .. } => records,
            Self::Unknown { .. } => Vec::new(),
        }
    }
}

impl<R: BufRead> TapeReader<R> {
    /// Reads line 1.
    ///
    /// # Errors
    ///
    /// The input's; [`TapeError::NotATape`] or [`TapeError::Newer`] for what is no tape that we
    /// know.
    pub fn new(mut input: R) -> Result<Self, TapeError> {
        let (gzip, empty) = {
            let start = input.fill_buf()?;
            (start.starts_with(&[0x1f, 0x8b]), start.is_empty())
        };
        if gzip {
            return Err(TapeError::NotATape {
                what: "it is compressed".to_owned(),
                hint: "unpack it with gunzip first",
            });
        }
        if empty {
            return Err(header::not_a_tape("it is empty"));
        }
        let first = match read_line(&mut input, 1) {
            Ok(line) => line.unwrap_or_default(),
            Err(TapeError::Line { what, .. }) => return Err(header::not_a_tape(&what)),
            Err(other) => return Err(other),
        };
        let header = TapeHeader::parse(first.strip_suffix('\n').unwrap_or(&first))?;
        Ok(Self { input, header, line: 1, failed: false })
    }

    /// Line 1.
    pub fn header(&self) -> &TapeHeader {
        &self.header
    }

    /// The records alone, in the order of the lines.
    pub fn records(self) -> impl Iterator<Item = Result<Record, TapeError>> {
        self.flat_map(|line| {
            let (records, error) = match line {
                Ok(line) => (line.into_records(), None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            records.into_iter().map(Ok).chain(error)
        })
    }

    fn next_line(&mut self) -> Result<Option<Line>, TapeError> {
        let number = self.line + 1;
        let Some(text) = read_line(&mut self.input, number)? else { return Ok(None) };
        self.line = number;
        if text.trim().is_empty() {
            return Ok(Some(Line::Unknown { text }));
        }
        let read = form::read(&text, self.header.started_at);
        let read = read.map_err(|form::Misread { column, what }| TapeError::Line {
            line: number,
            column,
            what,
        })?;
        Ok(Some(match read {
            Some(records) => Line::Known { text, records },
            None => Line::Unknown { text },
        }))
    }
}

impl<R: BufRead> Iterator for TapeReader<R> {
    type Item = Result<Line, TapeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.next_line();
        self.failed = next.is_err();
        next.transpose()
    }
}

/// A line with its end; none at the end of the input.
fn read_line(input: &mut impl BufRead, line: u64) -> Result<Option<String>, TapeError> {
    let mut bytes = Vec::new();
    input.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut bytes)?;
    if bytes.len() as u64 > MAX_LINE_BYTES {
        let what =
            format!("it is longer than {MAX_LINE_BYTES} bytes, more than a tape's lines are");
        return Err(TapeError::Line { line, column: 0, what });
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    String::from_utf8(bytes).map(Some).map_err(|error| TapeError::Line {
        line,
        column: error.utf8_error().valid_up_to() + 1,
        what: "it is not UTF-8".to_owned(),
    })
}
