//! What keys and overlays make of the list of calls.

use super::{
    super::{Flow, Told, compared, list::Shown, menu, prompt},
    Calls, MARKS, Seek,
    columns::{Cell, HIDEABLE},
    listed, meet,
    order::{self, By, Sorting, seq},
    panes::Panes,
};
use crate::tui::{
    app::{Data, Effects},
    desk::{Ask, Copyable},
    keys::Action,
    rows::RowId,
};

/// What can be copied of a row, as the menu says it.
const COPIES: [(&str, Copyable); 4] = [
    ("body of the answer", Copyable::Body),
    ("request as curl", Copyable::Curl),
    ("request as JSON-RPC", Copyable::JsonRpc),
    ("id", Copyable::Id),
];

/// Rows that are looked through for one that was carried by the stream of another.
const CHILDREN: usize = 100_000;

impl Calls {
    pub(super) fn take(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        if let Some(flow) = self.take_panes(action, data, effects) {
            return flow;
        }
        if self.panes.in_detail
            && let Some(detail) = &mut self.detail
        {
            match detail.act(action, data, effects) {
                Flow::Pass => {}
                flow => return flow,
            }
        }
        let page = self.page(data);
        let all = data.rows.of(self.session).len();
        let live = data.status.live;
        let shown = listed(self.session, &self.filter, &self.order, data);
        if !self.panes.in_detail && self.list.act_in(action, &shown, page, live, all) {
            return Flow::Stay;
        }
        match action {
            Action::Filter => return Flow::Over(prompt(Action::Filter, &self.filter.open())),
            Action::Search => return Flow::Over(prompt(Action::Search, "")),
            Action::NextHit => self.next_hit(Seek::Next, data, effects),
            Action::PreviousHit => self.next_hit(Seek::Previous, data, effects),
            Action::Follow if self.list.follow => self.list.stop_following(all),
            Action::Follow => self.list.follow = true,
            Action::Sort => {
                let now = self.order.sorting();
                let at = order::ALL.iter().position(|(by, _)| *by == now.by).unwrap_or(0);
                let items = order::ALL.iter().map(|(_, word)| format!("sort by {word}")).collect();
                return Flow::Over(menu(Action::Sort, "sort", items, at));
            }
            Action::Columns => return self.columns_menu(0),
            Action::Time => {
                self.time = self.time.next();
                data.say(format!("times: {}", self.time.word()));
            }
            Action::Mark => self.mark(data),
            Action::NextMark => self.next_mark(data),
            Action::NextProblem => self.next_problem(data),
            Action::Jump => self.jump(data),
            Action::Diff => return self.diff(data, effects),
            Action::Capabilities => return Flow::Act(Action::View(5)),
            Action::Copy => {
                let items = COPIES.iter().map(|(word, _)| (*word).to_owned()).collect();
                return Flow::Over(menu(Action::Copy, "copy", items, 0));
            }
            Action::Trace if self.detail.is_some() => {
                return self.detail.as_ref().map_or(Flow::Pass, |detail| detail.trace(data));
            }
            Action::Interrupt if self.search.ticket.is_some() => self.search.stop(effects),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    /// What concerns list and detail together.
    fn take_panes(
        &mut self,
        action: Action,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Option<Flow> {
        let open = self.detail.is_some();
        let flow = self.take_panes_alone(action, open, data, effects);
        if self.panes.in_detail {
            // What comes must not shift what is read.
            self.list.stop_following(data.rows.of(self.session).len());
        }
        flow
    }

    fn take_panes_alone(
        &mut self,
        action: Action,
        open: bool,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Option<Flow> {
        match action {
            Action::Open if !open => {
                self.detail = Some(self.new_detail());
                self.panes.in_detail = Panes::is_tight(data.area);
            }
            Action::Open if !self.panes.in_detail => {
                self.panes.in_detail = true;
                self.panes.zoomed = true;
            }
            Action::NextPane | Action::PreviousPane if open => {
                self.panes.in_detail = !self.panes.in_detail;
                self.panes.zoomed = false;
            }
            Action::Zoom if open => {
                self.panes.zoomed = !self.panes.zoomed;
                self.panes.in_detail = self.panes.zoomed;
            }
            Action::Split if open => self.panes.flipped = !self.panes.flipped,
            Action::NextRow | Action::PreviousRow => {
                let step = if action == Action::NextRow { Action::Down } else { Action::Up };
                let all = data.rows.of(self.session).len();
                let shown = listed(self.session, &self.filter, &self.order, data);
                self.list.act_in(step, &shown, 1, false, all);
            }
            Action::NextTab | Action::PreviousTab | Action::Form | Action::Wrap => {
                if let Some(detail) = &mut self.detail {
                    return Some(detail.act(action, data, effects));
                }
                self.detail = Some(self.new_detail());
            }
            Action::Escape | Action::Quit => return self.leave(action, data, effects),
            _ => return None,
        }
        Some(Flow::Stay)
    }

    pub(super) fn new_detail(&self) -> super::Detail {
        let mut detail = super::Detail::default();
        detail.look_for(&self.search.text);
        detail
    }

    /// Close, clear, back.
    fn leave(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Option<Flow> {
        if self.panes.in_detail && self.detail.as_mut().is_some_and(super::Detail::leave) {
            return Some(Flow::Stay);
        }
        // What the line of counters promises comes before what is merely open.
        if action == Action::Escape && self.search.ticket.is_some() {
            self.search.stop(effects);
            self.seeking.clear();
            return Some(Flow::Stay);
        }
        if let Some(detail) = &mut self.detail {
            if self.panes.zoomed && !Panes::is_tight(data.area) {
                self.panes.zoomed = false;
                self.panes.in_detail = false;
            } else if self.panes.in_detail && !Panes::is_tight(data.area) {
                self.panes.in_detail = false;
            } else {
                detail.close(effects);
                self.detail = None;
                self.panes.zoomed = false;
                self.panes.in_detail = false;
            }
            return Some(Flow::Stay);
        }
        if action == Action::Quit {
            return None;
        }
        if !self.search.is_off() {
            self.search = super::Looking::default();
            return Some(Flow::Stay);
        }
        if self.filter.clear(effects) {
            self.sort(data, effects);
            return Some(Flow::Stay);
        }
        None
    }

    pub(super) fn take_told(&mut self, told: Told, data: &mut Data, effects: &mut Effects) -> Flow {
        let session = Some(self.session);
        let is_its = self.panes.in_detail || matches!(told, Told::Chosen(Action::Trace, _));
        if is_its
            && let Some(detail) = &mut self.detail
            && let Some(flow) = detail.told(&told, data, effects)
        {
            return flow;
        }
        match told {
            Told::Editing(Action::Filter, line) => {
                self.filter.edit(&line, session, data, effects);
                self.sort(data, effects);
            }
            Told::Entered(Action::Filter, line) => {
                self.filter.enter(&line, session, data, effects);
                self.sort(data, effects);
            }
            Told::Left(Action::Filter) => {
                self.filter.leave(session, data, effects);
                self.sort(data, effects);
            }
            Told::Entered(Action::Search, line) => {
                self.search.ask(&line, session, false, data, effects);
                self.seeking = (!line.is_empty()).then_some(Seek::Here).into_iter().collect();
                if let Some(detail) = &mut self.detail {
                    detail.look_for(&line);
                }
            }
            Told::Goto(seq) => self.go_to(seq, data),
            Told::Move(by) => self.move_by(by, data),
            Told::Chosen(Action::Sort, place) => {
                if let Some((by, _)) = order::ALL.get(place) {
                    self.sort_by(*by, data, effects);
                }
            }
            Told::Chosen(Action::Columns, place) => {
                let Some((cell, _)) = HIDEABLE.get(place) else { return Flow::Stay };
                match self.hidden.iter().position(|hidden| hidden == cell) {
                    Some(at) => drop(self.hidden.remove(at)),
                    None => self.hidden.push(*cell),
                }
                return self.columns_menu(place);
            }
            Told::Chosen(Action::Copy, place) => {
                if let (Some((_, what)), Some(row)) = (COPIES.get(place), self.list.selected) {
                    let ticket = effects.ticket();
                    self.copying = Some(ticket);
                    effects.ask(Ask::Text { ticket, row, what: *what });
                }
            }
            _ => {}
        }
        Flow::Stay
    }

    /// The same again turns it around.
    pub(super) fn sort_by(&mut self, by: By, data: &mut Data, effects: &mut Effects) {
        let now = self.order.sorting();
        // The slowest, the largest first; what is read from above begins above.
        let first = matches!(by, By::Latency | By::Frames | By::Size);
        let descending = if now.by == by { !now.descending } else { first };
        let source = self.passed(data).to_vec();
        self.order.begin(Sorting { by, descending }, source);
        self.order.finish_if_short(data);
        self.list.follow = false;
        self.settle(data, effects);
    }

    fn columns_menu(&self, at: usize) -> Flow {
        let item = |(cell, word): &(Cell, &str)| {
            let mark = if self.hidden.contains(cell) { "[ ]" } else { "[x]" };
            format!("{mark} {word}")
        };
        Flow::Over(menu(Action::Columns, "columns", HIDEABLE.iter().map(item).collect(), at))
    }

    /// `:12` is a row's number; beyond the last it is the last.
    fn go_to(&mut self, seq: u64, data: &mut Data) {
        let ids = data.rows.of(self.session);
        let seq = usize::try_from(seq).unwrap_or(usize::MAX).min(ids.len());
        match seq.checked_sub(1).and_then(|at| ids.get(at)).copied() {
            Some(id) => drop(self.go(id, data)),
            None => data.say("rows begin at 1"),
        }
    }

    /// `:+500`
    fn move_by(&mut self, by: i64, data: &mut Data) {
        let all = data.rows.of(self.session).len();
        let shown = listed(self.session, &self.filter, &self.order, data);
        let at = self.list.place_in(&shown).unwrap_or(0);
        let to = at.saturating_add_signed(isize::try_from(by).unwrap_or(0));
        self.list.select_in(to.min(shown.len().saturating_sub(1)), &shown);
        if by < 0 {
            self.list.stop_following(all);
        }
    }

    /// Selects a row, or says why that cannot be.
    pub(super) fn go(&mut self, id: RowId, data: &mut Data) -> Flow {
        let shown = listed(self.session, &self.filter, &self.order, data);
        if let Ok(place) = shown.place(id) {
            self.list.select_in(place, &shown);
            self.list.stop_following(data.rows.of(self.session).len());
        } else {
            let seq = seq(data, self.session, id).unwrap_or(0);
            data.say(format!("row {seq} is hidden by the filter; Esc clears it"));
        }
        Flow::Stay
    }

    fn mark(&mut self, data: &mut Data) {
        let Some(id) = self.list.selected else { return };
        match self.marks.binary_search(&id) {
            Ok(place) => drop(self.marks.remove(place)),
            Err(_) if self.marks.len() >= MARKS => data.say(format!("{MARKS} marks are the most")),
            Err(place) => self.marks.insert(place, id),
        }
    }

    fn next_mark(&mut self, data: &mut Data) {
        let at = self.list.selected;
        let next = self.marks.iter().find(|mark| at.is_none_or(|at| **mark > at));
        match next.or(self.marks.first()).copied() {
            Some(mark) => drop(self.go(mark, data)),
            None => data.say("no marks; m marks a row"),
        }
    }

    fn next_problem(&mut self, data: &mut Data) {
        let troubled = data.rows.troubled(self.session);
        let at = self.list.selected;
        let from = troubled.partition_point(|id| at.is_some_and(|at| *id <= at));
        let (before, ahead) = troubled.split_at(from);
        let passed = self.passed(data);
        let found = meet::first(ahead, passed).or_else(|| meet::first(before, passed));
        let Some(id) = found else {
            data.say("no problem and no failure here");
            return;
        };
        if at.is_some_and(|at| id <= at) {
            data.say("the last problem was passed; this is the first");
        }
        let said = data.say.take();
        drop(self.go(id, data));
        data.say = data.say.take().or(said);
    }

    /// To the call whose stream carried this one, or from there to what it carried.
    fn jump(&mut self, data: &mut Data) {
        let Some(id) = self.list.selected else { return };
        let Some(row) = data.row(id) else { return };
        if let Some(parent) = row.parent {
            drop(self.go(parent, data));
            return;
        }
        let ids = data.rows.of(self.session);
        let from = ids.partition_point(|of| *of <= id);
        let near = ids.iter().skip(from).take(CHILDREN);
        let child =
            near.copied().find(|of| data.row(*of).is_some_and(|row| row.parent == Some(id)));
        match child {
            Some(child) => drop(self.go(child, data)),
            None => data.say("this row has no parent, and carried nothing of the server's"),
        }
    }

    /// With the mark before it, or else the one behind it.
    fn diff(&mut self, data: &mut Data, effects: &mut Effects) -> Flow {
        let Some(selected) = self.list.selected else { return Flow::Stay };
        let before = self.marks.iter().rev().find(|mark| **mark < selected);
        let Some(mark) = before.or_else(|| self.marks.iter().find(|mark| **mark > selected)) else {
            data.say("m marks a row; d then holds another one against it");
            return Flow::Stay;
        };
        Flow::Open(compared(self.session, *mark, selected, effects))
    }
}
