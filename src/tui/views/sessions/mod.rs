//! The sessions, one row each: where it stands, with whom, how much, how well (tui.md §2.1). Below
//! them, where there is room, what is known of the selected one.

mod act;
mod chosen;
mod columns;
mod overview;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use self::{
    chosen::{ALL, By},
    columns::Cell,
    overview::Overview,
};
use super::{
    Flow, Told, View,
    columns::draw_heads,
    finding::{Filter, Looking},
    list::{Few, List},
    rule, welcome,
};
use crate::{
    protocol::query::Query,
    tui::{
        app::{Data, Effects},
        desk::News,
        draw::{Canvas, row},
        keys::Action,
        rows::SessionId,
        text,
    },
};

/// From this height on there is an overview below the list.
const HIGH: u16 = 27;

/// Rows of the overview, its rule included.
const OVERVIEW: u16 = 13;

/// Rows a turn of the wheel moves.
const WHEEL: isize = 3;

/// The list of sessions, newest first.
#[derive(Default)]
pub(crate) struct Sessions {
    list: List<SessionId>,
    shown: Vec<SessionId>,
    filter: Filter,
    /// Sessions in which the filter's terms on messages found something.
    filtered: HashSet<SessionId>,
    search: Looking,
    hits: HashSet<SessionId>,
    /// The first of them is to be gone to.
    seeking: bool,
    by: By,
    turned: bool,
    hidden: Vec<Cell>,
    overview: Overview,
    in_overview: bool,
    /// What is shown was put together of the sessions as they are.
    is_chosen: bool,
    /// What the line of counters says: summed up when it was put together, not when it is painted.
    sums: Sums,
}

/// Sums over the sessions that are shown.
#[derive(Default)]
struct Sums {
    /// All sessions, those included that are not shown.
    all: usize,
    exchanges: u64,
    errors: u64,
    problems: u64,
}

impl Sessions {
    fn places(area: Rect) -> (Rect, Option<Rect>) {
        if area.height < HIGH {
            return (area, None);
        }
        let list = area.height - OVERVIEW;
        let below = Rect { y: area.y + list, height: OVERVIEW, ..area };
        (Rect { height: list, ..area }, Some(below))
    }

    fn page(data: &Data) -> usize {
        usize::from(Self::places(data.area).0.height).saturating_sub(1)
    }

    /// Puts together what is shown.
    fn choose(&mut self, data: &mut Data, effects: &mut Effects) {
        self.is_chosen = true;
        let looking = &self.filter.looking;
        let query =
            (!looking.is_off()).then(|| Query::parse(&looking.text, data.now).ok()).flatten();
        let takes = |id: SessionId| {
            let Some(session) = data.session(id).filter(|session| !session.deleted) else {
                return false;
            };
            query.as_ref().is_none_or(|query| {
                chosen::takes(query, session, id, Some(&self.filtered)).unwrap_or(false)
            })
        };
        let all = (0..u32::try_from(data.sessions.len()).unwrap_or(u32::MAX)).map(SessionId);
        self.shown = all.filter(|id| takes(*id)).collect();
        chosen::sort(&mut self.shown, self.by, self.turned, data);
        let mut sums = Sums {
            all: data.sessions.iter().filter(|session| !session.deleted).count(),
            ..Sums::default()
        };
        for session in self.shown.iter().filter_map(|id| data.session(*id)) {
            sums.exchanges += session.exchanges;
            sums.errors += session.errors;
            sums.problems += session.problems.unwrap_or(0);
        }
        self.sums = sums;
        self.settle(data, effects);
    }

    fn settle(&mut self, data: &mut Data, effects: &mut Effects) {
        self.list.settle(&self.shown, Self::page(data));
        if let (Some(selected), (_, Some(_))) = (self.list.selected, Self::places(data.area)) {
            self.overview.show(selected, data, effects);
        }
    }

    fn draw_nothing(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        let looking = &self.filter.looking;
        if looking.is_off() {
            return welcome::draw(canvas, area, data);
        }
        super::say(canvas, area, &looking.nothing());
    }
}

/// Where the overview's lines stand.
fn inner(below: Rect) -> Rect {
    Rect {
        x: below.x + 1,
        y: below.y + 1,
        width: below.width.saturating_sub(2),
        height: below.height.saturating_sub(1),
    }
}

impl View for Sessions {
    fn crumb(&self, _data: &Data) -> String {
        match &self.filter.looking {
            looking if looking.is_off() => "sessions".to_owned(),
            looking => format!("sessions [{}]", text::visible(&looking.text)),
        }
    }

    fn session(&self) -> Option<SessionId> {
        self.list.selected
    }

