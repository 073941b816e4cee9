//! A step whose turn it is. One that stands alone is told now and let go when it is done and judged,
//! so that memory does not grow with the recording.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use super::{DriveError, Teller};
use crate::{
    protocol::Story,
    replay::plan::{Apart, Item, Planned, Role},
};

/// A step whose turn it is.
#[derive(Debug)]
pub struct Taken<'s>(Of<'s>);

#[derive(Debug)]
enum Of<'s> {
    /// The session's story has it.
    Held(&'s Planned<'s>),
    /// It has a story of its own.
    Apart { apart: &'s Apart, story: Box<Story>, _alive: Alive },
}

impl<'s> Taken<'s> {
    /// Takes an item of a plan.
    pub(super) fn of(
        item: &'s Item<'s>,
        teller: &dyn Teller,
        count: &Count,
    ) -> Result<Self, DriveError> {
        match item {
            Item::Held(planned) => Ok(Self::held(planned)),
            Item::Apart(apart) => {
                let story = teller.tell(apart.exchange).map_err(DriveError::Recording)?;
                let story = Box::new(story);
                Ok(Self(Of::Apart { apart, story, _alive: count.one_more() }))
            }
        }
    }

    /// A step that the session's story has.
    pub(super) fn held(planned: &'s Planned<'s>) -> Self {
        Self(Of::Held(planned))
    }

    /// The step.
    ///
    /// # Errors
    ///
    /// It has a story of its own, and the recording was changed meanwhile.
    pub fn planned(&self) -> Result<Cow<'_, Planned<'_>>, DriveError> {
        match &self.0 {
            Of::Held(planned) => Ok(Cow::Borrowed(*planned)),
            Of::Apart { apart, story, .. } => {
                let planned = apart.planned(story).map(Cow::Owned);
                planned.ok_or_else(|| DriveError::Recording("it was changed meanwhile".to_owned()))
            }
        }
    }

    /// Why it was sent.
    #[must_use]
    pub fn role(&self) -> Role {
        match &self.0 {
            Of::Held(planned) => planned.role,
            Of::Apart { apart, .. } => apart.role,
        }
    }

    /// Bytes of its messages that are held for it alone.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Of::Held(_) => 0,
            Of::Apart { story, .. } => story.messages.iter().map(|m| m.payload.len()).sum(),
        }
    }
}

/// How many stories of single steps are alive, and how many there were at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Count(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Count {
    fn one_more(&self) -> Alive {
        let now = self.0.now.fetch_add(1, Relaxed) + 1;
        self.0.most.fetch_max(now, Relaxed);
        Alive(self.clone())
    }

    /// How many there were at most.
    pub(super) fn most(&self) -> usize {
        self.0.most.load(Relaxed)
    }
}

/// One of them.
#[derive(Debug)]
struct Alive(Count);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.0.now.fetch_sub(1, Relaxed);
    }
}
