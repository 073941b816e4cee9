//! From hit to hit of a search, while it is still going on too. What is pressed before there is a
//! hit to go to is kept: two presses go two hits on.

use super::{
    super::list::Shown,
    Calls, Seek, meet,
    order::{Listed, Sorting},
    panes::Panes,
};
use crate::tui::{
    app::{Data, Effects},
    rows::RowId,
};

/// Presses that wait for hits; those beyond are not taken.
const WAITING: usize = 64;

/// So many hits are looked up one by one in a sorted list; where there are more, the list is gone
/// through until there is one.
const FEW: usize = 1_000;

impl Calls {
    pub(super) fn next_hit(&mut self, way: Seek, data: &mut Data, effects: &mut Effects) {
        if self.search.is_off() {
            data.say("nothing is searched for; / searches");
            return;
        }
        if self.seeking.len() < WAITING {
            self.seeking.push_back(way);
        }
        self.seek(data, effects);
    }

    /// Goes to the hits that are wanted, as far as they are there; says so if there is none.
    pub(super) fn seek(&mut self, data: &mut Data, effects: &mut Effects) {
        while let Some(way) = self.seeking.front().copied() {
            let Some((hit, turned)) = self.hit(way, data) else {
                if self.search.ticket.is_none() {
                    self.seeking.clear();
                    let text = crate::tui::text::visible(&self.search.text).into_owned();
                    data.say(format!("not found: {text}"));
                }
                return;
            };
            self.seeking.pop_front();
            drop(self.go(hit, data));
            // A hit that is not seen is none (tui.md §1, search: unfold to the hit).
            if way == Seek::Here && self.detail.is_none() && !Panes::is_tight(data.area) {
                self.detail = Some(self.new_detail());
            }
            if turned {
                data.say("the last hit was passed; on from the other end");
            }
            self.settle(data, effects);
        }
    }

    /// The hit that comes next, and whether it is on the other side of the list's end: there one goes
    /// only when all was looked at.
    fn hit(&self, way: Seek, data: &Data) -> Option<(RowId, bool)> {
        let shown = self.shown(data);
        let at = self.list.place_in(&shown);
        if let Some(hit) = self.hit_from(way, at, &shown, data) {
            return Some((hit, false));
        }
        if self.search.ticket.is_some() {
            return None;
        }
        let end = if way == Seek::Previous { shown.len().saturating_sub(1) } else { 0 };
        Some((self.hit_from(way, None, &shown, data)?, at.unwrap_or(0) != end))
    }

    /// The same from a place on, or from the end at which one begins.
    fn hit_from(
        &self,
        way: Seek,
        at: Option<usize>,
        shown: &Listed<'_>,
        data: &Data,
    ) -> Option<RowId> {
        let sorting = self.order.sorting();
        if sorting.is_plain() {
            let at = at.and_then(|at| shown.at(at));
            return in_order(&self.search.rows, self.passed(data), way, at, sorting);
        }
        in_places(&self.search.rows, shown, way, at, FEW)
    }
}

/// The next hit in a sorted list.
fn in_places(
    hits: &[RowId],
    shown: &impl Shown<RowId>,
    way: Seek,
    at: Option<usize>,
    few: usize,
) -> Option<RowId> {
    let from = at.map_or(0, |at| at + usize::from(way == Seek::Next));
    let mut places = match way {
        Seek::Previous => 0..at.unwrap_or(shown.len()),
        Seek::Here | Seek::Next => from..shown.len(),
    };
    if hits.len() <= few {
        let found = hits.iter().filter_map(|id| Some((shown.place(*id).ok()?, *id)));
        let found = found.filter(|(place, _)| places.contains(place));
        let hit = if way == Seek::Previous { found.max() } else { found.min() };
        return hit.map(|(_, id)| id);
    }
    let set = Set::of(hits);
    let is_hit = |place: &usize| shown.at(*place).is_some_and(|id| set.has(id));
    let place = match way {
        Seek::Previous => places.rfind(is_hit),
        Seek::Here | Seek::Next => places.find(is_hit),
    };
    shown.at(place?)
}

/// The next hit that passes the filter, where rows stand in the order of their coming or the other way
/// round.
fn in_order(
    hits: &[RowId],
    passed: &[RowId],
    way: Seek,
    at: Option<RowId>,
    sorting: Sorting,
) -> Option<RowId> {
    let down = (way == Seek::Previous) != sorting.descending;
    let here = way == Seek::Here;
    let before = |id: &RowId, at: RowId| *id < at || (*id == at && here == down);
    let (below, above) = match at {
        None => (hits, hits),
        Some(at) => hits.split_at(hits.partition_point(|id| before(id, at))),
    };
    if down { meet::last(below, passed) } else { meet::first(above, passed) }
}

/// Rows, a bit each: asked for each of a million it is not slow.
struct Set(Vec<u64>);

impl Set {
    fn of(ascending: &[RowId]) -> Self {
        let most = ascending.last().map_or(0, |id| id.0 as usize);
        let mut words = vec![0; most / 64 + 1];
        for id in ascending {
            if let Some(word) = words.get_mut(id.0 as usize / 64) {
                *word |= 1 << (id.0 % 64);
            }
        }
        Self(words)
    }

    fn has(&self, id: RowId) -> bool {
        self.0.get(id.0 as usize / 64).is_some_and(|word| word >> (id.0 % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::tui::views::list::Few;

    /// Straight on over all rows that are shown.
    fn by_hand(hits: &[RowId], ids: &[RowId], way: Seek, at: Option<usize>) -> Option<RowId> {
        let is_hit = |(_, id): &(usize, RowId)| hits.contains(id);
        let mut all = ids.iter().copied().enumerate().filter(is_hit);
        let found = match way {
            Seek::Here => all.find(|(place, _)| at.is_none_or(|at| *place >= at)),
            Seek::Next => all.find(|(place, _)| at.is_none_or(|at| *place > at)),
            Seek::Previous => all.rfind(|(place, _)| at.is_none_or(|at| *place < at)),
        };
        found.map(|(_, id)| id)
    }

    proptest! {
        #[test]
        fn the_next_hit_is_found_in_any_order(
            hits in prop::collection::btree_set(0u32..100, 0..40),
            ids in prop::collection::btree_set(0u32..100, 1..60),
            turn in any::<prop::sample::Index>(),
            at in prop::option::of(any::<prop::sample::Index>()),
            way in select(vec![Seek::Here, Seek::Next, Seek::Previous]),
            descending: bool,
        ) {
            let rows = |of: std::collections::BTreeSet<u32>| {
                of.into_iter().map(RowId).collect::<Vec<_>>()
            };
            let (hits, mut ids) = (rows(hits), rows(ids));
            let at = at.map(|at| at.index(ids.len()));
            let sorting = Sorting { descending, ..Sorting::default() };
            let mut listed = ids.clone();
            if descending {
                listed.reverse();
            }
            let from = at.map(|at| listed[at]);
            prop_assert_eq!(
                in_order(&hits, &ids, way, from, sorting),
                by_hand(&hits, &listed, way, at)
            );
            let turn = turn.index(ids.len());
            ids.rotate_left(turn);
            let expected = by_hand(&hits, &ids, way, at);
            prop_assert_eq!(in_places(&hits, &Few(&ids), way, at, usize::MAX), expected);
            prop_assert_eq!(in_places(&hits, &Few(&ids), way, at, 0), expected);
        }
    }
}
