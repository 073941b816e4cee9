//! Opens what a reading verb reads: a tape, a free store, or a store in use through its owner.

use std::{
    fs::File,
    io::{self, BufReader},
    iter,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{Ctx, progress::Rebuild};
use crate::{
    capture::{ExchangeId, Record},
    protocol::{Summary, index::Plan, problems::Judgement},
    recorder::{
        FeedStart, Origin, OwnerSource, Recorder, Source, SourceError, TapeSource,
        attach::{self, Opened, Purpose, ReaderOwner, Refusal, RemoteSource},
        home::Home,
        lock::{self, HomeLock},
    },
    tasks::Tasks,
};

/// How long a home that was given over is left to who asked for it, and how often it is looked whether
/// that has it.
const TAKEN_WITHIN: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(5);

/// The tape that was named, else the home's store.
pub(crate) fn source(ctx: &Ctx, tape: Option<&Path>) -> anyhow::Result<Box<dyn Source>> {
    if let Some(path) = tape {
        return self::tape(path);
    }
    let mut bar = Rebuild::default();
    let home = ctx.open_home()?;
    Ok(Box::new(HomeSource::open(&home, &mut |done, of| bar.show(done, of))?))
}

/// A tape.
pub(crate) fn tape(path: &Path) -> anyhow::Result<Box<dyn Source>> {
    let file = file(path)?;
    let name = || path.display().to_string();
    Ok(Box::new(TapeSource::open(BufReader::new(file)).with_context(name)?))
}

/// The file of a tape.
pub(crate) fn file(path: &Path) -> anyhow::Result<File> {
    File::open(path).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => {
                "\nhint: a path begins at the current folder; a tape is made by \
                 `wiretape export @last -o FILE`"
            }
            io::ErrorKind::PermissionDenied => "\nhint: ask its owner for the right to read it",
            _ => "",
        };
        anyhow::Error::new(error).context(format!("{}{hint}", path.display()))
    })
}

