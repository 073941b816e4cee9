//! The calls of a session: request and answer on one row, and one of them in detail beside or below
//! (tui.md §2.2). Per key only the rows in the window are touched; all else is asked of the desk, or
//! done in parts between keys.

mod act;
mod columns;
mod meet;
mod mouse;
mod news;
mod order;
mod panes;
mod radix;
mod seek;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};

use crossterm::event::MouseEvent;
use ratatui::layout::Rect;

use self::{
    columns::{Around, Cell, TimeForm},
    order::{Listed, Order, seq},
    panes::Panes,
};
use super::{
    Flow, Told, View,
    columns::draw_heads,
    crumb,
    detail::Detail,
    finding::{Filter, Looking},
    list::{List, Shown},
};
use crate::tui::{
    app::{Data, Effects},
    desk::{Ask, News, Ticket},
    draw::{Canvas, row},
    keys::Action,
    rows::{RowId, SessionId},
    text,
    theme::Theme,
};

/// Marks that are kept; one more takes the place of none.
const MARKS: usize = 1_000;

/// Rows that were asked for to be made whole, so that they are asked for once. When there are more,
/// it is forgotten which.
const ASKED: usize = 10_000;

/// The list of calls.
pub(crate) struct Calls {
    session: SessionId,
    list: List<RowId>,
    filter: Filter,
    search: Looking,
    /// A hit is to be gone to as soon as there is one: forward or back.
    /// Hits that are wanted, the next one first.
    seeking: VecDeque<Seek>,
    order: Order,
    hidden: Vec<Cell>,
    time: TimeForm,
    marks: Vec<RowId>,
    detail: Option<Detail>,
    panes: Panes,
    asked: HashSet<RowId>,
    /// A text to be copied is on its way.
    copying: Option<Ticket>,
}

/// Which way hits are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seek {
    /// The selected row itself, or the next.
    Here,
    Next,
    Previous,
}

impl Calls {
    pub(crate) fn of(session: SessionId, data: &Data) -> Self {
        let list = if data.status.live { List::following() } else { List::default() };
        Self {
            session,
            list,
            filter: Filter::default(),
            search: Looking::default(),
            seeking: VecDeque::new(),
            order: Order::default(),
            hidden: Vec::new(),
            time: TimeForm::default(),
            marks: Vec::new(),
            detail: None,
            panes: Panes::default(),
            asked: HashSet::new(),
            copying: None,
        }
    }

    /// With one of them selected, in detail.
    pub(crate) fn at(session: SessionId, row: RowId, data: &Data) -> Self {
        let mut calls = Self::of(session, data);
        calls.list.stop_following(data.rows.of(session).len());
        calls.list.selected = Some(row);
        calls.detail = Some(Detail::default());
        calls
    }

    /// The rows that pass the filter, in the order of their coming.
    fn passed<'a>(&'a self, data: &'a Data) -> &'a [RowId] {
        if self.filter.looking.is_off() {
            data.rows.of(self.session)
        } else {
            &self.filter.looking.rows
        }
    }

    fn shown<'a>(&'a self, data: &'a Data) -> Listed<'a> {
        listed(self.session, &self.filter, &self.order, data)
    }

    /// How many rows of the list are seen.
    fn page(&self, data: &Data) -> usize {
        usize::from(self.panes.places(data.area, self.detail.is_some()).list.height)
            .saturating_sub(1)
    }

    /// After anything that may have moved rows.
    fn settle(&mut self, data: &mut Data, effects: &mut Effects) {
        let page = self.page(data);
        let shown = listed(self.session, &self.filter, &self.order, data);
        self.list.settle_in(&shown, page);
        self.complete(data, effects);
        self.show_detail(data, effects);
    }

    /// Asks for what is missing of the rows in the window.
    fn complete(&mut self, data: &Data, effects: &mut Effects) {
        // While much is read, what is followed flies by: to read each screenful of it whole takes longer
        // than to read all of it.
        if self.list.follow && data.loading.is_some() {
            return;
        }
        let shown = self.shown(data);
        let window = self.list.top..self.list.top.saturating_add(self.page(data));
        let lacking: Vec<RowId> = window
            .map_while(|place| shown.at(place))
            .filter(|id| data.row(*id).is_some_and(|row| !row.is_whole))
            .filter(|id| !self.asked.contains(id))
            .collect();
        if lacking.is_empty() {
            return;
        }
        if self.asked.len() > ASKED {
            self.asked.clear();
        }
        self.asked.extend(lacking.iter().copied());
        effects.ask(Ask::Complete(lacking));
    }

