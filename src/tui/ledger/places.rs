//! Which row is of which exchange, 28 bytes an exchange: ids ascend as exchanges open, so nearly all
//! of them stand in one sorted list.

use std::collections::{BTreeMap, HashMap};

use crate::{
    capture::ExchangeId,
    tui::{
        pieces::Pieces,
        rows::{RowId, SessionId},
    },
};

/// The number of a row that stands for its exchange itself.
pub(super) const ITSELF: u32 = u32::MAX;

/// A row by what it is of: exchange, and the message's number in it or [`ITSELF`].
pub(super) type RowKey = (ExchangeId, u32);

/// Exchanges and their rows.
#[derive(Default)]
pub(super) struct Places {
    ids: Pieces<ExchangeId>,
    of: Pieces<Place>,
    /// Exchanges that came after later ones: imported while one looks on, or back-dated.
    late: BTreeMap<ExchangeId, Place>,
    /// Rows that are not the first ones of their exchange.
    more: HashMap<RowKey, RowId>,
}

/// An exchange's session, and its first row with that one's number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) session: SessionId,
    pub(super) row: RowId,
    pub(super) number: u32,
}

impl Places {
    /// How many exchanges there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len() + self.late.len()
    }

    /// How many of them lie before this one, about.
    pub(super) fn before(&self, id: ExchangeId) -> usize {
        self.ids.partition_point(|own| *own < id)
    }

    pub(super) fn get(&self, id: ExchangeId) -> Option<&Place> {
        match self.listed(id) {
            Some(at) => self.of.get(at),
            None => self.late.get(&id),
        }
    }

    fn get_mut(&mut self, id: ExchangeId) -> Option<&mut Place> {
        match self.listed(id) {
            Some(at) => self.of.get_mut(at),
            None => self.late.get_mut(&id),
        }
    }

    /// Where it stands in the list.
    fn listed(&self, id: ExchangeId) -> Option<usize> {
        let at = self.before(id);
        (self.ids.get(at) == Some(&id)).then_some(at)
    }

    /// Moves an exchange into another session.
    pub(super) fn moved(&mut self, id: ExchangeId, session: SessionId) {
        if let Some(place) = self.get_mut(id) {
            place.session = session;
        }
    }

    /// The row of a message that has one.
    pub(super) fn row(&self, (id, number): RowKey) -> Option<RowId> {
        let place = self.get(id)?;
        if place.number == number {
            return Some(place.row);
        }
        self.more.get(&(id, number)).copied()
    }

    /// The row of a message, else the first one of its exchange.
    pub(super) fn near(&self, key: RowKey) -> Option<RowId> {
        self.row(key).or_else(|| self.get(key.0).map(|place| place.row))
    }

    /// The row for a message: the one that it has; that of its exchange itself, which it then
    /// takes; else `next`, which is then taken: true.
    pub(super) fn claim(&mut self, key: RowKey, session: SessionId, next: RowId) -> (RowId, bool) {
        if let Some(row) = self.row(key) {
            return (row, false);
        }
        match self.get_mut(key.0) {
            Some(place) if place.number == ITSELF => {
                place.number = key.1;
                (place.row, false)
            }
            Some(_) => {
                self.more.insert(key, next);
                (next, true)
            }
            None => {
                self.add(key.0, Place { session, row: next, number: key.1 });
                (next, true)
            }
        }
    }

    /// Of what a row is.
    pub(super) fn key_of(&self, row: RowId) -> Option<RowKey> {
        // Those in the list came in the order of their rows.
        let at = self.of.partition_point(|place| place.row < row);
        if let Some(place) = self.of.get(at).filter(|place| place.row == row) {
            return Some((*self.ids.get(at)?, place.number));
        }
        let late = self.late.iter().find(|(_, place)| place.row == row);
        late.map(|(id, place)| (*id, place.number))
            .or_else(|| self.more.iter().find(|(_, own)| **own == row).map(|(key, _)| *key))
    }

    /// The first and the last exchange of a session.
    pub(super) fn span(&self, session: SessionId) -> Option<(ExchangeId, ExchangeId)> {
        let own = |(_, place): &(&ExchangeId, &Place)| place.session == session;
        let first = self.listing().find(own).map(|(id, _)| *id);
        let last = self.ids.iter().rev().zip(self.of.iter().rev()).find(own).map(|(id, _)| *id);
        let mut late = self.late.iter().filter(own).map(|(id, _)| *id);
        let (early, late) = (late.next(), late.next_back());
        let ends = [first, last, early, late.or(early)];
        let all = || ends.into_iter().flatten();
        Some((all().min()?, all().max()?))
    }

    /// The first row of an exchange stands for that itself again; false where it is not this one.
    pub(super) fn release(&mut self, (id, number): RowKey) -> bool {
        match self.get_mut(id) {
            Some(place) if place.number == number => {
                place.number = ITSELF;
                true
            }
            _ => false,
        }
    }

    fn listing(&self) -> impl Iterator<Item = (&ExchangeId, &Place)> {
        self.ids.iter().zip(self.of.iter())
    }

    fn add(&mut self, id: ExchangeId, place: Place) {
        if self.ids.last().is_none_or(|last| *last < id) {
            self.ids.push(id);
            self.of.push(place);
        } else {
            self.late.insert(id, place);
        }
    }

    /// The newest exchanges of a session, so many at most, ascending.
    pub(super) fn latest(&self, session: SessionId, most: usize) -> Vec<ExchangeId> {
        let own = |(_, place): &(&ExchangeId, &Place)| place.session == session;
        let listed = self.ids.iter().rev().zip(self.of.iter().rev()).filter(own).take(most);
        let late = self.late.iter().rev().filter(own).take(most);
        let mut latest: Vec<ExchangeId> = listed.chain(late).map(|(id, _)| *id).collect();
        latest.sort_unstable();
        latest.split_off(latest.len().saturating_sub(most))
    }

    /// The exchanges of a session, ascending.
    pub(super) fn members(&self, session: SessionId) -> Vec<ExchangeId> {
        let all = self.listing().chain(&self.late);
        let own = all.filter(|(_, place)| place.session == session);
        let mut members: Vec<ExchangeId> = own.map(|(id, _)| *id).collect();
        members.sort_unstable();
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_a_session_are_its_newest_whenever_they_came() {
        let mut places = Places::default();
        let id = |n: u8| ExchangeId::from_bytes([n; 16]);
        // 3 and 5 come late; every fourth is of another session.
        for n in [1, 2, 4, 6, 3, 7, 8, 5, 9] {
            let session = SessionId(u32::from(n % 4 == 0));
            places.claim((id(n), 0), session, RowId(u32::from(n)));
        }
        let latest = |most| places.latest(SessionId(0), most);
        assert_eq!(latest(9), [1, 2, 3, 5, 6, 7, 9].map(id));
        assert_eq!(latest(9), places.members(SessionId(0)));
        assert_eq!(latest(4), [5, 6, 7, 9].map(id));
        assert_eq!(latest(0), []);
        assert_eq!(places.latest(SessionId(1), 1), [id(8)]);
    }
}
