//! From records to the journal and to all who follow it: the tail for readers, the catalog's queue,
//! the feed. While the disk takes nothing, recording pauses here and resumes by itself (design.md,
//! Store; store.md, Full disk).

use std::{
    ops::Range,
    sync::{Arc, mpsc::SyncSender},
};

use crate::{
    capture::{ExchangeId, Fact, Record, Timestamp},
    store::{Position, StoreError},
    tap::Label,
};

use super::{
    catalog_thread::CatalogQueue, feed::Publisher, live_table::Written, pack, pause::Pause,
    shared::Shared, status::Recorded, syncer::Syncer, writer::Disk,
};

/// What appends, and what it tells of it.
pub(super) struct Appender {
    pub(super) disk: Disk,
    pub(super) syncer: Option<Syncer>,
    pub(super) catalog: Option<CatalogQueue>,
    pub(super) feed: Arc<Publisher>,
    pub(super) shared: Arc<Shared>,
    pub(super) pause: Option<Pause>,
    /// Nothing passes while nothing is recorded (`--require-recording`).
    pub(super) required: bool,
    /// What was counted of a `run` and not told yet.
    pub(super) counted: Option<(Option<String>, Recorded)>,
}

/// What was appended, and the error that ended it.
struct Outcome {
    entries: Vec<(Position, Range<usize>)>,
    failed: Option<(usize, StoreError)>,
}

impl Appender {
    /// Appends a batch, or holds it back while recording is paused.
    pub(super) fn append(&mut self, mut records: Vec<Record>, urgent: bool) {
        pack::group(&mut records);
        if let Some(pause) = &mut self.pause {
            pause.take(records);
        } else if let Some((rest, error)) = self.write(records, urgent, None) {
            self.pause(error.to_string(), rest);
        }
    }

