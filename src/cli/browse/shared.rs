//! What the desk's threads have in common.

use std::{
    collections::HashMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
        mpsc as inbox,
    },
    time::Duration,
};

use tokio::sync::mpsc;

use super::{keeper::Wake, recent::Recent, veil::Masking};
use crate::{
    capture::{ExchangeId, Record, Timestamp},
    protocol::{
        Summary,
        index::{Kin, Plan},
        problems::{Judgement, Problem},
    },
    recorder::{Origin, Source, SourceError, home::Home},
    tui::{desk::News, ledger::Ledger},
};

/// The source, the ledger, and the way to the UI.
#[derive(Clone)]
pub(super) struct Shared {
    source: Arc<Mutex<Box<dyn Source>>>,
    ledger: Arc<Mutex<Ledger>>,
    mask: Arc<RwLock<Masking>>,
    news: mpsc::Sender<News>,
    wake: inbox::Sender<Wake>,
    home: Option<Home>,
    as_of: Arc<Mutex<Option<Timestamp>>>,
    reveals: Arc<AtomicBool>,
    loaded: Arc<AtomicBool>,
    /// How often the keeper has told what it read, for who waits for more.
    told: Arc<(Mutex<u64>, Condvar)>,
    /// What was read last, where it was much.
    recent: Recent,
    /// Problems as they were found, by the exchange that they name.
    problems: Arc<Mutex<HashMap<ExchangeId, Vec<Problem>>>>,
}

/// Exchanges of which the problems are remembered; when there are more, they are forgotten until
/// their sessions are judged again.
const PROBLEMS: usize = 10_000;

/// Summaries that are asked for at once where they are only counted.
const COUNTED_AT_ONCE: usize = 1_024;

/// The UI is gone: there is nothing left to do.
#[derive(Debug, thiserror::Error)]
#[error("the screen is closed")]
pub(super) struct Gone;

impl Shared {
    pub(super) fn new(
        source: Box<dyn Source>,
        reveal: bool,
        (news, wake): (mpsc::Sender<News>, inbox::Sender<Wake>),
        home: Option<Home>,
    ) -> Self {
        let mask = Masking::new(reveal);
        Self {
            source: Arc::new(Mutex::new(source)),
            ledger: Arc::new(Mutex::new(Ledger::new(Box::new(mask.clone())))),
            mask: Arc::new(RwLock::new(mask)),
            news,
            wake,
            home,
            as_of: Arc::default(),
            reveals: Arc::new(AtomicBool::new(reveal)),
            loaded: Arc::default(),
            told: Arc::default(),
            recent: Recent::default(),
            problems: Arc::default(),
        }
    }

    /// The source, for one who does not keep it open.
    pub(super) fn source_where_it_is(&self) -> Weak<Mutex<Box<dyn Source>>> {
        Arc::downgrade(&self.source)
    }

