//! Where two ascending lists of rows meet: hits that pass the filter, failures that do. Each list is
//! leapt through in steps that double, so that a key waits for no more than one pass over both, and
//! nearly always for a few steps.

use crate::tui::rows::RowId;

/// The first row that both lists have.
pub(super) fn first(mut one: &[RowId], mut other: &[RowId]) -> Option<RowId> {
    loop {
        let (a, b) = (*one.first()?, *other.first()?);
        if a == b {
            return Some(a);
        }
        if a < b {
            one = from(one, b);
        } else {
            other = from(other, a);
        }
    }
}

/// The last one.
pub(super) fn last(mut one: &[RowId], mut other: &[RowId]) -> Option<RowId> {
    loop {
        let (a, b) = (*one.last()?, *other.last()?);
        if a == b {
            return Some(a);
        }
        if a > b {
            one = upto(one, b);
        } else {
            other = upto(other, a);
        }
    }
}

/// What is left of a list from a row on.
fn from(list: &[RowId], row: RowId) -> &[RowId] {
    let mut end = 1;
    while list.get(end).is_some_and(|own| *own < row) {
        end *= 2;
    }
    let near = list.get(..list.len().min(end + 1)).unwrap_or(list);
    list.get(near.partition_point(|own| *own < row)..).unwrap_or_default()
}

/// What there is of a list up to a row.
fn upto(list: &[RowId], row: RowId) -> &[RowId] {
    let mut back = 1;
    while list.len().checked_sub(back + 1).and_then(|at| list.get(at)).is_some_and(|own| *own > row)
    {
        back *= 2;
    }
    let start = list.len().saturating_sub(back + 1);
    let near = list.get(start..).unwrap_or_default();
    list.get(..start + near.partition_point(|own| *own <= row)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn rows(of: &BTreeSet<u32>) -> Vec<RowId> {
        of.iter().copied().map(RowId).collect()
    }

    proptest! {
        #[test]
        fn lists_meet_where_sets_do(
            a in prop::collection::btree_set(0u32..400, 0..120),
            b in prop::collection::btree_set(0u32..400, 0..120),
        ) {
            let both = rows(&a.intersection(&b).copied().collect());
            prop_assert_eq!(first(&rows(&a), &rows(&b)), both.first().copied());
            prop_assert_eq!(last(&rows(&a), &rows(&b)), both.last().copied());
        }
    }

    #[test]
    fn lists_that_never_meet_are_gone_through_once() {
        let even: Vec<_> = (0..1_000_000).step_by(2).map(RowId).collect();
        let odd: Vec<_> = (1..1_000_000).step_by(2).map(RowId).collect();
        assert_eq!((first(&even, &odd), last(&even, &odd)), (None, None));
    }
}
