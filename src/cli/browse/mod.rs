//! The desk: what the terminal UI asks is answered here, on threads of its own, from a store, a store
//! in use, or a tape ([`crate::tui::desk`]).
//!
//! `keeper` reads what there was before, oldest first, in parts, then goes on with what comes: it
//! alone tells rows and sessions. `worker`s answer what is asked: one thread for what is looked at
//! (`exchange`), one for the filter and one for the search (`seek`), one for what takes its time
//! (`session`, `outlets`), one that follows a value (`mentions`). All share one source and one ledger. News go through a bounded channel: a UI that is slow
//! holds the keeper up, that holds up its feed, which then reads the journal; the recorder is never
//! waited for, nor does it wait.

mod exchange;
mod feed;
mod keeper;
mod later;
mod mentions;
mod outlets;
mod recent;
mod replays;
mod seek;
mod session;
mod shared;
mod span;
#[cfg(test)]
mod tests;
mod texts;

mod veil;
mod worker;

use std::{
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError, Weak, mpsc as inbox},
    time::Duration,
};

use tokio::sync::mpsc;

pub use self::feed::Live;
pub(in crate::cli) use self::later::{Rebuilt, later};
use self::{
    keeper::{Keeper, Wake},
    replays::Replays,
    shared::Shared,
    worker::{Habit, Worker},
};
use super::open;
use crate::{
    capture::Timestamp,
    recorder::{Source, home::Home},
    tasks,
    tui::desk::{Ask, Desk, News, SourceStatus},
};

/// News that wait for the UI. A part of them has 1,024 rows at most, so that is 1.5 MB; then the desk
/// waits.
const NEWS: usize = 16;

/// How long a program that is to be stopped waits for the store to be let go.
const RESTS_WITHIN: Duration = Duration::from_millis(500);

/// How the source stands at this moment: who records in this process tells it.
pub type Standing = Box<dyn FnMut() -> SourceStatus + Send>;

/// What is browsed.
pub struct Opening {
    /// What there is to read.
    pub source: Box<dyn Source>,
    /// What is recorded from now on; none where nothing is.
    pub live: Option<Live>,
    /// Asked once a second.
    pub standing: Standing,
    /// The tape, of which the clock stands at its last record; none for a store.
    pub tape: Option<PathBuf>,
    /// The home whose store it is: what is deleted is deleted there.
    pub home: Option<Home>,
    /// Secrets are shown.
    pub reveal: bool,
    /// The clock; none for now, or for a tape's last record.
    pub as_of: Option<Timestamp>,
}

impl Opening {
    /// A tape.
    ///
    /// # Errors
    ///
    /// The file's, or that it is no tape.
    pub fn tape(path: PathBuf) -> anyhow::Result<Self> {
        let source = open::tape(&path)?;
        let what = path.display().to_string();
        let store_bytes = fs::metadata(&path).map_or(0, |file| file.len());
        let status = SourceStatus { what, store_bytes, ..SourceStatus::default() };
        Ok(Self {
            source,
            live: None,
            standing: Box::new(move || status.clone()),
            tape: Some(path),
            home: None,
            reveal: false,
            as_of: None,
        })
    }

    /// A home's store, whoever owns it. Where somebody records into it, what comes is told too. Where its
    /// catalog is rebuilt, `rebuilt` is told how far. Blocks, and is to be called outside of a runtime.
    ///
    /// # Errors
    ///
    /// The store's, or its owner's.
    pub fn home(home: &Home, rebuilt: &mut dyn FnMut(u64, u64)) -> anyhow::Result<Self> {
        let (source, in_use) = open::home(home, rebuilt)?;
        let what = home.root().display().to_string();
        let live = in_use.then(|| Live::Remote(home.clone()));
        let status = SourceStatus { what, live: live.is_some(), ..SourceStatus::default() };
        Ok(Self {
            source,
            live,
            standing: Box::new(move || status.clone()),
            tape: None,
            home: Some(home.clone()),
            reveal: false,
            as_of: None,
        })
    }
}

