//! Tapes: the portable file of a recording, JSON Lines, version 1 (design.md, Tape format).
//!
//! ```text
//! {"format":"wiretape","version":1,"started_at":"2026-11-20T10:00:00.000000000Z","tool":"…","redactions":[]}
//! {"exchange":"0193…","n":0,"at":0,"kind":"open","client":"127.0.0.1:5000",…}
//! {"exchange":"0193…","n":1,"at":120,"kind":"request-body","json":{"jsonrpc":"2.0",…}}
//! {"exchange":null,"n":0,"at":9000,"kind":"tunnel","host":"api.example:443",…}
//! ```
//!
//! One line at a time is in memory, reading and writing. Reading gives each line with its own
//! text, so a copied line keeps unknown kinds, unknown fields and spelling. To export, push the
//! records of one exchange after the other into a [`Spool`], which joins chunks, sorts by
//! (`at`, `exchange`, `n`) and writes. A fact's fields are always written, null where there is
//! none; a body's `cuts` and `cut` only where there are any.
//!
//! This room does not redact and does not know what a message is.

mod form;
mod header;
mod join;
mod lines;
mod payload;
mod places;
mod reader;
mod spool;
#[cfg(test)]
mod tests;
mod writer;

pub use header::{Redaction, TapeHeader};
pub use lines::{Lines, Part};
pub use places::Places;
pub use reader::{Line, TapeReader};
pub use spool::{Spool, Written};
pub use writer::TapeWriter;

/// The line, without its end, of a record or of chunks that belong to one line; none for what is
/// never on tapes.
///
/// # Errors
///
/// Serialisation's, which no record gives cause for.
pub fn line(
    group: &[crate::capture::Record],
    started_at: crate::capture::Timestamp,
) -> serde_json::Result<Option<Vec<u8>>> {
    form::write(group, started_at)
}

/// The version that is written, and the newest that is read.
pub const VERSION: u16 = 1;

/// The longest line that is read. The longest that is written is a chunk as large as the journal
/// takes, in base64, which is below this.
const MAX_LINE_BYTES: u64 = 128 << 20;

/// Why a tape could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// The file or pipe failed.
    #[error("the tape could not be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// It is something else.
    #[error("this is not a wiretape tape: {what}\nhint: {hint}")]
    NotATape {
        /// What it looks like.
        what: String,
        /// What to do then.
        hint: &'static str,
    },
    /// Written by a newer wiretape.
    #[error(
        "this tape has format version {found}; this wiretape reads up to {VERSION}\nhint: update wiretape"
    )]
    Newer {
        /// Its version.
        found: u64,
    },
    /// A line that cannot be understood.
    #[error("line {line}{}: {what}\nhint: each line of a tape is one JSON object, written by wiretape; was the file edited or cut short?", at_column(*column))]
    Line {
        /// The line's number, from 1.
        line: u64,
        /// The byte in it, from 1; 0 where the line as a whole is wrong.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// It is not what was read before.
    #[error(
        "the tape was changed while it was read\nhint: run it again once nothing writes to the file"
    )]
    Changed,
    /// What was spooled did not read back.
    #[error("the temporary file of an export was changed: {0}")]
    Spool(#[from] crate::capture::codec::CodecError),
}

fn at_column(column: usize) -> String {
    if column == 0 { String::new() } else { format!(", column {column}") }
}
