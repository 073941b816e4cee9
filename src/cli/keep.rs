//! `--keep`: the live exchanges of a run, recorded in the home's store like any others. A thread
//! writes, so that the run waits for no disk; what cannot be written is said at the end.

use std::{
    sync::mpsc::{SyncSender, sync_channel},
    thread::JoinHandle,
};

use anyhow::{Context as _, anyhow};

use super::{Ctx, store::Store};
use crate::{capture::Record, tasks};

/// Records that wait for the disk; a run that makes more waits for it.
const WAITING: usize = 4_096;

/// A run that is kept.
pub(super) struct Keep {
    records: SyncSender<Record>,
    writer: JoinHandle<anyhow::Result<()>>,
}

impl Keep {
    /// Opens the store.
    pub(super) fn open(ctx: &Ctx) -> anyhow::Result<Self> {
        let store = Store::open(ctx)?;
        let (records, waiting) = sync_channel(WAITING);
        let writer = tasks::thread("keep", move || store.gather(waiting))?;
        Ok(Self { records, writer })
    }

    /// One more record.
    pub(super) fn take(&self, record: &Record) {
        // A writer that has failed says so at the end.
        let _ = self.records.send(record.clone());
    }

    /// Waits until all is durable.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        drop(self.records);
        let written = self.writer.join().map_err(|_| anyhow!("the writer failed"));
        written?.context("the run could not be kept")
    }
}
