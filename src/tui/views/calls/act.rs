//! What keys, overlays, news and the mouse make of the list of calls.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{
    super::{
        Flow, Told, compared, export,
        list::{Ascending, Shown},
        menu, prompt,
    },
    Calls, MARKS, Seek,
    columns::{self, Cell, HIDEABLE},
    listed,
    order::{self, By, Sorting, seq},
    panes::Panes,
};
use crate::tui::{
    app::{Data, Effects},
    desk::{Ask, Copyable, News},
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

/// Rows a turn of the wheel moves.
const WHEEL: isize = 3;

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
            Action::Export => return export::ask_format(),
            Action::Capabilities => return Flow::Act(Action::View(5)),
            Action::Copy => {
                let items = COPIES.iter().map(|(word, _)| (*word).to_owned()).collect();
                return Flow::Over(menu(Action::Copy, "copy", items, 0));
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

    fn new_detail(&self) -> super::Detail {
        let mut detail = super::Detail::default();
        detail.look_for(&self.search.text);
        detail
    }

    /// Close, clear, back.
    fn leave(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Option<Flow> {
        if let Some(detail) = &mut self.detail {
            if self.panes.in_detail && detail.leave() {
                return Some(Flow::Stay);
            }
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
        if self.search.ticket.is_some() {
            self.search.stop(effects);
            self.seeking = None;
            return Some(Flow::Stay);
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
        if self.panes.in_detail
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
                self.seeking = (!line.is_empty()).then_some(Seek::Here);
                if let Some(detail) = &mut self.detail {
                    detail.look_for(&line);
                }
            }
            Told::Entered(Action::Export, line) => {
                export::write(self.session, &line, data, effects);
            }
            Told::Chosen(Action::Export, place) => return export::ask_path(place, self.session),
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
    fn go(&mut self, id: RowId, data: &mut Data) -> Flow {
        let shown = listed(self.session, &self.filter, &self.order, data);
        match shown.place(id) {
            Ok(place) => {
                self.list.select_in(place, &shown);
                self.list.stop_following(data.rows.of(self.session).len());
            }
            Err(_) => {
                let seq = seq(data, self.session, id).unwrap_or(0);
                data.say(format!("row {seq} is hidden by the filter; Esc clears it"));
            }
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
        let shown = self.shown(data);
        let mut ahead = troubled.iter().skip(from).chain(troubled.iter().take(from)).copied();
        let found = ahead.find(|id| shown.place(*id).is_ok());
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

    fn next_hit(&mut self, way: Seek, data: &mut Data, effects: &mut Effects) {
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

    pub(super) fn take_news(&mut self, news: &News, data: &mut Data, effects: &mut Effects) {
        match news {
            News::Rows(rows)
                if self.filter.looking.is_off() && !self.order.sorting().is_plain() =>
            {
                let first = u32::try_from(data.rows.len()).unwrap_or(u32::MAX);
                for (id, row) in (first..).zip(rows) {
                    if row.session == self.session {
                        self.order.note(RowId(id));
                    }
                }
            }
            News::Row(id, _) => {
                if self.passed(data).binary_search(id).is_ok() {
                    self.order.note(*id);
                }
                // What is still not whole may be asked for once more.
                self.asked.remove(id);
            }
            News::Text(ticket, text) if self.copying == Some(*ticket) => {
                self.copying = None;
                self.copy(text.clone(), data, effects);
            }
            _ => {}
        }
        let now = data.now;
        match self.filter.looking.news(news, now) {
            // In another order they are sorted when all are there.
            Ok(true) if self.filter.looking.ticket.is_none() => self.sort(data, effects),
            Ok(true) => self.settle(data, effects),
            Ok(false) => {}
            Err(why) => data.say(why),
        }
        if let Err(why) = self.search.news(news, now) {
            data.say(why);
        }
    }

    pub(super) fn take_mouse(
        &mut self,
        mouse: MouseEvent,
        area: Rect,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Flow {
        let places = self.panes.places(area, self.detail.is_some());
        let at = Position::new(mouse.column, mouse.row);
        let all = data.rows.of(self.session).len();
        let below = places.bar.is_none() && self.detail.is_some() && !self.panes.zoomed;
        let on_bar = places.bar.is_some_and(|bar| bar.contains(at))
            || (below && mouse.row == places.detail.y && mouse.column < 2);
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) if on_bar => self.panes.dragged = true,
            MouseEventKind::Drag(MouseButton::Left) if self.panes.dragged => {
                self.panes.drag(area, mouse.column, mouse.row);
            }
            MouseEventKind::Up(_) => self.panes.dragged = false,
            _ if places.detail.contains(at) => {
                let Some(detail) = &mut self.detail else { return Flow::Stay };
                if matches!(mouse.kind, MouseEventKind::Down(_)) {
                    self.panes.in_detail = true;
                }
                detail.mouse(mouse, data, effects);
            }
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let by = if mouse.kind == MouseEventKind::ScrollDown { WHEEL } else { -WHEEL };
                let page = self.page(data);
                let shown = listed(self.session, &self.filter, &self.order, data);
                self.list.scroll(by, &shown, page, all);
            }
            MouseEventKind::Down(MouseButton::Left) if places.list.contains(at) => {
                self.panes.in_detail = false;
                let line = mouse.row - places.list.y;
                if line == 0 {
                    self.click_head(mouse.column - places.list.x, places.list.width, data, effects);
                    return Flow::Stay;
                }
                let place = self.list.top + usize::from(line) - 1;
                let shown = listed(self.session, &self.filter, &self.order, data);
                let Some(id) = shown.at(place) else { return Flow::Stay };
                if self.list.selected == Some(id) {
                    // The second click on a row opens it.
                    return self.take(Action::Open, data, effects);
                }
                self.list.select_in(place, &shown);
                self.list.stop_following(all);
            }
            _ => {}
        }
        Flow::Stay
    }

    fn click_head(&mut self, x: u16, width: u16, data: &mut Data, effects: &mut Effects) {
        let all = data.rows.of(self.session).len();
        let placed = columns::columns(width, all, &self.hidden, self.time);
        let column = placed.iter().rev().find(|column| column.x <= x);
        let by = match column.map(|column| column.what) {
            Some(Cell::Seq | Cell::Time) => By::Seq,
            Some(Cell::What) => By::What,
            Some(Cell::Id) => By::Id,
            Some(Cell::Status) => By::Status,
            Some(Cell::Latency) => By::Latency,
            Some(Cell::Frames) => By::Frames,
            Some(Cell::Size) => By::Size,
            _ => return,
        };
        self.sort_by(by, data, effects);
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
