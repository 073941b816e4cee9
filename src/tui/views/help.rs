//! Help: the keys, made of the table that dispatches them, and the grammar of filters. It scrolls and
//! is searched by `/`; Tab turns to the other page.

mod grammar;

use crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::{
    Flow, Overlay,
    prompt::{Line, bottom},
};
use crate::tui::{
    app::{Data, Effects},
    draw::{Canvas, row},
    keys::{Action, Keys},
    text,
};

/// Where the words begin that say what a key does.
const ABOUT: u16 = 18;

/// Rows that the wheel moves.
const WHEEL: usize = 3;

/// The help overlay.
pub(crate) struct Help {
    keys: Keys,
    page: Page,
    top: usize,
    search: Option<Line>,
    /// The line is being typed.
    typing: bool,
    /// Rows of a page, as of the last key.
    height: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Page {
    Keys,
    Grammar,
}

/// A line: what is typed, and what that means; a heading has only the second.
type Entry = (String, String);

impl Help {
    /// Help on the keys as they are bound.
    pub(crate) fn new(keys: &Keys) -> Self {
        let keys = keys.clone();
        Self { keys, page: Page::Keys, top: 0, search: None, typing: false, height: 1 }
    }

    fn entries(&self) -> Vec<Entry> {
        let all: Vec<Entry> = match self.page {
            Page::Keys => self
                .keys
                .all()
                .map(|(binding, keys)| (keys.join(" "), binding.about.to_owned()))
                .chain(BESIDE.iter().map(|(key, about)| ((*key).into(), (*about).into())))
                .collect(),
            Page::Grammar => grammar::TERMS
                .iter()
                .map(|(term, about)| ((*term).into(), (*about).into()))
                .collect(),
        };
        let wanted = self.search.as_ref().map_or("", Line::text).to_lowercase();
        if wanted.is_empty() {
            return all;
        }
        let holds = |text: &str| text.to_lowercase().contains(&wanted);
        all.into_iter().filter(|(what, about)| holds(what) || holds(about)).collect()
    }

    fn settle(&mut self) {
        self.top = self.top.min(self.entries().len().saturating_sub(self.height));
    }

    fn turn(&mut self) {
        self.page = if self.page == Page::Keys { Page::Grammar } else { Page::Keys };
        self.top = 0;
    }

    /// A key while the search is typed.
    fn type_in(&mut self, key: &KeyEvent) -> Flow {
        match key.code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.search = None;
            }
            _ => {
                self.top = 0;
                if let Some(line) = &mut self.search {
                    line.key(key);
                }
            }
        }
        Flow::Stay
    }
}

impl Overlay for Help {
    fn key(
        &mut self,
        key: &KeyEvent,
        action: Option<Action>,
        data: &mut Data,
        _effects: &mut Effects,
    ) -> Flow {
        self.height = usize::from(data.area.height.saturating_add(1)).max(1);
        if self.typing && action != Some(Action::Interrupt) {
            return self.type_in(key);
        }
        match action {
            Some(Action::Escape) if self.search.is_some() => self.search = None,
            Some(Action::Escape | Action::Quit | Action::Help | Action::Interrupt) => {
                return Flow::Close;
            }
            Some(Action::Search | Action::Filter) => {
                self.typing = true;
                self.top = 0;
                self.search.get_or_insert_with(|| Line::new(""));
            }
            Some(
                Action::NextPane | Action::PreviousPane | Action::NextTab | Action::PreviousTab,
            ) => self.turn(),
            Some(Action::Down) => self.top += 1,
            Some(Action::Up) => self.top = self.top.saturating_sub(1),
            Some(Action::HalfDown) => self.top += self.height / 2,
            Some(Action::HalfUp) => self.top = self.top.saturating_sub(self.height / 2),
            Some(Action::PageDown) => self.top += self.height,
            Some(Action::PageUp) => self.top = self.top.saturating_sub(self.height),
            Some(Action::First) => self.top = 0,
            Some(Action::Last) => self.top = usize::MAX / 2,
            _ => {}
        }
        self.settle();
        Flow::Stay
    }

    fn mouse(&mut self, mouse: MouseEvent, area: Rect) -> Flow {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.top += WHEEL,
            MouseEventKind::ScrollUp => self.top = self.top.saturating_sub(WHEEL),
            MouseEventKind::Down(_) if mouse.row == area.y => self.turn(),
            _ => {}
        }
        self.height = usize::from(area.height.saturating_sub(2)).max(1);
        self.settle();
        Flow::Stay
    }

    fn paste(&mut self, text: &str) -> Flow {
        if let (true, Some(line)) = (self.typing, &mut self.search) {
            line.paste(text);
        }
        Flow::Stay
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data, _keys: &Keys) {
        canvas.clear(area);
        let theme = canvas.theme;
        let (keys_style, grammar_style) = match self.page {
            Page::Keys => (theme.selected(), theme.plain()),
            Page::Grammar => (theme.plain(), theme.selected()),
        };
        canvas.put(area.x + 1, area.y, " Keys ", 6, keys_style);
        canvas.put(area.x + 8, area.y, " Filters ", 9, grammar_style);
        let entries = self.entries();
        let height = usize::from(area.height.saturating_sub(2));
        if entries.is_empty() {
            super::say(canvas, area, "no key and no words like that · Esc shows all");
        }
        let top = self.top.min(entries.len().saturating_sub(height));
        let longest = entries.iter().map(|(what, _)| text::width(what)).max().unwrap_or(0);
        let longest = u16::try_from(longest).unwrap_or(u16::MAX).saturating_add(3);
        let column = longest.clamp(ABOUT, (area.width * 2 / 5).max(ABOUT));
        for (n, (what, about)) in entries.iter().skip(top).take(height).enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            let room = line.width.saturating_sub(2);
            if what.is_empty() {
                canvas.put(line.x + 1, line.y, about, room, theme.heading());
                continue;
            }
            let wide = u16::try_from(text::width(what)).unwrap_or(room);
            canvas.put(line.x + 1, line.y, what, room, theme.name());
            // A long one pushes its words to the right.
            let x = (line.x + 1 + wide + 2).max(line.x + column);
            canvas.put(
                x,
                line.y,
                about,
                (line.x + line.width).saturating_sub(x + 1),
                theme.plain(),
            );
        }
        let shown =
            format!("{}-{} of {}", top + 1, (top + height).min(entries.len()), entries.len());
        let shown = if entries.is_empty() { "nothing found".to_owned() } else { shown };
        canvas.put_right(area.x, area.y, &shown, area.width - 1, theme.faint());
        if let Some(line) = &self.search {
            line.draw(canvas, bottom(area), "/", "Esc all");
        } else {
            let line = bottom(area);
            let hints = "/ search  Tab other page  Esc close";
            canvas.put(line.x + 1, line.y, hints, line.width - 2, theme.faint());
        }
    }

    fn cursor(&self, area: Rect) -> Option<(u16, u16)> {
        self.search.as_ref().filter(|_| self.typing).map(|line| line.cursor(bottom(area), "/"))
    }
}

/// What is no binding.
const BESIDE: &[(&str, &str)] = &[
    ("", "Mouse"),
    ("wheel", "scroll"),
    ("click", "a row, a tab; a heading sorts"),
    ("drag", "the split"),
    ("Shift-drag", "selects text, as the terminal does it (`:set nomouse` gives it the mouse)"),
    ("", "In prompts"),
    ("Up Down", "the lines typed before"),
    ("^F", "in `/`: the text becomes a filter"),
    ("^U ^W ^A ^E", "delete the line, a word; to its beginning, its end"),
];