/// A home's store, and whether another process owns it and may record into it. Where its catalog is
/// rebuilt, it is told how far: so many segments of so many.
pub(crate) fn home(
    home: &Home,
    rebuilt: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<(Box<dyn Source>, bool)> {
    let source = HomeSource::open(home, rebuilt)?;
    let in_use = matches!(source.way, Way::Remote(_));
    Ok((Box::new(source), in_use))
}

/// Deletes from a home that another process owns, or this one records into.
pub(crate) fn delete(home: &Home, exchanges: &[ExchangeId]) -> anyhow::Result<u64> {
    super::runtime()?.block_on(async {
        let owner = attach::Attached::connect(home).await?;
        let mut owner =
            owner.context("the wiretape that owned the store has just ended\nhint: try again")?;
        Ok(owner.prune(exchanges, false).await?.exchanges)
    })
}

/// Records as they come, in batches; ends when the recording does.
pub(crate) type Batches = Box<dyn Iterator<Item = anyhow::Result<Vec<Record>>>>;

/// The feed of the recorder that owns the home, from the first record of its store: backlog and
/// live as one list. A store that nobody records into is its backlog.
pub(crate) fn feed(ctx: &Ctx) -> anyhow::Result<Batches> {
    let home = ctx.open_home()?;
    let runtime = super::runtime()?;
    match runtime.block_on(attach::open_home(&home, Purpose::Read))? {
        Opened::InUse(attached) => {
            let mut feed = runtime.block_on(attached.subscribe(FeedStart::Beginning))?;
            Ok(Box::new(iter::from_fn(move || match runtime.block_on(feed.next()) {
                Ok(batch) => batch.map(|records| Ok(records.to_vec())),
                Err(error) => Some(Err(error.into())),
            })))
        }
        Opened::Free(lock) => {
            let mut bar = Rebuild::default();
            let owned = Owned::open(&home, lock, runtime, &mut |done, of| bar.show(done, of))?;
            let mut source = HomeSource { home, way: Way::Owned(Box::new(owned)) };
            let ids: Vec<_> = source.summaries()?.iter().map(|summary| summary.id).collect();
            Ok(Box::new(ids.into_iter().map(move |id| Ok(source.records(id)?))))
        }
    }
}

/// The store of a home, whoever owns it. Owned by a reader it is handed over to the first recorder
/// that asks; the reading then goes on through that one (design.md, One home).
struct HomeSource {
    home: Home,
    way: Way,
}

enum Way {
    Owned(Box<Owned>),
    Remote(RemoteSource),
    /// Between two owners.
    None,
}

/// A store that this reader owns, and serves to others meanwhile. The parts are let go in this
/// order: whoever takes the lock finds the store closed.
struct Owned {
    source: OwnerSource,
    owner: Arc<ReaderOwner>,
    _server: attach::Server,
    recorder: Arc<Recorder>,
    /// Its threads serve the socket.
    _runtime: tokio::runtime::Runtime,
    _lock: Arc<HomeLock>,
}

impl HomeSource {
    fn open(home: &Home, rebuilt: &mut dyn FnMut(u64, u64)) -> anyhow::Result<Self> {
        Ok(Self { home: home.clone(), way: Way::open(home, rebuilt)? })
    }

    /// Reads, after having handed over where that was asked for, and once more where the owner
    /// went away before it answered.
    fn read<T>(
        &mut self,
        read: impl Fn(&mut dyn Source) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        if matches!(&self.way, Way::Owned(owned) if owned.owner.is_asked_to_let_go()) {
            self.reopen()?;
        }
        match &mut self.way {
            Way::Owned(owned) => read(&mut owned.source),
            Way::Remote(remote) => match read(remote) {
                Err(SourceError::Owner(_)) => {
                    self.reopen()?;
                    self.read_once(&read)
                }
                other => other,
            },
            Way::None => {
                self.reopen()?;
                self.read_once(&read)
            }
        }
    }

    fn read_once<T>(
        &mut self,
        read: &impl Fn(&mut dyn Source) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        match &mut self.way {
            Way::Owned(owned) => read(&mut owned.source),
            Way::Remote(remote) => read(remote),
            Way::None => Err(SourceError::Owner("it went away".to_owned())),
        }
    }

    fn reopen(&mut self) -> Result<(), SourceError> {
        let asked = matches!(&self.way, Way::Owned(owned) if owned.owner.is_asked_to_let_go());
        self.way = Way::None;
        if asked {
            wait_until_taken(&self.home);
        }
        // Somebody had it open until now: hardly ever is there something to rebuild.
        let way = Way::open(&self.home, &mut |_, _| {});
        self.way = way.map_err(|error| SourceError::Owner(error.to_string()))?;
        Ok(())
    }
}

/// Whoever asked for the home looks only now and then whether it is free: we would have it again
/// before. Where nobody takes it, who asked has ended.
fn wait_until_taken(home: &Home) {
    let until = Instant::now() + TAKEN_WITHIN;
    while lock::holder(home).is_none() && Instant::now() < until {
        thread::sleep(LOOK);
    }
}

impl Way {
    fn open(home: &Home, rebuilt: &mut dyn FnMut(u64, u64)) -> anyhow::Result<Self> {
        let runtime = super::runtime()?;
        match runtime.block_on(attach::open_home(home, Purpose::Read))? {
            Opened::Free(lock) => {
                Owned::open(home, lock, runtime, rebuilt).map(Box::new).map(Self::Owned)
            }
            Opened::InUse(_) => match RemoteSource::connect(home)? {
                Some(remote) => Ok(Self::Remote(remote)),
                // It ended between the two: the home is free now, or soon.
                None => Self::open(home, rebuilt),
            },
        }
    }
}

impl Owned {
    fn open(
        home: &Home,
        lock: HomeLock,
        runtime: tokio::runtime::Runtime,
        rebuilt: &mut dyn FnMut(u64, u64),
    ) -> anyhow::Result<Self> {
        let (recorder, _) = Recorder::open_for_reading(&home.captures(), rebuilt)?;
        let recorder = Arc::new(recorder);
        let source = recorder.source();
        let serving = Arc::downgrade(&recorder);
        let owner = Arc::new(ReaderOwner::new(move || {
            let recorder = serving.upgrade().ok_or_else(|| Refusal("it is ending".to_owned()))?;
            Ok(Box::new(recorder.source()) as Box<dyn Source>)
        }));
        let lock = Arc::new(lock);
        let shared = Arc::clone(&owner) as Arc<dyn attach::Owner>;
        let server = runtime.block_on(async {
            let socket = attach::bind(home, &lock, &|name| std::env::var_os(name))?;
            anyhow::Ok(attach::serve(socket, shared, &Tasks::new()))
        })?;
        Ok(Self { source, owner, _server: server, recorder, _runtime: runtime, _lock: lock })
    }
}

impl Source for HomeSource {
    fn summaries(&mut self) -> Result<Vec<Summary>, SourceError> {
        self.read(|source| source.summaries())
    }

    fn find(
        &mut self,
        plan: &Plan,
        after: Option<ExchangeId>,
        most: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        self.read(|source| source.find(plan, after, most))
    }

    fn kept(&mut self, sessions: &[ExchangeId]) -> Result<Vec<Option<Judgement>>, SourceError> {
        self.read(|source| source.kept(sessions))
    }

    fn keep(&mut self, judgements: &[Judgement]) -> Result<(), SourceError> {
        self.read(|source| source.keep(judgements))
    }

    fn delete(&mut self, exchanges: &[ExchangeId]) -> Result<Option<u64>, SourceError> {
        match &self.way {
            Way::Owned(owned) if !owned.owner.is_asked_to_let_go() => {
                let pruned = owned.recorder.pruner().prune(exchanges, false);
                Ok(Some(pruned.map_err(SourceError::Store)?.exchanges))
            }
            // Its owner does it.
            _ => Ok(None),
        }
    }

    fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, SourceError> {
        self.read(|source| source.records(exchange))
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        self.read(|source| source.notices())
    }

    fn rest(&mut self) {
        if matches!(self.way, Way::Owned(_)) {
            self.way = Way::None;
        }
    }

    fn origin(&self) -> Origin {
        match &self.way {
            Way::Owned(owned) => owned.source.origin(),
            Way::Remote(remote) => remote.origin(),
            Way::None => {
                Origin { tool: concat!("wiretape ", env!("CARGO_PKG_VERSION")).to_owned() }
            }
        }
    }
}
