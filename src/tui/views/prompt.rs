//! The line of input at the bottom: `/` and `f`. The view below is told as the line changes, so that
//! what is typed is live (tui.md §1, one grammar).

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use tui_input::{Input, InputRequest, backend::crossterm::to_input_request};

use super::{Flow, Overlay, Told};
use crate::tui::{
    app::{Data, Effects},
    draw::{Canvas, row},
    keys::{Action, Keys},
    text,
};

/// Characters of a line; what is typed or pasted beyond is not taken.
const LONGEST: usize = 4_096;

/// A line being edited, for an action: what it is then told with.
pub(crate) struct Prompt {
    action: Action,
    line: Line,
}

impl Prompt {
    /// Begins with what held before: `f` is prefilled with the filter.
    pub(crate) fn new(action: Action, prefilled: &str) -> Self {
        Self { action, line: Line::new(prefilled) }
    }

    fn label(&self) -> &'static str {
        match self.action {
            Action::Search => "/",
            Action::Filter => "filter: ",
            Action::Export => "export to: ",
            Action::Ignore => "ignore path: ",
            Action::Trace => "trace value: ",
            _ => "> ",
        }
    }

    fn hint(&self) -> &'static str {
        match self.action {
            Action::Search => "Enter search  ^F as filter  Esc leave",
            Action::Filter => "Enter keep  Esc restore",
            Action::Export => "Enter write  Esc leave",
            Action::Ignore => "like /result/content/*/text  Enter go",
            Action::Trace => "an id, a cursor, any value  Enter go",
            _ => "Enter go  Esc leave",
        }
    }
}

impl Overlay for Prompt {
    fn key(
        &mut self,
        key: &KeyEvent,
        action: Option<Action>,
        data: &mut Data,
        _effects: &mut Effects,
    ) -> Flow {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            _ if action == Some(Action::Interrupt) => Flow::Tell(Told::Left(self.action)),
            KeyCode::Esc => Flow::Tell(Told::Left(self.action)),
            KeyCode::Enter => {
                let entered = self.line.text().to_owned();
                data.history.add(self.action, &entered);
                Flow::Tell(Told::Entered(self.action, entered))
            }
            // For hands that know `/` as the filter.
            KeyCode::Char('f') if control && self.action == Action::Search => {
                let filter = as_filter(self.line.text());
                data.history.add(Action::Filter, &filter);
                Flow::Tell(Told::Entered(Action::Filter, filter))
            }
            KeyCode::Up | KeyCode::Down => {
                let back = key.code == KeyCode::Up;
                if self.line.recall(data.history.of(self.action), back) {
                    return Flow::Tell(Told::Editing(self.action, self.line.text().to_owned()));
                }
                Flow::Stay
            }
            _ if self.line.key(key) => {
                Flow::Tell(Told::Editing(self.action, self.line.text().to_owned()))
            }
            _ => Flow::Stay,
        }
    }

    fn paste(&mut self, text: &str) -> Flow {
        if self.line.paste(text) {
            return Flow::Tell(Told::Editing(self.action, self.line.text().to_owned()));
        }
        Flow::Stay
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data, _keys: &Keys) {
        self.line.draw(canvas, bottom(area), self.label(), self.hint());
    }

    fn cursor(&self, area: Rect) -> Option<(u16, u16)> {
        Some(self.line.cursor(bottom(area), self.label()))
    }
}

/// A search's text as a filter's: one quoted word where it would be read as more.
fn as_filter(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !"\"'|:<>=*()-".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("\"{}\"", text.replace('"', "")) }
}

/// The screen's last row.
pub(super) fn bottom(area: Rect) -> Rect {
    row(area, area.height.saturating_sub(1))
}

/// A line with its cursor and its place in the history.
#[derive(Clone)]
pub(super) struct Line {
    input: Input,
    /// How many lines back in the history; what was typed before that.
    back: usize,
    typed: String,
}