    fn counters(&self, data: &Data) -> (String, String) {
        if let Some(progress) = self.search.progress("searching") {
            return (progress, String::new());
        }
        let Sums { all, exchanges, errors, problems } = self.sums;
        let mut sessions = text::count(all, "session");
        if self.shown.len() != all {
            sessions = format!("{}/{sessions}", self.shown.len());
        }
        let mut left = vec![sessions, text::count(exchanges, "exchange"), format!("{errors} err")];
        if problems > 0 {
            left.push(text::count(problems, "problem"));
        }
        if !self.search.is_off() {
            left.push(format!("in {}", text::count(self.hits.len(), "session")));
        }
        if self.by != By::Number || self.turned {
            let word = ALL.iter().find(|(by, _)| *by == self.by).map_or("", |(_, word)| word);
            left.push(format!("sort {word}{}", if self.turned { " turned" } else { "" }));
        }
        let mut right = Vec::new();
        if data.status.store_bytes > 0 {
            right.push(format!("rec {}B", text::size(data.status.store_bytes)));
        }
        if data.area.width >= 100 && data.status.free_bytes > 0 {
            right.push(format!("disk {}B free", text::size(data.status.free_bytes)));
        }
        let (left, right) = (left.join(" · "), right.join(" · "));
        (left, right)
    }

    fn hints(&self) -> &'static [Action] {
        &[
            Action::Open,
            Action::Filter,
            Action::Search,
            Action::ReplaySession,
            Action::Export,
            Action::Delete,
            Action::Palette,
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
        let (list, _) = Self::places(area);
        let page = Self::page(data);
        let at = Position::new(mouse.column, mouse.row);
        let mut flow = Flow::Stay;
        match mouse.kind {
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let by = if mouse.kind == MouseEventKind::ScrollDown { WHEEL } else { -WHEEL };
                self.list.scroll(by, &Few(&self.shown), page, self.shown.len());
            }
            MouseEventKind::Down(MouseButton::Left) if list.contains(at) && at.y > list.y => {
                let place = self.list.top + usize::from(at.y - list.y) - 1;
                if let Some(id) = self.shown.get(place).copied() {
                    if self.list.selected == Some(id) {
                        flow = self.take(Action::Open, data, effects);
                    }
                    self.list.select(place, &self.shown);
                }
            }
            _ => {}
        }
        self.settle(data, effects);
        flow
    }

    fn told(&mut self, told: Told, data: &mut Data, effects: &mut Effects) -> Flow {
        let flow = self.take_told(told, data, effects);
        self.choose(data, effects);
        flow
    }

    fn news(&mut self, news: &News, data: &mut Data, effects: &mut Effects) {
        self.overview.news(news);
        self.is_chosen &= !matches!(news, News::Sessions(_));
        let now = data.clock;
        if let News::Hits { ticket, rows, .. } = news {
            let sessions = rows.iter().filter_map(|id| data.row(*id)).map(|row| row.session);
            if self.filter.looking.ticket == Some(*ticket) {
                self.filtered.extend(sessions);
            } else if self.search.ticket == Some(*ticket) {
                self.hits.extend(sessions);
            }
        }
        match self.filter.looking.news(news, now) {
            Ok(true) => self.choose(data, effects),
            Ok(false) => {}
            Err(why) => data.say(why),
        }
        match self.search.news(news, now) {
            Ok(true) if self.search.ticket.is_none() && self.hits.is_empty() => {
                data.say(format!("not found: {}", text::visible(&self.search.text)));
            }
            Ok(_) => self.seek(),
            Err(why) => data.say(why),
        }
    }

    fn refresh(&mut self, data: &mut Data, effects: &mut Effects) {
        self.filter.looking.catch_up(None, true, data, effects);
        if self.is_chosen {
            self.settle(data, effects);
        } else {
            self.choose(data, effects);
        }
    }

    fn ticks(&self, data: &Data) -> bool {
        // What goes on in a session that is seen grows old by itself.
        data.status.live
            && self
                .shown
                .iter()
                .skip(self.list.top)
                .take(Self::page(data))
                .any(|id| data.session(*id).is_some_and(|session| session.open_streams > 0))
    }

    fn has_work(&self, data: &Data) -> bool {
        self.filter.looking.is_due(data)
    }

    fn work(&mut self, data: &mut Data, effects: &mut Effects) {
        self.filter.looking.catch_up(None, true, data, effects);
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        if self.shown.is_empty() {
            return self.draw_nothing(canvas, area, data);
        }
        let (list, below) = Self::places(area);
        let placed = columns::columns(list.width, &self.hidden, canvas.theme);
        draw_heads(canvas, row(list, 0), &placed);
        for n in 1..list.height {
            let Some(id) = self.shown.get(self.list.top + usize::from(n) - 1).copied() else {
                break;
            };
            let Some(session) = data.session(id) else { continue };
            let line = row(list, n);
            columns::draw(canvas, line, &placed, id, session, data);
            let theme = canvas.theme;
            if self.hits.contains(&id) {
                canvas.put(line.x + 1, line.y, canvas.glyph("◆", "+"), 1, theme.hit());
            } else if session.problems.is_some_and(|found| found > 0) {
                canvas.put(line.x + 1, line.y, "!", 1, theme.bad());
            }
            if self.list.selected == Some(id) {
                canvas.put(line.x, line.y, canvas.glyph("▌", ">"), 1, theme.heading());
                canvas.tint(line, theme.selected());
            }
        }
        if let (Some(below), Some(selected)) = (below, self.list.selected) {
            let dash = canvas.glyph("─", "-");
            let heading = format!("#{} {dash} Overview", selected.0 + 1);
            rule(canvas, below, &heading);
            self.overview.pane.draw(canvas, inner(below));
        }
    }
}
