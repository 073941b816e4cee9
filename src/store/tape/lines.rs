//! The lines of one exchange, out of the file and not read yet: each is by itself, so that those of
//! a large body can be read side by side.

use super::{TapeError, form};
use crate::capture::{Record, Timestamp};

/// The lines of one exchange.
pub struct Lines {
    pub(super) text: String,
    pub(super) started_at: Timestamp,
}

/// Some of them that follow on one another.
#[derive(Clone, Copy)]
pub struct Part<'l> {
    text: &'l str,
    started_at: Timestamp,
}

impl Lines {
    /// How long they are together.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// All of them.
    pub fn all(&self) -> Part<'_> {
        Part { text: &self.text, started_at: self.started_at }
    }

    /// All of them in parts about as long as one another, so many or fewer and no part empty.
    pub fn parts(&self, most: usize) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let mut rest = self.text.as_str();
        for left in (1..=most.max(1)).rev() {
            let share = rest.len().div_ceil(left);
            // The line in which the share ends is in it.
            let line = rest.as_bytes().get(share.saturating_sub(1)..).unwrap_or_default();
            let end = memchr::memchr(b'\n', line).map(|end| share.saturating_sub(1) + end + 1);
            let (text, behind) =
                end.and_then(|end| rest.split_at_checked(end)).unwrap_or((rest, ""));
            if !text.is_empty() {
                parts.push(Part { text, started_at: self.started_at });
            }
            rest = behind;
        }
        parts
    }
}

impl Part<'_> {
    /// The records of these lines, as the lines lie.
    ///
    /// # Errors
    ///
    /// The tape was changed since its lines were found.
    pub fn records(self) -> Result<Vec<Record>, TapeError> {
        let mut records = Vec::new();
        for line in self.text.lines().filter(|line| !line.trim().is_empty()) {
            let read = form::read(line, self.started_at).map_err(|_| TapeError::Changed)?;
            records.extend(read.into_iter().flatten());
        }
        Ok(records)
    }
}
