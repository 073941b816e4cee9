//! The sessions, one row each: where it stands, with whom, how much, how well (tui.md §2.1). Below
//! them, where there is room, what is known of the selected one.

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
    columns::{Cell, HIDEABLE},
    overview::Overview,
};
use super::{
    Flow, Told, View, ask,
    calls::Calls,
    columns::draw_heads,
    export,
    finding::{Filter, Looking},
    list::{Few, List},
    menu, prompt, rule, welcome,
};
use crate::{
    protocol::query::Query,
    tui::{
        app::{Data, Effect, Effects},
        desk::{Ask, News},
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
    by: By,
    turned: bool,
    hidden: Vec<Cell>,
    overview: Overview,
    in_overview: bool,
    /// What is shown was put together of the sessions as they are.
    is_chosen: bool,
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
        self.settle(data, effects);
    }

    fn settle(&mut self, data: &mut Data, effects: &mut Effects) {
        self.list.settle(&self.shown, Self::page(data));
        if let (Some(selected), (_, Some(_))) = (self.list.selected, Self::places(data.area)) {
            self.overview.show(selected, data, effects);
        }
    }

    fn take(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
        let (list, below) = Self::places(data.area);
        if let (true, Some(below)) = (self.in_overview, below)
            && self.overview.pane.act(action, inner(below))
        {
            return Flow::Stay;
        }
        if self.list.act(action, &self.shown, usize::from(list.height.saturating_sub(1)), false) {
            return Flow::Stay;
        }
        match (action, self.list.selected) {
            (Action::Copy, None) if data.sessions.is_empty() => {
                effects.push(Effect::Copy(welcome::snippet(&data.status)));
                data.say("copied");
            }
            (Action::Copy, Some(session)) => {
                let wire = data.session(session).map(|session| {
                    session.wire_id.clone().unwrap_or_else(|| session.id.to_string())
                });
                super::detail::copy(wire.unwrap_or_default(), data, effects);
            }
            (Action::Open, Some(session)) => {
                return Flow::Open(Box::new(Calls::of(session, data)));
            }
            (Action::Capabilities, Some(_)) => return Flow::Act(Action::View(5)),
            (Action::NextPane | Action::PreviousPane, _) if below.is_some() => {
                self.in_overview = !self.in_overview;
            }
            (Action::Filter, _) => {
                return Flow::Over(prompt(Action::Filter, &self.filter.open()));
            }
            (Action::Search, _) => return Flow::Over(prompt(Action::Search, "")),
            (Action::NextHit, _) => self.next(false, data, |this, id| this.hits.contains(&id)),
            (Action::PreviousHit, _) => self.next(true, data, |this, id| this.hits.contains(&id)),
            (Action::NextProblem, _) => {
                let troubled: HashSet<SessionId> = self
                    .shown
                    .iter()
                    .copied()
                    .filter(|id| {
                        data.session(*id).is_some_and(|session| {
                            session.errors > 0 || session.problems.is_some_and(|found| found > 0)
                        })
                    })
                    .collect();
                self.next(false, data, |_, id| troubled.contains(&id));
            }
            (Action::Sort, _) => {
                let at = ALL.iter().position(|(by, _)| *by == self.by).unwrap_or(0);
                let items = ALL.iter().map(|(_, word)| format!("sort by {word}")).collect();
                return Flow::Over(menu(Action::Sort, "sort", items, at));
            }
            (Action::Columns, _) => return self.columns_menu(0),
            (Action::Export, Some(_)) => return export::ask_format(),
            (Action::Delete, Some(session)) => {
                let server = data.session(session).map_or("", |session| &session.server);
                let exchanges = data.session(session).map_or(0, |session| session.exchanges);
                let text = format!(
                    "Delete session #{} with {} and its {exchanges} exchanges for good?",
                    session.0 + 1,
                    text::visible(server),
                );
                return Flow::Over(ask(Action::Delete, "delete", &text));
            }
            (Action::Escape, _) => return self.leave(data, effects),
            (Action::Interrupt, _) if self.search.ticket.is_some() => self.search.stop(effects),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    /// Stops, clears, and leaves the rest to whoever is below.
    fn leave(&mut self, data: &mut Data, effects: &mut Effects) -> Flow {
        if std::mem::take(&mut self.in_overview) {
            return Flow::Stay;
        }
        if self.search.ticket.is_some() {
            self.search.stop(effects);
            return Flow::Stay;
        }
        if !self.search.is_off() {
            self.search = Looking::default();
            self.hits.clear();
            return Flow::Stay;
        }
        if self.filter.clear(effects) {
            self.filtered.clear();
            self.choose(data, effects);
            return Flow::Stay;
        }
        Flow::Pass
    }

    /// To the next session of some kind.
    fn next(&mut self, back: bool, data: &mut Data, is: impl Fn(&Self, SessionId) -> bool) {
        let at = self.list.place(&self.shown).unwrap_or(0);
        let len = self.shown.len();
        let order = (1..=len).map(|n| if back { (at + len - n) % len } else { (at + n) % len });
        let found = order
            .filter_map(|place| Some((place, *self.shown.get(place)?)))
            .find(|(_, id)| is(self, *id));
        match found {
            Some((place, _)) => self.list.select(place, &self.shown),
            None => data.say("there is none"),
        }
    }

    fn columns_menu(&self, at: usize) -> Flow {
        let item = |(cell, word): &(Cell, &str)| {
            let mark = if self.hidden.contains(cell) { "[ ]" } else { "[x]" };
            format!("{mark} {word}")
        };
        Flow::Over(menu(Action::Columns, "columns", HIDEABLE.iter().map(item).collect(), at))
    }

    fn sort_by(&mut self, by: By) {
        self.turned = self.by == by && !self.turned;
        self.by = by;
    }

    fn take_told(&mut self, told: Told, data: &mut Data, effects: &mut Effects) -> Flow {
        match told {
            Told::Editing(Action::Filter, line) => {
                self.change_filter(effects, |filter, effects| {
                    filter.edit(&line, None, data, effects);
                });
            }
            Told::Entered(Action::Filter, line) => {
                self.change_filter(effects, |filter, effects| {
                    filter.enter(&line, None, data, effects);
                });
            }
            Told::Left(Action::Filter) => {
                self.change_filter(effects, |filter, effects| filter.leave(None, data, effects));
            }
            Told::Entered(Action::Search, line) => {
                self.hits.clear();
                self.search.ask(&line, None, false, data, effects);
            }
            Told::Chosen(Action::Sort, place) => {
                if let Some((by, _)) = ALL.get(place) {
                    self.sort_by(*by);
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
            Told::Entered(Action::Export, line) => {
                if let Some(session) = self.list.selected {
                    export::write(session, &line, data, effects);
                }
            }
            Told::Chosen(Action::Export, place) => {
                if let Some(session) = self.list.selected {
                    return export::ask_path(place, session);
                }
            }
            Told::Yes(Action::Delete) => {
                if let Some(session) = self.list.selected {
                    let ticket = effects.ticket();
                    effects.ask(Ask::Delete { ticket, session });
                }
            }
            Told::Goto(number) => {
                let id = number.checked_sub(1).and_then(|at| u32::try_from(at).ok()).map(SessionId);
                match id.and_then(|id| self.shown.iter().position(|of| *of == id)) {
                    Some(place) => self.list.select(place, &self.shown),
                    None => data.say(format!("no session #{number} here")),
                }
            }
            Told::Move(by) => {
                let at = self.list.place(&self.shown).unwrap_or(0);
                let to = at.saturating_add_signed(isize::try_from(by).unwrap_or(0));
                self.list.select(to.min(self.shown.len().saturating_sub(1)), &self.shown);
            }
            _ => {}
        }
        Flow::Stay
    }

    fn change_filter(
        &mut self,
        effects: &mut Effects,
        change: impl FnOnce(&mut Filter, &mut Effects),
    ) {
        let before = self.filter.looking.ticket;
        let text = self.filter.looking.text.clone();
        change(&mut self.filter, effects);
        if self.filter.looking.ticket != before || self.filter.looking.text != text {
            self.filtered.clear();
        }
    }

    fn draw_nothing(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data) {
        let looking = &self.filter.looking;
        if looking.is_off() {
            return welcome::draw(canvas, area, data);
        }
        let said = looking.progress("filtering").unwrap_or_else(|| {
            format!("no match for `{}` — Esc clears", text::visible(&looking.text))
        });
        let said = if canvas.theme.ascii { said.replace(['—', '·'], "-") } else { said };
        let room = area.width.saturating_sub(3);
        canvas.put(area.x + 2, area.y + 2, &said, room, canvas.theme.plain());
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
        let of_shown = || self.shown.iter().filter_map(|id| data.session(*id));
        let exchanges: u64 = of_shown().map(|session| session.exchanges).sum();
        let errors: u64 = of_shown().map(|session| session.errors).sum();
        let problems: u64 = of_shown().filter_map(|session| session.problems).sum();
        let all = data.sessions.iter().filter(|session| !session.deleted).count();
        let count = if self.shown.len() == all {
            all.to_string()
        } else {
            format!("{}/{all}", self.shown.len())
        };
        let mut left = format!("{count} sessions · {exchanges} exchanges · {errors} err");
        if problems > 0 {
            left += &format!(" · {problems} problems");
        }
        if !self.search.is_off() {
            left += &format!(" · {} sessions hold it", self.hits.len());
        }
        if self.by != By::Number || self.turned {
            let word = ALL.iter().find(|(by, _)| *by == self.by).map_or("", |(_, word)| word);
            left += &format!(" · sort {word}{}", if self.turned { " turned" } else { "" });
        }
        let mut right = format!("rec {}B", text::size(data.status.store_bytes));
        if data.area.width >= 100 && data.status.free_bytes > 0 {
            right += &format!(" · disk {}B free", text::size(data.status.free_bytes));
        }
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
        let now = data.now;
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
            Ok(_) => {}
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
