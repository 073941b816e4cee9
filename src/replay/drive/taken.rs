//! A step whose turn it is. One that stands alone is told now and let go when it is done, so that
//! memory does not grow with the recording.

use std::{borrow::Cow, cell::Cell, rc::Rc};

use super::{DriveError, Teller};
use crate::{
    protocol::Story,
    replay::plan::{Apart, Item, Planned},
};

/// A step whose turn it is.
pub(super) enum Taken<'s> {
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
            Item::Held(planned) => Ok(Self::Held(planned)),
            Item::Apart(apart) => {
                let story = teller.tell(apart.exchange).map_err(DriveError::Recording)?;
                Ok(Self::Apart { apart, story: Box::new(story), _alive: count.one_more() })
            }
        }
    }

    /// The step. A story of its own has none only where the recording was changed meanwhile.
    pub(super) fn planned(&self) -> Result<Cow<'_, Planned<'_>>, DriveError> {
        match self {
            Self::Held(planned) => Ok(Cow::Borrowed(*planned)),
            Self::Apart { apart, story, .. } => {
                let planned = apart.planned(story).map(Cow::Owned);
                planned.ok_or_else(|| DriveError::Recording("it was changed meanwhile".to_owned()))
            }
        }
    }
}

/// How many stories of single steps are alive, and how many there were at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Count(Rc<(Cell<usize>, Cell<usize>)>);

impl Count {
    fn one_more(&self) -> Alive {
        let (now, most) = &*self.0;
        now.set(now.get() + 1);
        most.set(most.get().max(now.get()));
        Alive(self.clone())
    }

    /// How many there were at most.
    pub(super) fn most(&self) -> usize {
        self.0.1.get()
    }
}

/// One of them.
#[derive(Debug)]
pub(super) struct Alive(Count);

impl Drop for Alive {
    fn drop(&mut self) {
        let now = &self.0.0.0;
        now.set(now.get().saturating_sub(1));
    }
}