/// Starts the threads. They end once the desk is dropped.
///
/// # Errors
///
/// The system gives no more threads.
pub fn desk(opening: Opening) -> anyhow::Result<(Box<dyn Desk>, mpsc::Receiver<News>)> {
    let (news, told) = mpsc::channel(NEWS);
    Ok((desk_on(opening, news)?, told))
}

fn desk_on(opening: Opening, news: mpsc::Sender<News>) -> anyhow::Result<Box<dyn Desk>> {
    let (wake, woken) = inbox::channel();
    let Opening { source, live, standing, tape, home, reveal, as_of } = opening;
    let shared = Shared::new(source, reveal, (news, wake.clone()), home);
    shared.set_as_of(as_of);
    let batches = live.map(|live| feed::start(live, wake.clone())).transpose()?;
    let replays = Replays::start(&shared, tape.as_deref(), as_of, reveal)?;
    let workers = Workers {
        looks: Worker::start("browse-look", &shared, Habit::Each)?,
        filters: Worker::start("browse-filter", &shared, Habit::Latest)?,
        searches: Worker::start("browse-search", &shared, Habit::Latest)?,
        sessions: Worker::start("browse-session", &shared, Habit::LatestBehindTraffic)?,
        indexes: Worker::start("browse-index", &shared, Habit::Latest)?,
        traces: Worker::start("browse-trace", &shared, Habit::Latest)?,
        others: Worker::start("browse-rest", &shared, Habit::Each)?,
        _judge: Worker::start("browse-judge", &shared, Habit::Judges)?,
        wake,
        replays,
        source: shared.source_where_it_is(),
    };
    let keeper = Keeper::new(shared, woken, batches, standing, tape.is_some());
    tasks::thread("browse", move || keeper.run())?;
    Ok(Box::new(workers))
}

/// The UI's end: hands on what is asked.
struct Workers {
    looks: Worker,
    filters: Worker,
    searches: Worker,
    sessions: Worker,
    indexes: Worker,
    traces: Worker,
    others: Worker,
    /// Nothing is asked of it: it judges what nobody looks at yet.
    _judge: Worker,
    wake: inbox::Sender<Wake>,
    replays: Replays,
    /// Not held: its last holder lets go of a runtime, which a thread of a runtime must not.
    source: Weak<Mutex<Box<dyn Source>>>,
}

impl Desk for Workers {
    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Exchange { .. } | Ask::Text { .. } | Ask::Row { .. } => self.looks.ask(ask),
            Ask::Filter { .. } => self.filters.ask(ask),
            Ask::Search { .. } => self.searches.ask(ask),
            Ask::Session { .. } => self.sessions.ask(ask),
            Ask::Index { .. } => self.indexes.ask(ask),
            Ask::Trace { .. } => self.traces.ask(ask),
            Ask::Cancel(ticket) => {
                let workers =
                    [&self.filters, &self.searches, &self.sessions, &self.indexes, &self.traces];
                for worker in workers {
                    worker.cancel(ticket);
                }
                self.replays.cancel(ticket);
            }
            Ask::Preview { .. }
            | Ask::Replay { .. }
            | Ask::Compare { .. }
            | Ask::Accept { .. }
            | Ask::Report { .. }
            | Ask::Save { .. } => self.replays.ask(ask),
            // A keeper that has ended has said why.
            Ask::Complete(rows) => drop(self.wake.send(Wake::Complete(rows))),
            Ask::Reveal(reveal) => {
                self.replays.reveal(reveal);
                drop(self.wake.send(Wake::Reveal(reveal)));
            }
            other => self.others.ask(other),
        }
    }

    fn rest(&mut self) {
        let (done, is_done) = inbox::channel();
        let source = Weak::clone(&self.source);
        // It may have to wait for what is being read.
        let resting = tasks::thread("browse-resting", move || {
            if let Some(source) = source.upgrade() {
                source.lock().unwrap_or_else(PoisonError::into_inner).rest();
            }
            // Nobody waits any more: fine.
            let _ = done.send(());
        });
        if resting.is_ok() {
            let _ = is_done.recv_timeout(RESTS_WITHIN);
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        drop(self.wake.send(Wake::End));
    }
}
