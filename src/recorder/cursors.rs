//! Where readers of the journal stand between two readings. When a purge moves entries, it moves
//! these too, so that nobody misses an entry or reads one twice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::store::Position;

/// The places of all who read the journal piece by piece; one that was dropped is forgotten.
#[derive(Debug, Default)]
pub(super) struct Cursors(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How often entries have moved: a position is worth something only together with this.
    moves: u64,
    all: Vec<Weak<Cursor>>,
}

/// The last entry that one reader was told of, and the count of moves for which that holds.
#[derive(Debug)]
pub(super) struct Cursor(Mutex<(Position, u64)>);

impl Cursors {
    /// A cursor that stands at an entry.
    pub(super) fn at(&self, position: Position) -> Arc<Cursor> {
        let mut state = self.lock();
        let cursor = Arc::new(Cursor(Mutex::new((position, state.moves))));
        state.all.retain(|cursor| cursor.strong_count() > 0);
        state.all.push(Arc::downgrade(&cursor));
        cursor
    }

    /// How often entries have moved.
    pub(super) fn moves(&self) -> u64 {
        self.lock().moves
    }

    /// Takes all along after a segment was rewritten: `moved` says of its entries, ascending, where
    /// each was and where it is now.
    pub(super) fn moved(&self, segment: u32, moved: &[(Position, Option<Position>)]) {
        let mut state = self.lock();
        state.moves += 1;
        for cursor in state.all.iter().filter_map(Weak::upgrade) {
            let mut place = cursor.lock();
            let (at, holds_after) = &mut *place;
            *holds_after = state.moves;
            if at.segment == segment {
                let told = moved.iter().take_while(|(old, _)| *old <= *at);
                let last = told.filter_map(|(_, new)| *new).last();
                *at = last.unwrap_or(Position { segment, offset: 0 });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cursor {
    pub(super) fn get(&self) -> (Position, u64) {
        *self.lock()
    }

    /// Goes on to a position as it was named after so many moves. False: entries have moved since,
    /// and it stays where it is.
    pub(super) fn advance(&self, position: Position, moves: u64) -> bool {
        let mut place = self.lock();
        let holds = place.1 == moves;
        if holds {
            place.0 = position;
        }
        holds
    }

    fn lock(&self) -> MutexGuard<'_, (Position, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stays_between_the_entries_between_which_it_stood() {
        let at = |offset| Position { segment: 2, offset };
        let moved =
            [(at(16), None), (at(30), Some(at(16))), (at(50), None), (at(70), Some(at(36)))];
        for (before, after) in [(16, 0), (30, 16), (50, 16), (70, 36), (99, 36)] {
            let cursors = Cursors::default();
            let cursor = cursors.at(at(before));
            cursors.moved(2, &moved);
            assert_eq!(cursor.get(), (at(after), 1), "{before}");
            assert!(!cursor.advance(at(99), 0) && cursor.advance(at(99), 1));
            cursors.moved(1, &[]);
            assert_eq!(cursor.get(), (at(99), 2), "another segment");
        }
    }
}
