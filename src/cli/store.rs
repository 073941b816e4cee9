//! The home's store for verbs that change it: ours while the home is free, else through its owner
//! (design.md, One home, many processes). Both do the same.
//!
//! Others wait for a free store that is written to; they are not served meanwhile.

use std::{path::Path, sync::mpsc::Receiver};

use anyhow::bail;
use tokio::runtime::Runtime;

use super::{Ctx, progress::Rebuild};
use crate::{
    capture::{ExchangeId, Record},
    recorder::{
        Recorder, Source,
        attach::{Attached, Opened, PruneCounts, Purpose, RemoteSource, open_home},
        home::Home,
        lock::HomeLock,
    },
};

/// A store that can be written.
pub(super) enum Store {
    /// Closed before the lock is let go.
    Own { recorder: Recorder, _lock: HomeLock },
    /// Its owner does it for us.
    InUse { home: Home, runtime: Runtime, owner: Box<Attached> },
}

/// What an import changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Imported {
    /// Exchanges that are new.
    pub(super) exchanges: u64,
    /// Exchanges that were there already.
    pub(super) known: u64,
}

impl Store {
    /// Opens the home's store.
    pub(super) fn open(ctx: &Ctx) -> anyhow::Result<Self> {
        let home = ctx.open_home()?;
        let runtime = super::runtime()?;
        match runtime.block_on(open_home(&home, Purpose::Write))? {
            Opened::Free(lock) => Self::own(&home.captures(), lock),
            Opened::InUse(owner) => Ok(Self::InUse { home, runtime, owner: Box::new(owner) }),
        }
    }

    fn own(captures: &Path, lock: HomeLock) -> anyhow::Result<Self> {
        let mut bar = Rebuild::default();
        let (recorder, _) =
            Recorder::open_for_reading(captures, &mut |done, of| bar.show(done, of))?;
        Ok(Self::Own { recorder, _lock: lock })
    }

    /// A reader of it.
    pub(super) fn source(&self) -> anyhow::Result<Box<dyn Source>> {
        match self {
            Self::Own { recorder, .. } => Ok(Box::new(recorder.source())),
            Self::InUse { home, .. } => match RemoteSource::connect(home)? {
                Some(source) => Ok(Box::new(source)),
                None => bail!("the wiretape that owned the store has just ended\nhint: try again"),
            },
        }
    }

    /// Takes everything that a source holds. What is known stays as it is.
    pub(super) fn import(&mut self, source: &mut dyn Source) -> anyhow::Result<Imported> {
        match self {
            Self::Own { recorder, .. } => {
                let counts = recorder.importer().all(source)?;
                Ok(Imported { exchanges: counts.exchanges, known: counts.known })
            }
            Self::InUse { runtime, owner, .. } => {
                for summary in source.summaries()? {
                    let records = source.records(summary.id)?;
                    runtime.block_on(owner.import(&records))?;
                }
                let notices = source.notices()?;
                runtime.block_on(owner.import(&notices))?;
                let counts = runtime.block_on(owner.import_end())?;
                Ok(Imported { exchanges: counts.exchanges, known: counts.known })
            }
        }
    }

    /// Takes records as they come, to their last one, and closes.
    pub(super) fn gather(self, records: Receiver<Record>) -> anyhow::Result<()> {
        match self {
            Self::Own { recorder, _lock } => {
                let mut gathering = recorder.importer().gather();
                for record in records {
                    gathering.take(vec![record])?;
                }
                gathering.finish()?;
                Ok(recorder.close()?)
            }
            Self::InUse { runtime, mut owner, .. } => {
                for record in records {
                    runtime.block_on(owner.import(&[record]))?;
                }
                runtime.block_on(owner.import_end())?;
                Ok(())
            }
        }
    }

    /// Deletes exchanges; with `purge` gives their space back at once.
    pub(super) fn prune(
        &mut self,
        exchanges: &[ExchangeId],
        purge: bool,
    ) -> anyhow::Result<PruneCounts> {
        match self {
            Self::Own { recorder, .. } => {
                let pruned = recorder.pruner().prune(exchanges, purge)?;
                Ok(PruneCounts { exchanges: pruned.exchanges, freed_bytes: pruned.freed_bytes })
            }
            Self::InUse { runtime, owner, .. } => {
                Ok(runtime.block_on(owner.prune(exchanges, purge))?)
            }
        }
    }

    /// Makes what was changed durable.
    pub(super) fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Own { recorder, _lock } => Ok(recorder.close()?),
            Self::InUse { .. } => Ok(()),
        }
    }
}
