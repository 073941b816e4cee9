//! A list with a window on it: only rows in the viewport are drawn, so a million of them cost no
//! more than forty. The selection is a row's name, never its place: inserts, sort and filter cannot
//! move it (tui.md §1).

use crate::tui::keys::Action;

/// Rows in the order in which they are shown. A place is found without looking through all.
pub(crate) trait Shown<Id> {
    /// How many.
    fn len(&self) -> usize;
    /// The row at a place.
    fn at(&self, place: usize) -> Option<Id>;
    /// The place of a row, or the one where it would stand.
    fn place(&self, id: Id) -> Result<usize, usize>;
}

/// Rows in the order of their names.
#[cfg(test)]
pub(crate) struct Ascending<'a, Id>(pub(crate) &'a [Id]);

#[cfg(test)]
impl<Id: Copy + Ord> Shown<Id> for Ascending<'_, Id> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn at(&self, place: usize) -> Option<Id> {
        self.0.get(place).copied()
    }

    fn place(&self, id: Id) -> Result<usize, usize> {
        self.0.binary_search(&id)
    }
}

/// Few rows in any order: sessions, frames.
pub(crate) struct Few<'a, Id>(pub(crate) &'a [Id]);

impl<Id: Copy + PartialEq> Shown<Id> for Few<'_, Id> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn at(&self, place: usize) -> Option<Id> {
        self.0.get(place).copied()
    }

    fn place(&self, id: Id) -> Result<usize, usize> {
        self.0.iter().position(|of| *of == id).ok_or(0)
    }
}

/// Where a list stands.
#[derive(Clone, Debug)]
pub(crate) struct List<Id> {
    /// The row that is marked as selected; always one that is shown.
    pub(crate) selected: Option<Id>,
    /// The row that was selected by hand. While a filter hides it a row near it is selected, and
    /// itself again when it comes back.
    wanted: Option<Id>,
    /// The place of the first visible row.
    pub(crate) top: usize,
    /// The last row is selected as it comes.
    pub(crate) follow: bool,
    /// What was selected when all was in its place: what is selected else since was selected by
    /// somebody.
    settled: Option<Id>,
    /// Rows when following stopped.
    seen: usize,
}

impl<Id> Default for List<Id> {
    fn default() -> Self {
        Self { selected: None, wanted: None, top: 0, follow: false, settled: None, seen: 0 }
    }
}

impl<Id: Copy + PartialEq> List<Id> {
    /// A list that follows what comes.
    pub(crate) fn following() -> Self {
        Self { follow: true, ..Self::default() }
    }

    /// Rows that came since following stopped; none where it never followed.
    pub(crate) fn new_rows(&self, len: usize) -> usize {
        if self.follow || self.seen == 0 { 0 } else { len.saturating_sub(self.seen) }
    }

