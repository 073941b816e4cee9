//! Gathers the exchanges of another tool's recording on a temporary tape.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::{BufReader, BufWriter, Seek as _, SeekFrom},
};

use super::{error::ImportError, made::Made};
use crate::{
    capture::{ExchangeId, Timestamp},
    recorder::{Source, TapeSource},
    store::tape::{Spool, TapeHeader},
};

/// What came of a file.
pub(super) struct Foreign {
    /// Its exchanges.
    pub(super) source: Box<dyn Source>,
    /// What to tell of what is not in it.
    pub(super) lacks: Vec<String>,
}

/// Takes exchanges one after the other.
pub(super) struct Intake {
    format: &'static str,
    /// Whose recording it is.
    pub(super) tool: String,
    /// What the format never has.
    lacks: String,
    spool: Spool<File>,
    /// 16 bytes an exchange.
    ids: HashSet<ExchangeId>,
    next: u32,
    /// What this file has and cannot be taken, how often.
    passed_over: BTreeMap<&'static str, u64>,
}

impl Intake {
    /// For a format, which never has what `lacks` says.
    pub(super) fn new(format: &'static str, lacks: &str) -> Result<Self, ImportError> {
        Ok(Self {
            format,
            tool: format.to_owned(),
            lacks: lacks.to_owned(),
            spool: Spool::new(tempfile::tempfile()?),
            ids: HashSet::new(),
            next: 0,
            passed_over: BTreeMap::new(),
        })
    }

    /// The place of an exchange that opens now.
    pub(super) fn index(&mut self) -> u32 {
        let index = self.next;
        self.next = self.next.saturating_add(1);
        index
    }

    /// Says that something of the file is not taken.
    pub(super) fn pass_over(&mut self, what: &'static str) {
        *self.passed_over.entry(what).or_default() += 1;
    }

    /// The note in each exchange.
    pub(super) fn note(&self) -> String {
        format!("imported from {}: {}", self.format, self.lacks)
    }

    /// Takes an exchange; false for one that is there already.
    pub(super) fn take(&mut self, made: Made) -> Result<bool, ImportError> {
        let records = made.records(self.format);
        let id = records.first().and_then(|record| record.exchange);
        if !id.is_some_and(|id| self.ids.insert(id)) {
            return Ok(false);
        }
        for record in records {
            self.spool.push(record)?;
        }
        Ok(true)
    }

    /// All that was taken.
    pub(super) fn finish(self) -> Result<Foreign, ImportError> {
        let mut tape = tempfile::tempfile()?;
        let header = TapeHeader::new(Timestamp(0), self.tool, Vec::new());
        self.spool.finish(header, BufWriter::new(&mut tape))?;
        tape.seek(SeekFrom::Start(0))?;
        let source = TapeSource::open(BufReader::new(tape))?;
        let mut lacks = vec![format!("{}: {}", self.format, self.lacks)];
        let told = |(what, count): (&'static str, u64)| format!("{count} × {what}");
        lacks.extend(self.passed_over.into_iter().map(told));
        Ok(Foreign { source: Box::new(source), lacks })
    }
}
