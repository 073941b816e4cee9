//! Sorts the keys of rows by their digits, part by part: each part takes its time and no more, and
//! nothing is compared, so that a million rows need some ten milliseconds in all.

use crate::tui::rows::RowId;

/// A key and its row.
pub(super) type Entry = (u64, RowId);

/// Bits of a digit: the places of a pass fit into the nearest cache.
const BITS: u32 = 11;

/// For each digit how often it is there, or where the next entry with it goes.
type Places = Box<[u32; 1 << BITS]>;

/// Entries that are to be sorted by their keys; those of one key stay in the order of their coming.
#[derive(Debug)]
pub(super) struct Radix {
    entries: Vec<Entry>,
    /// Where they go, and come back from with the next digit.
    spare: Vec<Entry>,
    /// Bits that some key has, and that all have.
    bits: (u64, u64),
    /// The lowest bit of the digit that is next.
    shift: u32,
    pass: Pass,
}

/// What goes on with one digit, and with how many entries it was done.
#[derive(Debug)]
enum Pass {
    Next,
    /// It is counted how often each digit is there.
    Counts(usize, Places),
    /// Entries go to where their digit belongs.
    Goes(usize, Places),
}

impl Radix {
    pub(super) fn with_room(entries: usize) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
            spare: Vec::with_capacity(entries),
            bits: (0, u64::MAX),
            shift: 0,
            pass: Pass::Next,
        }
    }

    /// One more, before sorting begins.
    pub(super) fn push(&mut self, entry: Entry) {
        self.bits = (self.bits.0 | entry.0, self.bits.1 & entry.0);
        self.entries.push(entry);
    }

    /// Does a part, with so many entries at most; all of them, sorted, once that is done.
    pub(super) fn step(&mut self, most: usize) -> Option<Vec<Entry>> {
        let len = self.entries.len();
        let upto = |at: usize| at.saturating_add(most).min(len);
        self.pass = match std::mem::replace(&mut self.pass, Pass::Next) {
            Pass::Next => match self.next_digit() {
                None => return Some(std::mem::take(&mut self.entries)),
                Some(shift) => {
                    self.shift = shift;
                    Pass::Counts(0, Box::new([0; 1 << BITS]))
                }
            },
            Pass::Counts(at, mut counts) => {
                let end = upto(at);
                for entry in self.entries.get(at..end).unwrap_or_default() {
                    if let Some(count) = counts.get_mut(place(entry.0, self.shift)) {
                        *count += 1;
                    }
                }
                // Memory that is new takes its time too.
                self.spare.resize(self.spare.len().max(end), (0, RowId(0)));
                if end < len { Pass::Counts(end, counts) } else { Pass::Goes(0, summed(counts)) }
            }
            Pass::Goes(at, mut places) => {
                let end = upto(at);
                for entry in self.entries.get(at..end).unwrap_or_default() {
                    let Some(next) = places.get_mut(place(entry.0, self.shift)) else { continue };
                    if let Some(to) = self.spare.get_mut(*next as usize) {
                        *to = *entry;
                    }
                    *next += 1;
                }
                if end < len {
                    Pass::Goes(end, places)
                } else {
                    std::mem::swap(&mut self.entries, &mut self.spare);
                    self.shift += BITS;
                    Pass::Next
                }
            }
        };
        None
    }

    /// The next digit that is not the same everywhere.
    fn next_digit(&self) -> Option<u32> {
        let (some, all) = self.bits;
        let differ = if self.entries.is_empty() { 0 } else { some ^ all };
        let shifts = (self.shift..u64::BITS).step_by(BITS as usize);
        shifts.into_iter().find(|shift| place(differ, *shift) != 0)
    }
}

/// From how often each is there to where the first of each goes.
fn summed(mut counts: Places) -> Places {
    let mut sum = 0;
    for count in counts.iter_mut() {
        sum += std::mem::replace(count, sum);
    }
    counts
}

fn place(key: u64, shift: u32) -> usize {
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
