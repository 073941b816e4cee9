//! One face for everything that can be read: a store that is free, a store in use, a tape. The
//! reading verbs know only this, so they give the same answer on each (design.md, One home).

use crate::{
    capture::{ExchangeId, Record},
    protocol::{Summary, index::Plan, problems::Judgement},
};

/// Something that holds a recording.
pub trait Source: Send {
    /// The summary of every exchange there is, running ones included, ascending by id.
    ///
    /// # Errors
    ///
    /// The store's or the connection's.
    fn summaries(&mut self) -> Result<Vec<Summary>, SourceError>;

    /// The summaries of the next exchanges behind `after` that the index finds for a plan, at most
    /// `most`, ascending by id; none where there are no more. A plan promises too much: they are to
    /// be tested.
    ///
    /// # Errors
    ///
    /// The store's or the connection's.
    fn find(
        &mut self,
        plan: &Plan,
        after: Option<ExchangeId>,
        most: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        let all = self.summaries()?.into_iter();
        let behind = all.filter(|summary| Some(summary.id) > after && plan.admits(summary));
        Ok(behind.take(most).collect())
    }

    /// What [`Source::keep`] was given for these sessions, in their order. What keeps nothing has
    /// nothing.
    ///
    /// # Errors
    ///
    /// The store's or the connection's.
    fn kept(&mut self, sessions: &[ExchangeId]) -> Result<Vec<Option<Judgement>>, SourceError> {
        Ok(sessions.iter().map(|_| None).collect())
    }

    /// Keeps what was found in sessions, so that it need not be looked for again. It may be lost.
    ///
    /// # Errors
    ///
    /// The store's or the connection's.
    fn keep(&mut self, judgements: &[Judgement]) -> Result<(), SourceError> {
        let _ = judgements;
        Ok(())
    }

    /// Deletes exchanges, and tells how many there were; none where this is not what deletes.
    ///
    /// # Errors
    ///
    /// The store's or the connection's.
    fn delete(&mut self, exchanges: &[ExchangeId]) -> Result<Option<u64>, SourceError> {
        let _ = exchanges;
        Ok(None)
    }

    /// All records of one exchange in the order of their numbers; empty where it is not there.
    ///
    /// # Errors
    ///
    /// The store's or the connection's.
    fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, SourceError>;

    /// All notices, oldest first.
    ///
    /// # Errors
    ///
    /// The store's or the connection's.
    fn notices(&mut self) -> Result<Vec<Record>, SourceError>;

    /// Lets go of what other processes may want, until it is read again.
    fn rest(&mut self) {}

    /// When the recording began and by which version of wiretape: line 1 of its tape.
    fn origin(&self) -> Origin;
}

/// Line 1 of a tape says where it comes from; a store's is this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The version of the tool that recorded.
    pub tool: String,
}

/// Why a source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The store's fault.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// The wiretape that owns the store went away or did not understand.
    #[error("the wiretape that owns the store: {0}")]
    Owner(String),
}
