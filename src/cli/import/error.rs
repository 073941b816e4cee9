//! Why another tool's recording is not taken. Nothing of it is, then.

use crate::{recorder::SourceError, store::tape::TapeError};

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportError {
    /// The file, or the temporary one.
    #[error("it could not be read: {0}")]
    Io(#[from] std::io::Error),
    /// Something else.
    #[error("this is no {format}: {what}\nhint: without --format the file's content decides")]
    NotThat {
        /// What it was taken for.
        format: &'static str,
        /// Why it is none.
        what: String,
    },
    /// Not anything that we know.
    #[error("{what}\nhint: {hint}")]
    Unknown {
        /// What it looks like.
        what: String,
        /// What to do then.
        hint: &'static str,
    },
    /// By a version that we do not know.
    #[error(
        "this {format} has version {found}; this wiretape reads {known}\nhint: update wiretape"
    )]
    Version {
        /// What it is.
        format: &'static str,
        /// Its version.
        found: String,
        /// Those that are read.
        known: &'static str,
    },
    /// A place in the file.
    #[error("line {line}{}: {what}", at_column(*column))]
    Line {
        /// From 1.
        line: u64,
        /// From 1; 0 where the line as a whole is wrong.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// An entry of the file.
    #[error("{kind} {number}: {what}")]
    Entry {
        /// What the format calls it.
        kind: &'static str,
        /// From 1.
        number: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The temporary tape.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// The same, read back.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl ImportError {
    /// JSON that is none, or has not the shape it should. `line` is where its first line stands in
    /// the file, from 1.
    pub(super) fn json(error: &serde_json::Error, line: u64) -> Self {
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or(&text).to_owned();
        let within = u64::try_from(error.line()).unwrap_or_default();
        Self::Line { line: line + within.saturating_sub(1), column: error.column(), what }
    }
}

fn at_column(column: usize) -> String {
    if column == 0 { String::new() } else { format!(", column {column}") }
}