    /// Moves the selection; false for an action that moves nothing. `all` is how many rows there
    /// are, those included that a filter hides.
    pub(crate) fn act_in(
        &mut self,
        action: Action,
        shown: &impl Shown<Id>,
        page: usize,
        follows: bool,
        all: usize,
    ) -> bool {
        let page = page.max(1);
        let last = shown.len().saturating_sub(1);
        let at = self.place_in(shown).unwrap_or(0);
        let to = match action {
            Action::Down => at.saturating_add(1),
            Action::Up => at.saturating_sub(1),
            Action::HalfDown => at.saturating_add((page / 2).max(1)),
            Action::HalfUp => at.saturating_sub((page / 2).max(1)),
            Action::PageDown => at.saturating_add(page),
            Action::PageUp => at.saturating_sub(page),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        // Any upward move stops following; only `G` and `F` take it up again.
        if to < at || (at == 0 && matches!(action, Action::Up | Action::First)) {
            self.stop_following(all);
        }
        if action == Action::Last && follows {
            self.follow = true;
        }
        self.select_in(to.min(last), shown);
        true
    }

    /// Selects the row at a place.
    pub(crate) fn select_in(&mut self, place: usize, shown: &impl Shown<Id>) {
        self.selected = shown.at(place);
        self.wanted = self.selected;
    }

    /// Following stops here.
    pub(crate) fn stop_following(&mut self, all: usize) {
        if self.follow {
            self.follow = false;
            self.seen = all;
        }
    }

    /// The place of the selected row.
    pub(crate) fn place_in(&self, shown: &impl Shown<Id>) -> Option<usize> {
        let selected = self.selected?;
        // Where the window is it nearly always is; else its place is looked up.
        shown.place(selected).ok()
    }

    /// After rows came or the height changed: the selection follows, and stands in the window.
    pub(crate) fn settle_in(&mut self, shown: &impl Shown<Id>, height: usize) {
        let len = shown.len();
        if self.selected != self.settled {
            self.wanted = self.selected;
        }
        if self.follow {
            self.select_in(len.saturating_sub(1), shown);
        } else {
            let near = match self.wanted.map(|wanted| shown.place(wanted)) {
                Some(Ok(place)) => place,
                Some(Err(place)) => place.min(len.saturating_sub(1)),
                None => 0,
            };
            self.selected = shown.at(near);
        }
        self.settled = self.selected;
        let height = height.max(1);
        let place = self.place_in(shown).unwrap_or(0);
        if place < self.top {
            self.top = place;
        } else if place >= self.top.saturating_add(height) {
            self.top = (place + 1).saturating_sub(height);
        }
        self.top = self.top.min(len.saturating_sub(height.min(len)));
    }

    /// [`List::act_in`] a list of few rows.
    pub(crate) fn act(&mut self, action: Action, ids: &[Id], page: usize, follows: bool) -> bool {
        self.act_in(action, &Few(ids), page, follows, ids.len())
    }

    /// [`List::select_in`] a list of few rows.
    pub(crate) fn select(&mut self, place: usize, ids: &[Id]) {
        self.select_in(place, &Few(ids));
    }

    /// [`List::place_in`] a list of few rows.
    pub(crate) fn place(&self, ids: &[Id]) -> Option<usize> {
        self.place_in(&Few(ids))
    }

    /// [`List::settle_in`] a list of few rows.
    pub(crate) fn settle(&mut self, ids: &[Id], height: usize) {
        self.settle_in(&Few(ids), height);
    }

    /// Moves the window, and the selection with it as far as it must.
    pub(crate) fn scroll(&mut self, by: isize, shown: &impl Shown<Id>, height: usize, all: usize) {
        let height = height.max(1);
        let most = shown.len().saturating_sub(height);
        self.top = self.top.saturating_add_signed(by).min(most);
        let at = self.place_in(shown).unwrap_or(self.top);
        let to = at.clamp(self.top, self.top + height - 1);
        if by < 0 {
            self.stop_following(all);
        }
        self.select_in(to.min(shown.len().saturating_sub(1)), shown);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hidden_selection_comes_back() {
        let mut list = List::default();
        let all: Vec<u32> = (0..100).collect();
        list.settle_in(&Ascending(&all), 10);
        list.select_in(50, &Ascending(&all));
        list.settle_in(&Ascending(&[3, 60, 70]), 10);
        assert_eq!(list.selected, Some(60));
        list.settle_in(&Ascending(&all), 10);
        assert_eq!(list.selected, Some(50));
    }

    #[test]
    fn an_upward_move_stops_following_and_the_last_takes_it_up() {
        let mut list = List::following();
        let mut all: Vec<u32> = (0..100).collect();
        list.settle_in(&Ascending(&all), 10);
        assert_eq!(list.selected, Some(99));
        list.act_in(Action::Up, &Ascending(&all), 10, true, 100);
        all.extend(100..137);
        list.settle_in(&Ascending(&all), 10);
        assert_eq!((list.selected, list.new_rows(all.len())), (Some(98), 37));
        list.act_in(Action::Last, &Ascending(&all), 10, true, 137);
        all.push(137);
        list.settle_in(&Ascending(&all), 10);
        assert_eq!((list.selected, list.new_rows(all.len())), (Some(137), 0));
    }

    proptest! {
        #[test]
        fn inserts_never_move_the_selection(
            ids in proptest::collection::btree_set(0u32..1_000, 1..50),
            more in proptest::collection::btree_set(0u32..1_000, 0..50),
            place in 0usize..50,
            height in 1usize..30,
        ) {
            let before: Vec<u32> = ids.iter().copied().collect();
            let mut list = List::default();
            list.select_in(place % before.len(), &Ascending(&before));
            list.settle_in(&Ascending(&before), height);
            let selected = list.selected;
            let after: Vec<u32> = ids.union(&more).copied().collect();
            list.settle_in(&Ascending(&after), height);
            prop_assert_eq!(list.selected, selected);
            let place = list.place_in(&Ascending(&after)).unwrap_or(usize::MAX);
            prop_assert!(place >= list.top && place < list.top + height);
        }
    }
}
