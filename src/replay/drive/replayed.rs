//! What a step brought. Its story is told by whoever asks first, which mostly is whoever holds it
//! against the recorded one: the next step does not wait for that.

use std::{cell::OnceCell, sync::Arc};

use crate::{
    capture::{Fact, Record},
    protocol::{Session, Story},
};

/// The live exchanges of a step.
#[derive(Debug)]
pub struct Replayed {
    /// On which session they are told.
    stub: Arc<Session>,
    exchanges: Vec<Vec<Record>>,
    story: OnceCell<Story>,
}

impl Replayed {
    pub(super) fn of(stub: &Arc<Session>, exchanges: Vec<Vec<Record>>) -> Self {
        Self { stub: Arc::clone(stub), exchanges, story: OnceCell::new() }
    }

    /// Their story.
    #[must_use]
    pub fn story(&self) -> &Story {
        let exchanges = || self.exchanges.iter().map(Vec::as_slice);
        self.story.get_or_init(|| Story::tell(Session::clone(&self.stub), exchanges()))
    }

    /// Bytes of bodies that are held for it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let body = |record: &Record| match &record.fact {
            Fact::Chunk { data, .. } => data.len(),
            _ => 0,
        };
        self.exchanges.iter().flatten().map(body).sum()
    }
}
