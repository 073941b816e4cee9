//! The steps of a plan as they wait for their turn: those of the session's story, and calls that
//! are told when it comes.

use super::{Awaits, Planned, Role};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::Story,
    replay::steps::{StepKind, steps},
};

/// One step of a plan, as it waits for its turn.
#[derive(Clone, Debug)]
pub enum Item<'s> {
    /// A step of the session's story.
    Held(Box<Planned<'s>>),
    /// One that is told when its turn comes.
    Apart(Apart),
}

/// A call that stands alone ([`crate::protocol::alone`]), as it waits for its turn: no more is held
/// of it.
#[derive(Clone, Debug)]
pub struct Apart {
    /// Its exchange.
    pub exchange: ExchangeId,
    /// When its request was sent.
    pub sent_at: Timestamp,
    /// When its answer came.
    pub over_at: Timestamp,
    /// Why it is sent, or that it is not.
    pub role: Role,
    pub(super) needs: Vec<usize>,
}

impl Apart {
    /// A call that nothing has chosen so far.
    #[must_use]
    pub fn new(exchange: ExchangeId, sent_at: Timestamp, over_at: Timestamp) -> Self {
        Self { exchange, sent_at, over_at, role: Role::Left, needs: Vec::new() }
    }

    /// What is to be sent, of its own story.
    #[must_use]
    pub fn planned<'s>(&self, story: &'s Story) -> Option<Planned<'s>> {
        let step = steps(story).into_iter().next().filter(|step| step.kind == StepKind::Call)?;
        let needs = self.needs.clone();
        Some(Planned { step, role: self.role, needs, awaits: Awaits::Answer })
    }
}

impl<'s> Item<'s> {
    /// Why it is sent, or that it is not.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Held(planned) => planned.role,
            Self::Apart(apart) => apart.role,
        }
    }

    /// Places in [`super::Plan::items`] of what has to stand before it, ascending.
    #[must_use]
    pub fn needs(&self) -> &[usize] {
        match self {
            Self::Held(planned) => &planned.needs,
            Self::Apart(apart) => &apart.needs,
        }
    }

    /// When it was sent.
    #[must_use]
    pub fn sent_at(&self) -> Timestamp {
        match self {
            Self::Held(planned) => planned.step.sent_at(),
            Self::Apart(apart) => apart.sent_at,
        }
    }

    /// The step, where the session's story has it.
    #[must_use]
    pub fn held(&self) -> Option<&Planned<'s>> {
        match self {
            Self::Held(planned) => Some(planned),
            Self::Apart(_) => None,
        }
    }

    /// The exchange of what the client sent first.
    #[must_use]
    pub fn exchange(&self) -> ExchangeId {
        match self {
            Self::Held(planned) => planned.step.exchange,
            Self::Apart(apart) => apart.exchange,
        }
    }

    pub(super) fn choose(&mut self, its: Role) {
        match self {
            Self::Held(planned) => planned.role = its,
            Self::Apart(apart) => apart.role = its,
        }
    }
}
