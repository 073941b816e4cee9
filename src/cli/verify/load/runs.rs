//! Which of the calls that stand alone the fold of sessions has to know: of a run of them that are
//! alike the ends, and the one that went on longest. The others are where these are.

use std::collections::{BTreeSet, HashMap};

use super::survey::Row;
use crate::capture::ExchangeId;

/// A run is no longer than this, in nanoseconds: half of the idleness that parts groups
/// (protocol.md §1.1), so that what is left out never joins what its ends do not.
const LONGEST: u64 = 15 * 60 * 1_000_000_000;

/// Calls that are alike, with nothing else in between.
struct Run {
    first: usize,
    last: usize,
    longest: usize,
}

/// The runs of a recording.
pub(super) struct Runs {
    list: Vec<Run>,
    /// Of each row.
    of: Vec<u32>,
}

impl Runs {
    /// Finds them. Rows are ascending by exchange; whatever else there is ends all runs.
    pub(super) fn of(rows: &[Row], others: &BTreeSet<ExchangeId>) -> Self {
        let mut runs = Self { list: Vec::new(), of: Vec::with_capacity(rows.len()) };
        let mut open: HashMap<u64, usize> = HashMap::new();
        let mut others = others.iter().peekable();
        for (place, row) in rows.iter().enumerate() {
            while others.next_if(|other| **other < row.id).is_some() {
                open.clear();
            }
            let run = open.get(&row.likeness).copied().filter(|run| {
                let first = runs.list.get(*run).and_then(|run| rows.get(run.first));
                first.is_some_and(|first| {
                    row.started_at.0.saturating_sub(first.started_at.0) <= LONGEST
                })
            });
            let run = run.unwrap_or_else(|| {
                runs.list.push(Run { first: place, last: place, longest: place });
                open.insert(row.likeness, runs.list.len() - 1);
                runs.list.len() - 1
            });
            if let Some(run) = runs.list.get_mut(run) {
                run.last = place;
                if rows.get(run.longest).is_some_and(|longest| longest.last_at < row.last_at) {
                    run.longest = place;
                }
            }
            // There are no more runs than rows, and of these no more than a file has lines.
            runs.of.push(u32::try_from(run).unwrap_or(u32::MAX));
        }
        runs
    }

    /// The rows that the fold has to know, ascending.
    pub(super) fn kept(&self) -> BTreeSet<usize> {
        self.list.iter().flat_map(|run| [run.first, run.last, run.longest]).collect()
    }

    /// The row where the session of this one is known.
    pub(super) fn first_of(&self, row: usize) -> Option<usize> {
        Some(self.list.get(*self.of.get(row)? as usize)?.first)
    }
}
