//! The last look at a redacted export before it gets its name: no secret may be left in it, in any
//! spelling. A hit is a fault of ours, and the file goes.

use std::{
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom},
};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::chosen::Chosen;
use crate::recorder::{Source, TapeSource};

/// Fails where a known secret is left in what was written, of whatever format.
pub(super) fn look(file: &mut File, chosen: &Chosen) -> anyhow::Result<()> {
    let Some(needles) = chosen.needles() else { return Ok(()) };
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

/// Reads a tape back and redacts it again: decoded bodies, text put together over frames, every
/// encoding. What changes then was left before.
pub(super) fn look_inside(file: &mut File, chosen: &mut Chosen) -> anyhow::Result<()> {
    let again = file.try_clone().context("the tape that was written")?;
    let mut again = BufReader::new(again);
    again.seek(SeekFrom::Start(0)).context("the tape that was written")?;
    let mut tape = TapeSource::open(again).context("the tape that was written")?;
    let mut ids: Vec<_> = tape.summaries()?.into_iter().map(|summary| summary.id).collect();
    ids.sort_unstable();
    for id in ids {
        let records = tape.records(id)?;
        let twice = chosen.again(&records);
        let left = records.iter().zip(&twice).find(|(once, twice)| once != twice);
        if let Some((record, _)) = left {
            bail!(
                "a secret is left in the export: exchange {id}, record {}; nothing was written\n\
                 hint: this is a fault of wiretape, please report it; --reveal exports with all secrets",
                record.n
            );
        }
    }
    Ok(())
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