impl Line {
    pub(super) fn new(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()), back: 0, typed: String::new() }
    }

    pub(super) fn text(&self) -> &str {
        self.input.value()
    }

    pub(super) fn set(&mut self, text: &str) {
        self.input = Input::new(text.to_owned());
    }

    /// Takes a key; true where the text changed.
    pub(super) fn key(&mut self, key: &KeyEvent) -> bool {
        let Some(request) = to_input_request(&Event::Key(*key)) else { return false };
        let full = self.text().chars().count() >= LONGEST;
        if full && matches!(request, InputRequest::InsertChar(_) | InputRequest::Yank) {
            return false;
        }
        self.back = 0;
        self.input.handle(request).is_some_and(|changed| changed.value)
    }

    /// Puts a text in; its line ends are blanks.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        let room = LONGEST.saturating_sub(self.text().chars().count());
        let mut changed = false;
        for c in text.trim_end_matches(['\r', '\n']).chars().take(room) {
            let c = if c.is_control() { ' ' } else { c };
            changed |= self.input.handle(InputRequest::InsertChar(c)).is_some();
        }
        changed
    }

    /// Goes through the history, the newest line first; true where the text changed.
    pub(super) fn recall(&mut self, history: &[String], back: bool) -> bool {
        let at = if back { self.back + 1 } else { self.back.saturating_sub(1) };
        if at == self.back || at > history.len() {
            return false;
        }
        if self.back == 0 {
            self.typed = self.text().to_owned();
        }
        self.back = at;
        let line = match history.len().checked_sub(at) {
            Some(place) if at > 0 => history.get(place).cloned().unwrap_or_default(),
            _ => self.typed.clone(),
        };
        self.set(&line);
        true
    }

    /// The columns before the cursor, and how many of them are scrolled out.
    fn columns(&self, room: usize) -> (usize, usize) {
        let before: String = self.text().chars().take(self.input.cursor()).collect();
        let at = text::width(&text::visible(&before));
        (at, (at + 1).saturating_sub(room))
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, line: Rect, label: &str, hint: &str) {
        let theme = canvas.theme;
        canvas.clear(line);
        let x = line.x + 1;
        let used = canvas.put(x, line.y, label, line.width.saturating_sub(1), theme.heading());
        let room = usize::from(line.width.saturating_sub(used + 2));
        let (_, scrolled) = self.columns(room);
        let shown = text::visible(self.text());
        let rest = text::skip(&shown, scrolled);
        let left = line.width.saturating_sub(used + 2);
        let took = canvas.put(x + used, line.y, rest, left, theme.plain());
        let wide = u16::try_from(text::width(hint)).unwrap_or(u16::MAX);
        if left.saturating_sub(took) > wide.saturating_add(2) {
            canvas.put_right(line.x, line.y, hint, line.width - 1, theme.faint());
        }
    }

    pub(super) fn cursor(&self, line: Rect, label: &str) -> (u16, u16) {
        let label = u16::try_from(text::width(label)).unwrap_or(0);
        let room = usize::from(line.width.saturating_sub(label + 2));
        let (at, scrolled) = self.columns(room);
        let x = u16::try_from(at.saturating_sub(scrolled)).unwrap_or(0);
        (line.x + 1 + label + x, line.y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_becomes_a_filter() {
        assert_eq!(as_filter("needle"), "needle");
        assert_eq!(as_filter("two words"), "\"two words\"");
        assert_eq!(as_filter("a:b"), "\"a:b\"");
    }

    #[test]
    fn history_goes_back_and_returns_to_what_was_typed() {
        let history = ["a".to_owned(), "b".to_owned()];
        let mut line = Line::new("typed");
        assert!(line.recall(&history, true) && line.text() == "b");
        assert!(line.recall(&history, true) && line.text() == "a");
        assert!(!line.recall(&history, true));
        assert!(line.recall(&history, false) && line.text() == "b");
        assert!(line.recall(&history, false) && line.text() == "typed");
        assert!(!line.recall(&history, false));
    }
}
