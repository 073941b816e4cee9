//! Writing a tape line by line.

use std::io::Write;

use super::{Line, TapeError, TapeHeader, form};
use crate::capture::{Record, Timestamp};

/// Writes lines in the order given. Buffer the output; [`super::Spool`] sorts.
pub struct TapeWriter<W> {
    out: W,
    started_at: Timestamp,
}

impl<W: Write> TapeWriter<W> {
    /// Writes line 1.
    ///
    /// # Errors
    ///
    /// The output's.
    pub fn new(mut out: W, header: &TapeHeader) -> Result<Self, TapeError> {
        writeln!(out, "{}", header.line())?;
        Ok(Self { out, started_at: header.started_at })
    }

    /// Writes the line of one record, or of consecutive chunks of one body. A tombstone is never
    /// written.
    ///
    /// # Errors
    ///
    /// The output's.
    pub fn write(&mut self, group: &[Record]) -> Result<(), TapeError> {
        let line = form::write(group, self.started_at).map_err(std::io::Error::from)?;
        if let Some(mut line) = line {
            line.push(b'\n');
            self.out.write_all(&line)?;
        }
        Ok(())
    }

    /// Writes a line that was read, letter by letter.
    ///
    /// # Errors
    ///
    /// The output's.
    pub fn copy(&mut self, line: &Line) -> Result<(), TapeError> {
        Ok(self.out.write_all(line.text().as_bytes())?)
    }

    /// Flushes and gives the output back.
    ///
    /// # Errors
    ///
    /// The output's.
    pub fn finish(mut self) -> Result<W, TapeError> {
        self.out.flush()?;
        Ok(self.out)
    }
}
