//! What keys and overlays make of the list of sessions.

use std::collections::HashSet;

use super::{
    super::{
        Flow, Told, ask,
        calls::Calls,
        finding::{Filter, Looking},
        menu, prompt, welcome,
    },
    Sessions,
    chosen::{ALL, By},
    columns::{Cell, HIDEABLE},
    inner,
};
use crate::tui::{
    app::{Data, Effect, Effects},
    desk::Ask,
    keys::Action,
    rows::SessionId,
    text,
};

impl Sessions {
    pub(super) fn take(&mut self, action: Action, data: &mut Data, effects: &mut Effects) -> Flow {
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
                super::super::detail::copy(wire.unwrap_or_default(), data, effects);
            }
            (Action::Trace, Some(session)) => {
                let wire = data.session(session).and_then(|session| session.wire_id.clone());
                return match wire {
                    Some(wire) => Flow::Tell(Told::Entered(Action::Trace, wire)),
                    None => Flow::Over(prompt(Action::Trace, "")),
                };
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
            (Action::Delete, Some(session)) => {
                let server = data.session(session).map_or("", |session| &session.server);
                let exchanges = data.session(session).map_or(0, |session| session.exchanges);
                let exchanges = text::count(exchanges, "exchange");
                let text = format!(
                    "Delete session #{} with {} and its {exchanges} for good?",
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

    /// Goes to the first session that holds what is searched for: the selected one, or the next below.
    pub(super) fn seek(&mut self) {
        if !self.seeking {
            return;
        }
        let at = self.list.place(&self.shown).unwrap_or(0);
        let len = self.shown.len();
        let mut order = (0..len).map(|n| (at + n) % len);
        let is_hit =
            |place: &usize| self.shown.get(*place).is_some_and(|id| self.hits.contains(id));
        if let Some(place) = order.find(is_hit) {
            self.seeking = false;
            self.list.select(place, &self.shown);
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

    pub(super) fn take_told(&mut self, told: Told, data: &mut Data, effects: &mut Effects) -> Flow {
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
                self.seeking = !line.is_empty();
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
}
