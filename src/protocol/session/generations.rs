//! Exchanges that bear one id at one origin: one session, or several in a row, each started by an
//! answered `initialize` on the known id (design.md, Words).

use std::ops::Bound;

use super::place::Ids;
use crate::capture::ExchangeId;

/// The exchanges of one id.
#[derive(Debug, Default)]
pub(super) struct Generations {
    members: Ids,
    /// Those with an `initialize`.
    handshakes: Ids,
    /// Those of them that were answered.
    answered: Ids,
}

impl Generations {
    pub(super) fn insert(&mut self, id: ExchangeId, handshake: Option<bool>) {
        self.members.insert(id);
        if let Some(answered) = handshake {
            self.handshakes.insert(id);
            if answered {
                self.answered.insert(id);
            }
        }
    }

    pub(super) fn remove(&mut self, id: ExchangeId) {
        self.members.remove(&id);
        self.handshakes.remove(&id);
        self.answered.remove(&id);
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
        let first = self.members.first().copied();
        let later = self.answered.iter().copied().filter(|id| Some(*id) != first);
        first.into_iter().chain(later).map(|start| self.name(start)).collect()
    }

    /// The exchanges of a session, and the session before it.
    pub(super) fn members(
        &self,
        session: ExchangeId,
    ) -> Option<(Vec<ExchangeId>, Option<ExchangeId>)> {
        let start = self.start_before(session).filter(|start| self.name(*start) == session)?;
        let before = self.members.range(..start).next_back();
        let follows = before.and_then(|before| self.session_of(*before));
        let own = self.members.range((Bound::Included(start), self.end(start)));
        Some((own.copied().collect(), follows))
    }

    /// The last start at or before a member. Sessions begin at the first member, and at each
    /// answered `initialize`.
    fn start_before(&self, id: ExchangeId) -> Option<ExchangeId> {
        let answered = self.answered.range(..=id).next_back();
        answered.or_else(|| self.members.first()).copied()
    }

    /// Up to where the session of a start goes.
    fn end(&self, start: ExchangeId) -> Bound<ExchangeId> {
        let after = (Bound::Excluded(start), Bound::Unbounded);
        self.answered.range(after).next().map_or(Bound::Unbounded, |next| Bound::Excluded(*next))
    }

    /// A session's id is that of its `initialize`'s exchange, else of its first one.
    fn name(&self, start: ExchangeId) -> ExchangeId {
        let own = self.handshakes.range((Bound::Included(start), self.end(start))).next();
        own.copied().unwrap_or(start)
    }
}
