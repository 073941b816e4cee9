//! What a replay would send and where, before anything is sent: the target, the steps, the masked
//! request, what would be left out, and what the user changed in it. Enter sends; nothing else does
//! (tui.md §9, 19).
//!
//! Headers that no recording gives are asked for here: their values are typed unseen, or taken from
//! the environment by name; they are held for this replay alone. One call's request can be edited in
//! the user's own editor.

mod field;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{layout::Rect, style::Style};

use self::field::{Done, Field, Typing};
use super::{Flow, Overlay, Sending, Told};
use crate::tui::{
    app::{Data, Effect, Effects},
    desk::{self, Ask, At, Given, GivenValue, News, Ticket},
    draw::Canvas,
    keys::{Action, Keys},
    rows::SessionId,
    text,
    theme::Theme,
};

/// The overlay.
pub(crate) struct Preview {
    session: SessionId,
    row: Option<At>,
    waiting: Ticket,
    told: Option<Arc<desk::Preview>>,
    failed: Option<String>,
    /// The target that the user named; else it is the recorded endpoint, which may be masked here.
    to: Option<String>,
    given: Given,
    /// What is being typed.
    field: Option<Field>,
    /// The editor is wanted as soon as there is something to edit.
    edits: bool,
    allow: bool,
    /// Lines that are scrolled out.
    scrolled: usize,
}

impl Preview {
    pub(crate) fn of(
        session: SessionId,
        row: Option<At>,
        edits: bool,
        effects: &mut Effects,
    ) -> Self {
        let mut preview = Self {
            session,
            row,
            waiting: Ticket::default(),
            told: None,
            failed: None,
            to: None,
            given: Given::default(),
            field: None,
            edits,
            allow: false,
            scrolled: 0,
        };
        preview.ask(effects);
        preview
    }

    /// What would be sent with what is known now.
    fn ask(&mut self, effects: &mut Effects) {
        self.waiting = effects.ticket();
        (self.told, self.failed, self.scrolled) = (None, None, 0);
        effects.ask(Ask::Preview {
            ticket: self.waiting,
            session: self.session,
            row: self.row,
            to: self.to.clone(),
            given: self.given.clone(),
        });
    }

    /// Takes what was typed.
    fn entered(&mut self, done: Done, effects: &mut Effects) {
        match done {
            Done::Target(to) => {
                let shown = self.told.as_ref().map_or("", |told| &told.to);
                if to == shown {
                    return;
                }
                self.to = Some(to).filter(|to| !to.is_empty());
            }
            Done::Header(name, value) => {
                let headers = &mut self.given.headers;
                headers.retain(|header| !header.name.eq_ignore_ascii_case(&name));
                headers.extend(value.map(|value| desk::GivenHeader { name, value }));
            }
        }
        self.ask(effects);
    }

    /// Gives the request to the editor: as it was edited before, or as it would be sent.
    fn edit(&mut self, data: &mut Data, effects: &mut Effects) {
        let draft = self.told.as_ref().and_then(|told| told.draft.clone());
        let Some(text) = self.given.edited.clone().or(draft) else {
            let why = if self.row.is_some() {
                "it cannot be edited"
            } else {
                "r, then e: one call is edited"
            };
            return data.say(why);
        };
        effects.push(Effect::Edit(text.to_string()));
    }

    fn lines(&self) -> Vec<Line> {
        let Some(told) = &self.told else {
            let mut lines = match &self.failed {
                None => vec![Line::plain("reading the session; nothing is sent")],
                Some(why) => why.lines().map(|why| Line(why.to_owned(), Theme::bad)).collect(),
            };
            if self.failed.is_some() && self.given.edited.is_some() {
                lines.push(Line::plain("what was edited is kept: e edits it again, x drops it"));
            }
            return lines;
        };
        let steps = text::count(told.steps, "step");
        let mut lines =
            vec![Line(format!("{steps} would be sent; nothing is sent yet"), Theme::plain)];
        if !told.guarded.is_empty() {
            let tools = told.guarded.join(", ");
            let word = if self.allow { "will be called" } else { "left out (a allows them)" };
            lines.push(Line(format!("may have side effects, {word}: {tools}"), Theme::plain));
        }
        for header in &self.given.headers {
            let from = match &header.value {
                GivenValue::Typed(_) => "as it was typed".to_owned(),
                GivenValue::Environment(name) => format!("from ${name}"),
            };
            lines.push(Line(format!("sent with {}, {from}", header.name), Theme::plain));
        }
        lines.extend(told.notes.iter().map(|note| Line(note.clone(), Theme::plain)));
        if self.given.edited.is_some() {
            let many = told.changes.iter().filter(|line| line.starts_with(['+', '-'])).count();
            let word = if many == 0 { "nothing was changed" } else { "you changed (x drops it):" };
            lines.push(Line(word.to_owned(), Theme::heading));
            lines.extend(told.changes.iter().map(|line| Line::changed(line)));
        }
        lines.push(Line::plain(""));
        lines.extend(told.request.iter().map(|line| Line::plain(line)));
        lines
    }
}

/// A line and its look.
struct Line(String, fn(Theme) -> Style);

impl Line {
    fn plain(text: &str) -> Self {
        Self(text.to_owned(), Theme::plain)
    }

    fn changed(text: &str) -> Self {
        let style: fn(Theme) -> Style = match text.chars().next() {
            Some('+') => Theme::good,
            Some('-') => Theme::bad,
            _ => Theme::faint,
        };
        Self(text.to_owned(), style)
    }
}