    /// The clock; none for now.
    pub(super) fn as_of(&self) -> Option<Timestamp> {
        *self.as_of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the clock.
    pub(super) fn set_as_of(&self, as_of: Option<Timestamp>) {
        *self.as_of.lock().unwrap_or_else(PoisonError::into_inner) = as_of;
    }

    /// Secrets are shown.
    pub(super) fn reveals(&self) -> bool {
        self.reveals.load(Ordering::Relaxed)
    }

    /// All that was there before has been read.
    pub(super) fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Relaxed)
    }

    /// More was read.
    pub(super) fn advance(&self) {
        let (told, waiting) = &*self.told;
        *told.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        waiting.notify_all();
    }

    /// Waits until more was read, or for so long.
    pub(super) fn wait(&self, most: Duration) {
        let (told, waiting) = &*self.told;
        let before = told.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits looks again, whatever it was woken by.
        drop(waiting.wait_timeout(before, most));
    }

    pub(super) fn set_loaded(&self) {
        self.loaded.store(true, Ordering::Relaxed);
    }

    /// The home whose store it is.
    pub(super) fn home(&self) -> Option<&Home> {
        self.home.as_ref()
    }

    /// What wakes the keeper.
    pub(super) fn wake(&self) -> inbox::Sender<Wake> {
        self.wake.clone()
    }

    /// The ledger was changed: the keeper tells it, after having read these exchanges.
    pub(super) fn changed(&self, unread: Vec<ExchangeId>) {
        let wake = if unread.is_empty() { Wake::Changed } else { Wake::Read(unread) };
        // It has ended with the screen: nobody waits.
        let _ = self.wake.send(wake);
    }

    /// To relate an exchange more others would be read than that: it would take too long, and 3 KB of
    /// memory an exchange. The index is asked, not the ledger alone: while the recording is read the
    /// ledger may know the beginning of a million, and small sessions may share one large group.
    pub(super) fn is_larger(&self, than: u64, of: &Summary) -> Result<bool, SourceError> {
        let (known, all) = {
            let ledger = self.ledger();
            let session = ledger.session_of(of.id);
            (session.map_or(0, |session| ledger.exchanges(session)), ledger.len())
        };
        if known > than || self.is_loaded() && all <= than {
            return Ok(known > than);
        }
        let group = Plan::of(Kin::of(of).group);
        let (mut counted, mut after) = (0, None);
        while counted <= than {
            let part = self.clone().find(&group, after, COUNTED_AT_ONCE)?;
            counted += part.len() as u64;
            after = part.last().map(|summary| summary.id);
            if part.len() < COUNTED_AT_ONCE {
                break;
            }
        }
        Ok(counted > than)
    }

    /// What is wrong with an exchange, as far as its session was judged.
    pub(super) fn problems_of(&self, exchange: ExchangeId) -> Vec<Problem> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.get(&exchange).cloned().unwrap_or_default()
    }

    /// Remembers what was found in a session.
    pub(super) fn remember(&self, found: &[Problem]) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        if problems.len() > PROBLEMS {
            problems.clear();
        }
        let mut named: HashMap<ExchangeId, Vec<Problem>> = HashMap::new();
        for problem in found {
            if let Some(exchange) = problem.exchange {
                named.entry(exchange).or_default().push(problem.clone());
            }
        }
        problems.extend(named);
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The source; not to be held while the ledger is wanted.
    pub(super) fn source(&self) -> MutexGuard<'_, Box<dyn Source>> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mask of the moment.
    pub(super) fn mask(&self) -> Masking {
        self.mask.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another mask from now on.
    pub(super) fn reveal(&self, reveal: bool) -> Masking {
        let mask = Masking::new(reveal);
        self.reveals.store(reveal, Ordering::Relaxed);
        *self.mask.write().unwrap_or_else(PoisonError::into_inner) = mask.clone();
        mask
    }

    /// Tells the UI; waits while it has much to take in.
    pub(super) fn tell(&self, news: News) -> Result<(), Gone> {
        self.news.blocking_send(news).map_err(|_| Gone)
    }
}

/// The one source as each thread has it: it is waited for, for one part of a list or one exchange.
impl Source for Shared {
    fn summaries(&mut self) -> Result<Vec<Summary>, SourceError> {
        self.source().summaries()
    }

    fn find(
        &mut self,
        plan: &Plan,
        after: Option<ExchangeId>,
        most: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        self.source().find(plan, after, most)
    }

    fn kept(&mut self, sessions: &[ExchangeId]) -> Result<Vec<Option<Judgement>>, SourceError> {
        self.source().kept(sessions)
    }

    fn keep(&mut self, judgements: &[Judgement]) -> Result<(), SourceError> {
        self.source().keep(judgements)
    }

    fn delete(&mut self, exchanges: &[ExchangeId]) -> Result<Option<u64>, SourceError> {
        let deleted = self.source().delete(exchanges);
        self.recent.forget();
        deleted
    }

    fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, SourceError> {
        if let Some(records) = self.recent.get(exchange) {
            return Ok(records);
        }
        let mut source = self.source();
        // Another thread may have read it meanwhile.
        if let Some(records) = self.recent.get(exchange) {
            return Ok(records);
        }
        let records = source.records(exchange)?;
        self.recent.keep(exchange, &records);
        Ok(records)
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        self.source().notices()
    }

    fn rest(&mut self) {
        self.source().rest();
    }

    fn origin(&self) -> Origin {
        self.source().origin()
    }
}