    fn show_detail(&mut self, data: &mut Data, effects: &mut Effects) {
        let places = self.panes.places(data.area, true);
        let (Some(detail), Some(selected)) = (&mut self.detail, self.list.selected) else { return };
        detail.place(places.detail);
        detail.show(selected, self.session, data, effects);
    }

    /// Sorts what passes the filter anew.
    fn sort(&mut self, data: &mut Data, effects: &mut Effects) {
        let sorting = self.order.sorting();
        if !sorting.is_plain() {
            let source = self.passed(data).to_vec();
            self.order.begin(sorting, source);
            self.order.finish_if_short(data);
        }
        self.settle(data, effects);
    }

    fn draw_rows(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        let all = data.rows.of(self.session).len();
        let placed = columns::columns(area.width, all, &self.hidden, self.time);
        draw_heads(canvas, row(area, 0), &placed);
        let shown = self.shown(data);
        if shown.len() == 0 {
            self.draw_nothing(canvas, area, data);
            return;
        }
        let started = data.session(self.session).map_or(data.now, |session| session.started_at);
        for n in 1..area.height {
            let place = self.list.top + usize::from(n) - 1;
            let Some(id) = shown.at(place) else { break };
            let Some(found) = data.row(id) else { continue };
            let line = row(area, n);
            let seq = seq(data, self.session, id).unwrap_or(0);
            let before = seq.checked_sub(2).and_then(|at| data.rows.of(self.session).get(at));
            let around = Around {
                data,
                seq,
                started,
                before: before.and_then(|id| data.row(*id)).map(|row| row.at),
                time: self.time,
                parent: found.parent.and_then(|parent| order::seq(data, self.session, parent)),
                hit: self.search.rows.binary_search(&id).is_ok(),
            };
            columns::draw(canvas, line, &placed, &found, &around);
            self.draw_gutter(canvas, line, id, found.at_fault);
        }
    }

    fn draw_gutter(&self, canvas: &mut Canvas<'_>, line: Rect, id: RowId, at_fault: bool) {
        let theme = canvas.theme;
        if self.marks.binary_search(&id).is_ok() {
            canvas.put(line.x + 1, line.y, canvas.glyph("◆", "+"), 1, theme.waiting());
        } else if at_fault {
            canvas.put(line.x + 1, line.y, "!", 1, theme.bad());
        }
        if self.list.selected == Some(id) {
            canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, theme.heading());
            canvas.tint(line, theme.selected());
        }
    }

    fn draw_nothing(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        let all = data.rows.of(self.session).len();
        let filter = &self.filter.looking;
        let said = if all == 0 {
            super::nothing_yet(data).unwrap_or_else(|| {
                let why = if data.status.live {
                    "no calls yet: they appear as they come"
                } else {
                    "no calls in this session"
                };
                format!("{why} · Esc goes back")
            })
        } else if filter.is_off() {
            "sorting".to_owned()
        } else {
            filter.nothing()
        };
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        super::say(canvas, below, &said);
    }
}

/// The rows as they are shown, of parts that can be borrowed beside the list's own state.
fn listed<'a>(
    session: SessionId,
    filter: &'a Filter,
    order: &'a Order,
    data: &'a Data,
) -> Listed<'a> {
    let passed = if filter.looking.is_off() { data.rows.of(session) } else { &filter.looking.rows };
    match order.sorting() {
        sorting if sorting.is_plain() && sorting.descending => Listed::Backward(passed),
        sorting if sorting.is_plain() || !order.is_there => Listed::Plain(passed),
        _ => Listed::Sorted(order, data, passed),
    }
}