    /// Appends records as they are: an import, a tombstone.
    pub(super) fn append_as_is(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        if let Some(pause) = &self.pause {
            let source = std::io::Error::other(pause.reason.clone());
            return Err(StoreError::Io { path: "journal".into(), source });
        }
        let closes = records.first().and_then(|record| record.exchange);
        self.write(records, false, closes).map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Makes durable what was appended; `done` is told.
    pub(super) fn sync(&self, done: SyncSender<Result<(), StoreError>>) {
        if let Some(syncer) = &self.syncer {
            syncer.now(done);
        }
    }

    /// Looks whether there is room, and pauses or resumes accordingly.
    pub(super) fn check_disk(&mut self, now: Timestamp) {
        let has_room = (self.disk.has_room)();
        let unsynced = self.shared.board.snapshot().unsynced;
        match (&self.pause, has_room, unsynced) {
            (None, false, _) => {
                self.pause("the disk is full".to_owned(), Vec::new());
            }
            (None, true, Some(error)) => self.pause(error, Vec::new()),
            (Some(_), true, None) => self.resume(now),
            (Some(_), true, Some(_)) => {
                // Tries the disk again; the next look sees how it went.
                self.urge();
            }
            _ => {}
        }
    }

    /// Writes what can be written and makes it durable; `done` is told. The threads behind end.
    pub(super) fn finish(
        &mut self,
        now: Timestamp,
        done: Option<SyncSender<Result<(), StoreError>>>,
    ) {
        if self.pause.is_some() {
            self.resume(now);
        }
        self.feed.close();
        if let Some(done) = done {
            self.sync(done);
        }
        self.syncer = None;
        self.catalog = None;
    }

    /// Records nothing more.
    pub(super) fn give_up(&self) {
        if self.required {
            self.shared.gate.set(false);
        }
        self.feed.close();
    }

    pub(super) fn has_catalog(&self) -> bool {
        self.catalog.as_ref().is_some_and(CatalogQueue::is_alive)
    }

    pub(super) fn count_exchange(&mut self, label: &Label) {
        self.count(label.run.as_deref(), Recorded { exchanges: 1, bytes: 0 });
    }

    pub(super) fn count_bytes(&mut self, label: &Label, records: &[Record]) {
        let bytes = body_bytes(records);
        if bytes > 0 {
            self.count(label.run.as_deref(), Recorded { exchanges: 0, bytes });
        }
    }

    /// Counts an exchange whose opening is among these records.
    pub(super) fn count_ended(&mut self, records: &[Record]) {
        let run = records.iter().find_map(|record| match &record.fact {
            Fact::Open(open) => Some(open.run.clone()),
            _ => None,
        });
        let counted = Recorded { exchanges: 1, bytes: body_bytes(records) };
        self.count(run.flatten().as_deref(), counted);
    }

    /// Called for every record: nearly all of a batch belong to one run, and are told at once.
    fn count(&mut self, run: Option<&str>, more: Recorded) {
        match &mut self.counted {
            Some((of, counted)) if of.as_deref() == run => counted.add(more),
            _ => {
                self.tell_counted();
                self.counted = Some((run.map(str::to_owned), more));
            }
        }
    }

    /// Tells what was counted.
    pub(super) fn tell_counted(&mut self) {
        if let Some((run, counted)) = self.counted.take() {
            let run = run.as_deref().unwrap_or_default();
            self.shared.board.update(|status| status.count(run, counted));
        }
    }

    /// Appends entries and tells of them. Some: the records that could not be appended, and why.
    fn write(
        &mut self,
        mut records: Vec<Record>,
        urgent: bool,
        closes: Option<ExchangeId>,
    ) -> Option<(Vec<Record>, StoreError)> {
        let Outcome { entries, failed } = self.append_entries(&records);
        let rest = failed.map(|(from, error)| (records.split_off(from), error));
        let Some((last, _)) = entries.last() else { return rest };
        let last = *last;
        let bytes = records.iter().map(pack::weight).sum();
        let records: Arc<[Record]> = records.into();
        self.show(&entries, &records, closes);
        if let Some(catalog) = &self.catalog {
            catalog.entries(entries, &records, bytes, closes);
        }
        self.feed.publish(&records, bytes, (last, self.shared.cursors.moves()));
        if let Some(syncer) = &self.syncer {
            syncer.appended(urgent);
        }
        rest
    }

    fn append_entries(&mut self, records: &[Record]) -> Outcome {
        let mut outcome = Outcome { entries: Vec::new(), failed: None };
        for entry in pack::entries(records) {
            match self.disk.journal.append(records.get(entry.clone()).unwrap_or_default()) {
                Ok(position) => outcome.entries.push((position, entry)),
                Err(error) => {
                    outcome.failed = Some((entry.start, error));
                    break;
                }
            }
        }
        outcome
    }

    /// Puts entries into the tail that readers fold.
    fn show(
        &self,
        entries: &[(Position, Range<usize>)],
        records: &[Record],
        closes: Option<ExchangeId>,
    ) {
        let of = |range: &Range<usize>| records.get(range.clone()).unwrap_or_default();
        let written = entries.iter().map(|(position, range)| {
            let exchange = of(range).first().and_then(|record| record.exchange);
            let ends = of(range).iter().any(|record| matches!(record.fact, Fact::End(_)))
                || (closes.is_some() && closes == exchange);
            Written { position: *position, exchange, ends }
        });
        let notices = entries.iter().flat_map(|(position, range)| {
            let notices = of(range).iter().filter(|record| {
                record.exchange.is_none() && !matches!(record.fact, Fact::Tombstone { .. })
            });
            notices.map(|record| (*position, record.clone()))
        });
        self.shared.live.extend(written, notices);
    }

    fn pause(&mut self, reason: String, unwritten: Vec<Record>) {
        tracing::warn!(reason, "recording pauses");
        if self.required {
            self.shared.gate.set(false);
        }
        self.shared.board.update(|status| {
            status.paused = Some(reason.clone());
            status.refusing = self.required;
        });
        self.pause = Some(Pause::new(reason, unwritten));
    }

    fn resume(&mut self, now: Timestamp) {
        let Some(pause) = self.pause.take() else { return };
        let reason = pause.reason.clone();
        let (mut records, notice) = pause.end(now);
        records.extend(notice);
        pack::group(&mut records);
        if let Some((rest, _)) = self.write(records, true, None) {
            self.pause = Some(Pause::new(reason, rest));
            return;
        }
        tracing::info!("recording goes on");
        self.shared.gate.set(true);
        self.shared.board.update(|status| {
            status.paused = None;
            status.refusing = false;
        });
    }

    fn urge(&self) {
        if let Some(syncer) = &self.syncer {
            syncer.appended(true);
        }
    }
}

fn body_bytes(records: &[Record]) -> u64 {
    records
        .iter()
        .map(|record| match &record.fact {
            Fact::Chunk { data, .. } => data.len() as u64,
            _ => 0,
        })
        .sum()
}