impl Overlay for Preview {
    fn key(
        &mut self,
        key: &KeyEvent,
        action: Option<Action>,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Flow {
        if let Some(field) = &mut self.field {
            match field.key(key, action) {
                Typing::Going => {}
                Typing::Left => self.field = None,
                Typing::Over(done) => {
                    self.field = None;
                    self.entered(done, effects);
                }
            }
            return Flow::Stay;
        }
        let is_told = self.told.is_some() || self.failed.is_some();
        match (key.code, action) {
            (KeyCode::Enter, _) if self.told.is_some() => {
                let to = self.to.clone().unwrap_or_default();
                let given = self.given.clone();
                let sending = Sending { to, allow_side_effects: self.allow, given };
                return Flow::Tell(Told::Send(Box::new(sending)));
            }
            (KeyCode::Char('e'), _) | (_, Some(Action::Edit)) if is_told => {
                self.edit(data, effects);
            }
            (KeyCode::Char('a'), _) => self.allow = !self.allow,
            (KeyCode::Char('x'), _) if self.given.edited.take().is_some() => self.ask(effects),
            (KeyCode::Char('h'), _) if is_told => self.field = Some(Field::header()),
            (KeyCode::Char('t') | KeyCode::Tab, _) if is_told => {
                let shown = self.told.as_ref().map(|told| told.to.clone());
                let to = shown.or_else(|| self.to.clone()).unwrap_or_default();
                self.field = Some(Field::target(&to));
            }
            (_, Some(Action::Down | Action::HalfDown | Action::PageDown)) => {
                self.scrolled = (self.scrolled + 1).min(self.lines().len().saturating_sub(1));
            }
            (_, Some(Action::Up | Action::HalfUp | Action::PageUp)) => {
                self.scrolled = self.scrolled.saturating_sub(1);
            }
            (_, Some(Action::Escape | Action::Quit | Action::Interrupt)) => {
                effects.ask(Ask::Cancel(self.waiting));
                return Flow::Close;
            }
            _ => {}
        }
        Flow::Stay
    }

    fn paste(&mut self, pasted: &str) -> Flow {
        if let Some(field) = &mut self.field {
            field.paste(pasted);
        }
        Flow::Stay
    }

    fn news(&mut self, news: &News, effects: &mut Effects) {
        match news {
            News::Preview(ticket, told) if *ticket == self.waiting => {
                self.told = Some(Arc::clone(told));
                if let Some(draft) = told.draft.as_ref().filter(|_| std::mem::take(&mut self.edits))
                {
                    effects.push(Effect::Edit(draft.to_string()));
                }
            }
            News::Failed(ticket, why) if *ticket == self.waiting => self.failed = Some(why.clone()),
            _ => {}
        }
    }

    fn edited(&mut self, text: Result<String, String>, data: &mut Data, effects: &mut Effects) {
        match text {
            Err(why) => data.say(why),
            Ok(text) => {
                let draft = self.told.as_ref().and_then(|told| told.draft.as_deref());
                if draft == Some(text.as_str()) && self.given.edited.is_none() {
                    return data.say("nothing was changed");
                }
                self.given.edited = Some(text.into());
                self.ask(effects);
            }
        }
    }

    fn cursor(&self, area: Rect) -> Option<(u16, u16)> {
        self.field.as_ref().map(|field| field.cursor(bottom_of(area)))
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, data: &Data, _keys: &Keys) {
        let theme = canvas.theme;
        let pane = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
        super::pane(canvas, pane, if self.row.is_some() { "replay of a call" } else { "replay" });
        let inner = Rect { x: pane.x + 2, width: pane.width.saturating_sub(4), ..pane };
        canvas.put(inner.x, inner.y + 1, "to", 4, theme.faint());
        let to = self.told.as_ref().map(|told| told.to.as_str()).or(self.to.as_deref());
        let to = text::visible(to.unwrap_or_default()).into_owned();
        canvas.put(inner.x + 4, inner.y + 1, &to, inner.width.saturating_sub(4), theme.name());
        let last = bottom_of(area);
        let lines = self.lines();
        let wrapped = lines.iter().flat_map(|Line(line, style)| {
            let rows = text::wrap(&text::visible(line), inner.width.into());
            rows.into_iter().map(move |row| (row, *style))
        });
        for (y, (line, style)) in (inner.y + 3..last.y).zip(wrapped.skip(self.scrolled)) {
            canvas.put(inner.x, y, &line, inner.width, style(theme));
        }
        // Why it failed stands above already.
        let said = data.say.as_ref().filter(|said| self.failed.as_ref() != Some(*said));
        match (&self.field, said) {
            (Some(field), _) => field.draw(canvas, last),
            (None, Some(said)) => {
                canvas.put(last.x, last.y, &text::visible(said), last.width, theme.waiting());
            }
            (None, None) => {
                let hint = match (&self.told, &self.failed) {
                    (Some(_), _) => HINT,
                    (None, Some(_)) => "e edit  h header  t another target  Esc cancels",
                    (None, None) => "Esc cancels",
                };
                canvas.put(last.x, last.y, hint, last.width, theme.heading());
            }
        }
    }
}

/// What keys do here.
const HINT: &str = "Enter sends  e edit  h header  t target  a side effects  j k  Esc cancels";

/// The pane's last line, for its keys and what is typed.
fn bottom_of(area: Rect) -> Rect {
    let y = area.bottom().saturating_sub(3).max(area.y);
    Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 }
}
