//! One face for everything that can be read: a store that is free, a store in use, a tape. The
//! reading verbs know only this, so they give the same answer on each (design.md, One home).

use crate::{
    capture::{ExchangeId, Record},
    protocol::Summary,
};

/// Something that holds a recording.
pub trait Source: Send {
    /// The summary of every exchange there is, running ones included, ascending by id.
    ///
    /// # Errors
    ///
    /// The store's or the connection's.
    fn summaries(&mut self) -> Result<Vec<Summary>, SourceError>;

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
