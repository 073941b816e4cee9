//! A list that grows in pieces: a million entries are never copied into a larger place, so that a key
//! does not wait for it, and the places that were grown out of do not stay with the allocator.

/// Entries of one piece: of rows 224 KiB.
const PIECE: usize = 4_096;

/// The list. Entries are appended, never removed.
#[derive(Clone, Debug)]
pub(super) struct Pieces<T>(Vec<Vec<T>>);

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pieces<T> {
    pub(super) fn len(&self) -> usize {
        let last = self.0.last().map_or(0, Vec::len);
        self.0.len().saturating_sub(1) * PIECE + last
    }

    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at / PIECE)?.get(at % PIECE)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.0.get_mut(at / PIECE)?.get_mut(at % PIECE)
    }

    pub(super) fn last(&self) -> Option<&T> {
        self.0.last()?.last()
    }

    pub(super) fn push(&mut self, entry: T) {
        if self.0.last().is_none_or(|last| last.len() == PIECE) {
            self.0.push(Vec::with_capacity(PIECE));
        }
        if let Some(last) = self.0.last_mut() {
            last.push(entry);
        }
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// How many entries come before the first for which this is false; in a sorted list.
    pub(super) fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> usize {
        let piece = self.0.partition_point(|piece| piece.last().is_some_and(&is_before));
        // The last piece is not full.
        let Some(within) = self.0.get(piece) else { return self.len() };
        piece * PIECE + within.partition_point(is_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_one_list() {
        let mut pieces = Pieces::default();
        assert_eq!((pieces.len(), pieces.last(), pieces.get(0)), (0, None, None));
        assert_eq!(pieces.partition_point(|_| true), 0);
        for entry in 0..2 * PIECE + 3 {
            pieces.push(entry * 2);
            assert_eq!((pieces.len(), pieces.last()), (entry + 1, Some(&(entry * 2))));
        }
        for at in [0, 1, PIECE - 1, PIECE, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 2] {
            assert_eq!(pieces.get(at), Some(&(at * 2)));
            assert_eq!(pieces.partition_point(|entry| *entry < at * 2), at);
            assert_eq!(pieces.partition_point(|entry| *entry <= at * 2), at + 1);
        }
        assert_eq!(pieces.get(2 * PIECE + 3), None);
        *pieces.get_mut(PIECE).unwrap() = 1;
        assert!(pieces.iter().copied().eq((0..2 * PIECE + 3).map(|at| if at == PIECE {
            1
        } else {
            at * 2
        })));
    }
}
