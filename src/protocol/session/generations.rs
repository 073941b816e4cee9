//! Exchanges that bear one id at one origin: one session, or several in a row, each started by an
//! answered `initialize` on the known id (design.md, Words).

use std::collections::BTreeMap;

use super::place::{self, Ids};
use crate::{capture::ExchangeId, protocol::model::Summary};

/// The exchanges of one id.
#[derive(Debug, Default)]
pub(super) struct Generations {
    members: Ids,
    /// Those with an `initialize`, and whether it was answered.
    handshakes: BTreeMap<ExchangeId, bool>,
}

impl Generations {
    pub(super) fn insert(&mut self, summary: &Summary) {
        self.members.insert(summary.id);
        if let Some(answered) = place::handshake(summary) {
            self.handshakes.insert(summary.id, answered);
        }
    }

    pub(super) fn remove(&mut self, id: ExchangeId) {
        self.members.remove(&id);
        self.handshakes.remove(&id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The session of a member.
    pub(super) fn session_of(&self, id: ExchangeId) -> Option<ExchangeId> {
        Some(self.name(self.start_before(id)?))
    }

    /// All sessions, oldest first.
    pub(super) fn sessions(&self) -> Vec<ExchangeId> {
        self.starts().map(|start| self.name(start)).collect()
    }

    /// The exchanges of a session, and the session before it.
    pub(super) fn members(
        &self,
        session: ExchangeId,
    ) -> Option<(Vec<ExchangeId>, Option<ExchangeId>)> {
        let start = self.start_before(session).filter(|start| self.name(*start) == session)?;
        let previous = self.starts().take_while(|other| *other < start).last();
        let follows = previous.map(|previous| self.name(previous));
        Some((self.from(start).collect(), follows))
    }

    /// Where sessions begin: at the first member, and at each answered `initialize`.
    fn starts(&self) -> impl Iterator<Item = ExchangeId> {
        let first = self.members.first().copied();
        let answered = self.handshakes.iter().filter(|(_, answered)| **answered);
        first.into_iter().chain(answered.map(|(id, _)| *id).filter(move |id| Some(*id) != first))
    }

    /// The last start at or before a member.
    fn start_before(&self, id: ExchangeId) -> Option<ExchangeId> {
        let answered = self.handshakes.range(..=id).rev().find(|(_, answered)| **answered);
        answered.map(|(id, _)| *id).or_else(|| self.members.first().copied())
    }

    /// The members from a start up to the next one.
    fn from(&self, start: ExchangeId) -> impl Iterator<Item = ExchangeId> {
        let next = self.starts().find(|other| *other > start);
        let within = move |id: &ExchangeId| next.is_none_or(|next| *id < next);
        self.members.range(start..).copied().take_while(within)
    }

    /// A session's id is that of its `initialize`'s exchange, else of its first one.
    fn name(&self, start: ExchangeId) -> ExchangeId {
        let next = self.starts().find(|other| *other > start);
        let handshake = self.handshakes.range(start..).next().map(|(id, _)| *id);
        handshake.filter(|id| next.is_none_or(|next| *id < next)).unwrap_or(start)
    }
}
