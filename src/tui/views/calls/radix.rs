//! Sorts the keys of rows by their digits, part by part: each part takes its time and no more, and
//! nothing is compared, so that a million rows need some ten milliseconds in all.

use crate::tui::rows::RowId;

/// A key and its row.
pub(super) type Entry = (u64, RowId);

/// Bits of a digit: the places of a pass fit into the nearest cache.
const BITS: u32 = 11;

const DIGITS: usize = u64::BITS.div_ceil(BITS) as usize;

/// Entries that are to be sorted by their keys; those of one key stay in the order of their coming.
#[derive(Debug, Default)]
pub(super) struct Radix {
    entries: Vec<Entry>,
    /// How often each digit is there, the lowest digit's first.
    counts: Vec<[u32; 1 << BITS]>,
    /// The pass that goes on, and those before it that are over.
    pass: Option<Pass>,
    digit: usize,
}

/// Entries going to where their digit belongs.
#[derive(Debug)]
struct Pass {
    /// How many went.
    at: usize,
    /// Where the next one of each digit goes.
    places: Box<[u32; 1 << BITS]>,
    to: Vec<Entry>,
}

impl Radix {
    pub(super) fn with_room(entries: usize) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
            counts: vec![[0; 1 << BITS]; DIGITS],
            ..Self::default()
        }
    }

    /// One more, before sorting begins.
    pub(super) fn push(&mut self, entry: Entry) {
        for (digit, counts) in self.counts.iter_mut().enumerate() {
            if let Some(count) = counts.get_mut(place(entry.0, digit)) {
                *count += 1;
            }
        }
        self.entries.push(entry);
    }

    /// Moves so many entries at most; all of them, sorted, once that is done.
    pub(super) fn step(&mut self, most: usize) -> Option<Vec<Entry>> {
        let Some(mut pass) = self.pass.take().or_else(|| self.next_pass()) else {
            return Some(std::mem::take(&mut self.entries));
        };
        let end = pass.at.saturating_add(most).min(self.entries.len());
        for entry in self.entries.get(pass.at..end).unwrap_or_default() {
            let Some(next) = pass.places.get_mut(place(entry.0, self.digit)) else { continue };
            if let Some(to) = pass.to.get_mut(*next as usize) {
                *to = *entry;
            }
            *next += 1;
        }
        pass.at = end;
        if end < self.entries.len() {
            self.pass = Some(pass);
        } else {
            self.entries = pass.to;
            self.digit += 1;
        }
        None
    }

    /// The next digit that is not the same everywhere.
    fn next_pass(&mut self) -> Option<Pass> {
        let all = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let rest = self.counts.iter().enumerate().skip(self.digit);
        let (digit, counts) = rest.into_iter().find(|(_, counts)| !counts.contains(&all))?;
        let (mut places, mut sum) = (Box::new([0; 1 << BITS]), 0);
        for (place, count) in places.iter_mut().zip(counts) {
            *place = sum;
            sum += count;
        }
        self.digit = digit;
        Some(Pass { at: 0, places, to: vec![(0, RowId(0)); self.entries.len()] })
    }
}

fn place(key: u64, digit: usize) -> usize {
    let shift = u32::try_from(digit).unwrap_or(0) * BITS;
    usize::try_from(key >> shift & ((1 << BITS) - 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn entries_are_sorted_and_equal_ones_stay_in_order(
            keys in prop::collection::vec(
                prop_oneof![any::<u64>(), 0u64..4, (0u64..9).prop_map(|key| !key)], 0..300),
            most in 1usize..100,
        ) {
            let entries: Vec<Entry> = keys.into_iter().zip((0..).map(RowId)).collect();
            let mut radix = Radix::with_room(entries.len());
            for entry in &entries {
                radix.push(*entry);
            }
            let sorted = loop {
                if let Some(sorted) = radix.step(most) {
                    break sorted;
                }
            };
            let mut expected = entries;
            expected.sort_unstable();
            prop_assert_eq!(sorted, expected);
        }
    }
}
