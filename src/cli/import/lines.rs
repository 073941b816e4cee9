//! A file of JSON Lines, one line in memory at a time.

use std::io::{BufRead, Read as _};

use super::error::ImportError;

/// The longest line that is read: what a tape's is.
const MAX_LINE_BYTES: u64 = 128 << 20;

/// Hands on each line that is not blank, with its number from 1.
pub(super) fn each(
    mut input: impl BufRead,
    mut visit: impl FnMut(u64, &str) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let mut bytes = Vec::new();
    let mut line = 0;
    loop {
        bytes.clear();
        line += 1;
        input.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(());
        }
        if bytes.len() as u64 > MAX_LINE_BYTES {
            let what = format!("it is longer than {MAX_LINE_BYTES} bytes");
            return Err(ImportError::Line { line, column: 0, what });
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| ImportError::Line {
            line,
            column: error.valid_up_to() + 1,
            what: "it is not UTF-8".to_owned(),
        })?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            visit(line, text)?;
        }
    }
}