impl View for Calls {
    fn crumb(&self, data: &Data) -> String {
        let filter = match &self.filter.looking {
            looking if looking.is_off() => String::new(),
            looking => format!(" [{}]", text::visible(&looking.text)),
        };
        crumb(self.session, &format!("calls{filter}"), data)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.session)
    }

    fn row(&self) -> Option<RowId> {
        self.list.selected
    }

    fn badge(&self, data: &Data, theme: Theme) -> Option<String> {
        let new = self.list.new_rows(data.rows.of(self.session).len());
        match (self.list.follow, new) {
            (true, _) => Some(theme.glyph("⇣follow", "follow").to_owned()),
            (false, 0) => None,
            (false, new) => Some(format!("+{new} new")),
        }
    }

    fn counters(&self, data: &Data) -> (String, String) {
        let all = data.rows.of(self.session).len();
        let shown = self.shown(data).len();
        if let Some(said) = self.detail.as_ref().and_then(Detail::progress) {
            return (said, String::new());
        }
        if let Some(progress) = self.search.progress("searching") {
            return (progress, String::new());
        }
        let (errors, pending) = data.rows.errors_and_pending(self.session);
        let mut left = vec![format!("{shown}/{all}")];
        if errors > 0 {
            left.push(format!("{errors} err"));
        }
        if pending > 0 {
            left.push(format!("{pending} pending"));
        }
        let sorting = self.order.sorting();
        if sorting != order::Sorting::default() {
            let arrow = if sorting.descending { "▼" } else { "▲" };
            let soon = if self.order.has_work(data.clock) { "sorting by" } else { "sort" };
            left.push(format!("{soon} {}{arrow}", sorting.word()));
        }
        let filter = &self.filter.looking;
        left.push(match filter.progress("filtering") {
            Some(progress) => progress,
            None if filter.is_off() => "no filter".to_owned(),
            None => "filtered".to_owned(),
        });
        if !self.search.is_off() {
            left.push(text::count(self.search.rows.len(), "hit"));
        }
        let left = left.join(" · ");
        (left, self.counters_right(data, shown))
    }

    fn hints(&self) -> &'static [Action] {
        if self.panes.in_detail && self.detail.is_some() {
            return &[
                Action::Zoom,
                Action::NextPane,
                Action::NextTab,
                Action::Form,
                Action::Wrap,
                Action::Copy,
                Action::Search,
                Action::Trace,
            ];
        }
        &[
            Action::Open,
            Action::Filter,
            Action::Search,
            Action::Copy,
            Action::Replay,
            Action::Diff,
            Action::Follow,
            Action::NextProblem,
            Action::Sort,
        ]
    }

    fn act(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        let flow = self.take(action, data, effects);
        self.settle(data, effects);
        flow
    }

    fn mouse(
        &mut self,
        mouse: MouseEvent,
        area: Rect,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Flow {
        let flow = self.take_mouse(mouse, area, data, effects);
        self.settle(data, effects);
        flow
    }

    fn told(&mut self, told: Told, data: &mut Data, effects: &mut Effects) -> Flow {
        let flow = self.take_told(told, data, effects);
        self.settle(data, effects);
        flow
    }

    fn news(&mut self, news: &News, data: &mut Data, effects: &mut Effects) {
        self.take_news(news, data, effects);
        if let Some(detail) = &mut self.detail {
            detail.news(news, data, effects);
        }
    }

    fn refresh(&mut self, data: &mut Data, effects: &mut Effects) {
        self.order.finish_if_short(data);
        self.filter.looking.catch_up(Some(self.session), true, data, effects);
        self.seek(data, effects);
        self.settle(data, effects);
    }

    fn ticks(&self, data: &Data) -> bool {
        let shown = self.shown(data);
        let mut window = self.list.top..self.list.top.saturating_add(self.page(data));
        self.filter.looking.is_behind(data)
            || self.order.is_behind()
            || window.any(|place| {
                shown.at(place).and_then(|id| data.row(id)).is_some_and(|row| row.is_pending())
            })
    }

    fn has_work(&self, data: &Data) -> bool {
        self.order.has_work(data.clock)
            || self.filter.looking.is_due(data)
            || self.detail.as_ref().is_some_and(Detail::has_work)
    }

    fn work(&mut self, data: &mut Data, effects: &mut Effects) {
        self.filter.looking.catch_up(Some(self.session), true, data, effects);
        if self.order.has_work(data.clock) {
            self.order.step(data);
            self.settle(data, effects);
        }
        if let Some(detail) = &mut self.detail {
            detail.work(data, effects);
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        let places = self.panes.places(area, self.detail.is_some());
        if places.list.height > 0 {
            self.draw_rows(canvas, places.list, data);
        }
        let Some(detail) = &self.detail else { return };
        self.panes.draw_bar(canvas, &places);
        let focused = self.panes.in_detail;
        detail.draw(
            canvas,
            places.detail,
            data,
            focused,
            places.bar.is_none() && !self.panes.zoomed,
        );
    }
}

impl Calls {
    /// `row 7 · p50 38ms p95 240ms`
    fn counters_right(&self, data: &Data, shown: usize) -> String {
        let Some(at) = self.list.selected.and_then(|id| seq(data, self.session, id)) else {
            return String::new();
        };
        let session = data.session(self.session);
        let quantile = |us: Option<u32>| us.map(|us| text::duration(us.into()));
        let p50 = session.and_then(|session| quantile(session.p50_us));
        let p95 = session.and_then(|session| quantile(session.p95_us));
        if let (true, Some(p50), Some(p95)) = (data.area.width >= 100, p50, p95) {
            return format!("row {at} · p50 {p50} p95 {p95}");
        }
        let place = self.list.place_in(&self.shown(data)).map_or(0, |place| place + 1);
        let share = (place * 1_000).checked_div(shown).unwrap_or(0);
        format!("row {at} · {}.{}%", share / 10, share % 10)
    }
}
