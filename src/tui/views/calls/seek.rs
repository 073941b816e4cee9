//! From hit to hit of a search, while it is still going on too.

use super::{
    super::list::{Ascending, Shown},
    Calls, Seek,
    order::Sorting,
    panes::Panes,
};
use crate::tui::{
    app::{Data, Effects},
    rows::RowId,
};

impl Calls {
    pub(super) fn next_hit(&mut self, way: Seek, data: &mut Data, effects: &mut Effects) {
        if self.search.is_off() {
            data.say("nothing is searched for; / searches");
            return;
        }
        self.seeking = Some(way);
        self.seek(data, effects);
    }

    /// Goes to the hit that is wanted, if it is there; says so if there is none.
    pub(super) fn seek(&mut self, data: &mut Data, effects: &mut Effects) {
        let Some(way) = self.seeking else { return };
        let shown = self.shown(data);
        let at = self.list.place_in(&shown).unwrap_or(0);
        let plain = self.order.sorting() == Sorting::default();
        let found = if plain {
            nearest(&self.search.rows, self.list.selected, way, &shown)
        } else {
            // In another order the places of all hits are compared.
            let places =
                self.search.rows.iter().filter_map(|id| Some((shown.place(*id).ok()?, *id)));
            match way {
                Seek::Here => places.filter(|(place, _)| *place >= at).min(),
                Seek::Next => places.filter(|(place, _)| *place > at).min(),
                Seek::Previous => places.filter(|(place, _)| *place < at).max(),
            }
            .map(|(_, id)| id)
        };
        let over = self.search.ticket.is_none();
        // From above on, when there is none below and all was looked at.
        let (found, turned) = match found {
            None if over => {
                let ends = [0, shown.len().saturating_sub(1)];
                let end = if way == Seek::Previous { ends[1] } else { ends[0] };
                let hits = Ascending(&self.search.rows);
                let mut all: Box<dyn Iterator<Item = usize>> = match way {
                    Seek::Previous => Box::new((0..hits.len()).rev()),
                    _ => Box::new(0..hits.len()),
                };
                let hit = all.find_map(|n| {
                    let id = hits.at(n)?;
                    shown.place(id).is_ok().then_some(id)
                });
                (hit, end != at)
            }
            found => (found, false),
        };
        match found {
            Some(id) => {
                self.seeking = None;
                drop(self.go(id, data));
                // A hit that is not seen is none (tui.md §1, search: unfold to the hit).
                if way == Seek::Here && self.detail.is_none() && !Panes::is_tight(data.area) {
                    self.detail = Some(self.new_detail());
                }
                if turned {
                    data.say("the last hit was passed; on from the other end");
                }
                self.settle(data, effects);
            }
            None if over => {
                self.seeking = None;
                let text = crate::tui::text::visible(&self.search.text).into_owned();
                data.say(format!("not found: {text}"));
            }
            None => {}
        }
    }
}

/// The hit next to the selected row, in the order of coming, that is shown.
fn nearest(
    hits: &[RowId],
    selected: Option<RowId>,
    way: Seek,
    shown: &impl Shown<RowId>,
) -> Option<RowId> {
    let Some(at) = selected else { return hits.first().copied() };
    let is_shown = |id: &&RowId| shown.place(**id).is_ok();
    match way {
        Seek::Here => hits.iter().skip(hits.partition_point(|id| *id < at)).find(is_shown),
        Seek::Next => hits.iter().skip(hits.partition_point(|id| *id <= at)).find(is_shown),
        Seek::Previous => hits
            .get(..hits.partition_point(|id| *id < at))
            .unwrap_or_default()
            .iter()
            .rev()
            .find(is_shown),
    }
    .copied()
}
