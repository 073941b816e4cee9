//! What others ask of the ledger: where rows, exchanges and sessions are.

use std::collections::BTreeSet;

use super::{FAULTS, ITSELF, Ledger};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::Session,
    tui::rows::{Row, RowId, SessionId},
};

impl Ledger {
    /// The row of a message, or of the exchange that carried it.
    #[must_use]
    pub fn row_of(&self, exchange: ExchangeId, number: Option<u32>) -> Option<RowId> {
        self.places.near((exchange, number.unwrap_or(ITSELF)))
    }

    /// The exchange of a row, and the number of the message that it shows.
    #[must_use]
    pub fn message_of(&self, row: RowId) -> Option<(ExchangeId, Option<u32>)> {
        let (id, number) = self.places.key_of(row)?;
        Some((id, (number != ITSELF).then_some(number)))
    }

    /// The first and the last exchange of a session.
    #[must_use]
    pub fn span(&self, session: SessionId) -> Option<(ExchangeId, ExchangeId)> {
        self.places.span(session)
    }

    /// How many exchanges a session has.
    #[must_use]
    pub fn exchanges(&self, session: SessionId) -> u64 {
        self.book.exchanges(session)
    }

    /// An exchange of the session still goes on.
    #[must_use]
    pub fn goes_on(&self, session: SessionId) -> bool {
        self.going.values().any(|going| going.session == Some(session))
    }

    /// The session of an exchange.
    #[must_use]
    pub fn session_of(&self, exchange: ExchangeId) -> Option<SessionId> {
        self.places.get(exchange).map(|place| place.session)
    }

    /// How many exchanges there are, and how many lie before one of them.
    #[must_use]
    pub fn progress(&self, at: ExchangeId) -> (u64, u64) {
        (self.places.before(at) as u64, self.places.len() as u64)
    }

    /// How many exchanges there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.places.len() as u64
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.len() == 0
    }

    /// A session's exchanges, ascending.
    #[must_use]
    pub fn members(&self, session: SessionId) -> Vec<ExchangeId> {
        self.places.members(session)
    }

    /// Its newest exchanges, so many at most, ascending.
    #[must_use]
    pub fn latest(&self, session: SessionId, most: usize) -> Vec<ExchangeId> {
        self.places.latest(session, most)
    }

    /// A session as it stands.
    #[must_use]
    pub fn session(&self, session: SessionId, as_of: Timestamp) -> Option<Session> {
        self.book.session(session, as_of)
    }

    /// A session's id.
    #[must_use]
    pub fn name(&self, session: SessionId) -> Option<ExchangeId> {
        self.book.name(session)
    }

    /// All sessions, with how many exchanges each has.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionId, u64)> {
        self.book.all().map(|session| (session, self.book.exchanges(session)))
    }

    /// So many problems were found in a session, and these messages and exchanges are named by them.
    /// Returns the exchanges that have to be read for their rows to show it: [`Ledger::complete`].
    pub fn judged(
        &mut self,
        session: SessionId,
        problems: u64,
        at_fault: impl IntoIterator<Item = (ExchangeId, Option<u32>)>,
    ) -> BTreeSet<ExchangeId> {
        self.book.judged(session, problems);
        let mut unread = BTreeSet::new();
        for (exchange, number) in at_fault {
            let Some(row) = self.row_of(exchange, number) else { continue };
            if self.faults.len() >= FAULTS || !self.faults.insert(row) {
                continue;
            }
            match self.shown.get(row) {
                Some(shown) => self.replace(row, Row { at_fault: true, ..shown }),
                None => {
                    unread.insert(exchange);
                }
            }
        }
        unread
    }

    /// A session was deleted. What its client says from now on is a session of its own.
    pub fn deleted(&mut self, session: SessionId) {
        let members = self.places.members(session);
        self.book.delete(session, &members);
    }

    /// Sessions of late are told anew: what is said of them grows old.
    pub fn touch_sessions(&mut self, now: Timestamp) {
        self.book.touch_recent(now);
    }
}
