//! What the desk's threads have in common.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::mpsc;

use super::veil::Masking;
use crate::{
    capture::{ExchangeId, Record},
    protocol::{Summary, index::Plan, problems::Judgement},
    recorder::{Origin, Source, SourceError},
    tui::{desk::News, ledger::Ledger},
};

/// The source, the ledger, and the way to the UI.
#[derive(Clone)]
pub(super) struct Shared {
    source: Arc<Mutex<Box<dyn Source>>>,
    ledger: Arc<Mutex<Ledger>>,
    mask: Arc<RwLock<Masking>>,
    news: mpsc::Sender<News>,
}

/// The UI is gone: there is nothing left to do.
#[derive(Debug, thiserror::Error)]
#[error("the screen is closed")]
pub(super) struct Gone;

impl Shared {
    pub(super) fn new(source: Box<dyn Source>, reveal: bool, news: mpsc::Sender<News>) -> Self {
        let mask = Masking::new(reveal);
        Self {
            source: Arc::new(Mutex::new(source)),
            ledger: Arc::new(Mutex::new(Ledger::new(Box::new(mask.clone())))),
            mask: Arc::new(RwLock::new(mask)),
            news,
        }
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

    fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, SourceError> {
        self.source().records(exchange)
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        self.source().notices()
    }

    fn origin(&self) -> Origin {
        self.source().origin()
    }
}
