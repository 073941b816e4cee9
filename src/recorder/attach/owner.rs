//! What an owner of the store does for other processes. The recorder implements [`Owner`]; a
//! reading verb that happens to own the store serves through [`ReaderOwner`].

use std::{future::Future, pin::Pin, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::wire::{ImportCounts, PruneCounts};
use crate::{
    capture::{ExchangeId, Record},
    proxy::ListenerSettings,
    recorder::{FeedStart, Source},
};

/// A future behind a `dyn` face.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever owns the store. Methods that are not async may block: they are called on threads for
/// that.
pub trait Owner: Send + Sync + 'static {
    /// What can be read now. Asked for once a request, so it must be cheap.
    ///
    /// # Errors
    ///
    /// Why the store cannot be read.
    fn source(&self) -> Result<Box<dyn Source>, Refusal>;

    /// The records from `from` on, as they come.
    ///
    /// # Errors
    ///
    /// Why there is no feed.
    fn subscribe(&self, from: FeedStart) -> Result<Box<dyn FeedStream>, Refusal>;

    /// Begins an import.
    ///
    /// # Errors
    ///
    /// Why nothing can be imported.
    fn import(&self) -> Result<Box<dyn ImportSink>, Refusal>;

    /// Deletes exchanges and, with `purge`, gives their space back at once.
    ///
    /// # Errors
    ///
    /// Why they could not be deleted.
    fn prune(&self, exchanges: &[ExchangeId], purge: bool) -> Result<PruneCounts, Refusal>;

    /// Opens listeners that record here, once `wide` was found equal to the recorder's own options.
    /// The future is dropped when the client goes away meanwhile.
    ///
    /// # Errors
    ///
    /// Options that are not the recorder's, a port that is taken.
    fn listen(
        &self,
        settings: ListenerSettings,
        wide: serde_json::Value,
    ) -> Answering<'_, Result<Box<dyn Listening>, Refusal>>;

    /// Asks it to let go of the store. True: it will, within [`crate::recorder::lock::OWNER_GRACE`].
    fn hand_over(&self) -> bool;

    /// One line about it: `recording`, `reading`.
    fn status(&self) -> String;
}

/// Records as they come.
pub trait FeedStream: Send {
    /// The next ones; none once the recording is over. May be dropped and asked again.
    fn next(&mut self) -> Answering<'_, Option<Arc<[Record]>>>;
}

/// An import under way. Dropped unfinished it keeps what it took: importing again completes it.
pub trait ImportSink: Send {
    /// Takes a part of the records, in the order of the tape.
    ///
    /// # Errors
    ///
    /// The store's.
    fn take(&mut self, records: Vec<Record>) -> Result<(), Refusal>;

    /// Ends the import.
    ///
    /// # Errors
    ///
    /// The store's.
    fn finish(self: Box<Self>) -> Result<ImportCounts, Refusal>;
}

/// Listeners of another process's `run`. Dropping it ends them.
pub trait Listening: Send {
    /// What `wiretape/listening/1` says (faces.md).
    fn description(&self) -> serde_json::Value;
}

/// Why an owner does not do what it was asked, as text for the other process's user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// Opens the store for one request.
type OpenSource = dyn Fn() -> Result<Box<dyn Source>, Refusal> + Send + Sync;

/// A reading verb that owns the store: others may read beside it, and it lets go when asked.
pub struct ReaderOwner {
    open: Box<OpenSource>,
    asked: CancellationToken,
}

impl ReaderOwner {
    /// An owner that reads through what `open` gives.
    pub fn new(
        open: impl Fn() -> Result<Box<dyn Source>, Refusal> + Send + Sync + 'static,
    ) -> Self {
        Self { open: Box::new(open), asked: CancellationToken::new() }
    }

    /// Whether another process has asked for the store.
    pub fn is_asked_to_let_go(&self) -> bool {
        self.asked.is_cancelled()
    }

    /// Waits until another process asks for the store: it is then to be closed, the server ended
    /// and the lock dropped.
    pub async fn asked_to_let_go(&self) {
        self.asked.cancelled().await;
    }
}

impl Owner for ReaderOwner {
    fn source(&self) -> Result<Box<dyn Source>, Refusal> {
        (self.open)()
    }

    fn subscribe(&self, _from: FeedStart) -> Result<Box<dyn FeedStream>, Refusal> {
        Err(nothing_is_recorded())
    }

    fn import(&self) -> Result<Box<dyn ImportSink>, Refusal> {
        Err(nothing_is_recorded())
    }

    fn prune(&self, _exchanges: &[ExchangeId], _purge: bool) -> Result<PruneCounts, Refusal> {
        Err(nothing_is_recorded())
    }

    fn listen(
        &self,
        _settings: ListenerSettings,
        _wide: serde_json::Value,
    ) -> Answering<'_, Result<Box<dyn Listening>, Refusal>> {
        Box::pin(std::future::ready(Err(nothing_is_recorded())))
    }

    fn hand_over(&self) -> bool {
        tracing::debug!("the home is asked for, and given over");
        self.asked.cancel();
        true
    }

    fn status(&self) -> String {
        "reading".to_owned()
    }
}

fn nothing_is_recorded() -> Refusal {
    Refusal("it only reads and records nothing\nhint: try again once it has ended".to_owned())
}
