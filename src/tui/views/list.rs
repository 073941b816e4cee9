//! A list with a window on it: only rows in the viewport are drawn, so a million of them cost no
//! more than forty. The selection is a row's name, never its place: inserts, sort and filter cannot
//! move it (tui.md §1).

use crate::tui::keys::Action;

/// Where a list stands.
#[derive(Clone, Debug)]
pub(crate) struct List<Id> {
    pub(crate) selected: Option<Id>,
    /// The place of the first visible row.
    pub(crate) top: usize,
    /// The last row is selected as it comes.
    pub(crate) follow: bool,
    /// Rows when following stopped.
    seen: usize,
}

impl<Id> Default for List<Id> {
    fn default() -> Self {
        Self { selected: None, top: 0, follow: false, seen: 0 }
    }
}

impl<Id: Copy + PartialEq> List<Id> {
    /// A list that follows what comes.
    pub(crate) fn following() -> Self {
        Self { follow: true, ..Self::default() }
    }

    /// Rows that came since following stopped.
    pub(crate) fn new_rows(&self, len: usize) -> usize {
        if self.follow { 0 } else { len.saturating_sub(self.seen) }
    }

    /// Moves the selection; false for an action that moves nothing. `place` finds a row's place
    /// among `ids`.
    pub(crate) fn act(&mut self, action: Action, ids: &[Id], page: usize, follows: bool) -> bool {
        let page = page.max(1);
        let last = ids.len().saturating_sub(1);
        let at = self.place(ids).unwrap_or(0);
        let to = match action {
            Action::Down => at.saturating_add(1),
            Action::Up => at.saturating_sub(1),
            Action::HalfDown => at.saturating_add(page / 2),
            Action::HalfUp => at.saturating_sub(page / 2),
            Action::PageDown => at.saturating_add(page),
            Action::PageUp => at.saturating_sub(page),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        // Any upward move stops following; only `G` and `F` take it up again.
        if to < at {
            self.stop_following(ids.len());
        }
        if action == Action::Last && follows {
            self.follow = true;
        }
        self.select(to.min(last), ids);
        true
    }

    /// Selects the row at a place.
    pub(crate) fn select(&mut self, place: usize, ids: &[Id]) {
        self.selected = ids.get(place).copied();
    }

    /// Following stops here.
    pub(crate) fn stop_following(&mut self, len: usize) {
        if self.follow {
            self.follow = false;
            self.seen = len;
        }
    }

    /// The place of the selected row.
    pub(crate) fn place(&self, ids: &[Id]) -> Option<usize> {
        let selected = self.selected?;
        // Near the window first: that is where it nearly always is.
        let near = self.top.saturating_sub(NEAR)..(self.top + NEAR).min(ids.len());
        let found = ids.get(near.clone())?.iter().position(|id| *id == selected);
        found.map(|place| place + near.start).or_else(|| ids.iter().position(|id| *id == selected))
    }

    /// After rows came or the height changed: the selection follows, and stands in the window.
    pub(crate) fn settle(&mut self, ids: &[Id], height: usize) {
        if self.follow || self.selected.is_none() {
            let place = if self.follow { ids.len().saturating_sub(1) } else { 0 };
            self.select(place, ids);
        }
        let Some(place) = self.place(ids) else {
            self.top = self.top.min(ids.len().saturating_sub(height));
            return;
        };
        if place < self.top {
            self.top = place;
        } else if place >= self.top + height {
            self.top = (place + 1).saturating_sub(height);
        }
        self.top = self.top.min(ids.len().saturating_sub(height.min(ids.len())));
    }
}

/// How far from the window the selected row is looked for before all are looked through.
const NEAR: usize = 256;
