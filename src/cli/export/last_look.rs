//! The last look at a redacted tape before it gets its name: no secret may be left in it, in any
//! spelling. A hit is a fault of ours, and the file goes.

use std::{
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom},
};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::capture::redact::Needles;

/// Fails where a secret is left.
pub(super) fn look(file: &mut File, needles: &Needles) -> anyhow::Result<()> {
    file.seek(SeekFrom::Start(0)).context("the tape that was written")?;
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).context("the tape that was written")? == 0 {
            return Ok(());
        }
        number += 1;
        if let Some(hit) = needles.find(&line) {
            let place = Place::of(&line);
            bail!(
                "a secret is left in the export: line {number}, column {}, {place}; nothing was written\n\
                 hint: this is a fault of wiretape, please report it; --reveal exports with all secrets",
                hit.start + 1
            );
        }
    }
}

/// What a line is about. It never shows the line itself.
#[derive(Deserialize)]
struct Place {
    exchange: Option<String>,
    kind: Option<String>,
}

impl Place {
    fn of(line: &[u8]) -> Self {
        serde_json::from_slice(line).unwrap_or(Self { exchange: None, kind: None })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.kind.as_deref().unwrap_or("header");
        match &self.exchange {
            Some(exchange) => write!(f, "`{kind}` of exchange {exchange}"),
            None => write!(f, "`{kind}`"),
        }
    }
}
