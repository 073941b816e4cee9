//! A menu over the view: sort, columns, copy, export.

use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::{Flow, Overlay, Told};
use crate::tui::{
    app::{Data, Effects},
    draw::{Canvas, popup, row},
    keys::{Action, Keys},
    text,
};

/// Items of which one is chosen, with the menu's action and the item's place.
pub(crate) struct Menu {
    action: Action,
    title: String,
    items: Vec<String>,
    at: usize,
}

impl Menu {
    /// A menu; its items are numbered from 1.
    pub(crate) fn new(action: Action, title: &str, items: Vec<String>) -> Self {
        Self { action, title: title.to_owned(), items, at: 0 }
    }

    /// Begins at an item: the one that holds now, or the one that was toggled last.
    pub(crate) fn at(mut self, place: usize) -> Self {
        self.at = place.min(self.items.len().saturating_sub(1));
        self
    }

    fn size(&self) -> (u16, u16) {
        let wide = self.items.iter().map(|item| text::width(item) + 4).max().unwrap_or(0);
        let wide = wide.max(text::width(&self.title) + 2);
        (
            u16::try_from(wide).unwrap_or(u16::MAX),
            u16::try_from(self.items.len()).unwrap_or(u16::MAX),
        )
    }

    /// Where the items are drawn, and the first of them.
    fn window(&self, area: Rect) -> (Rect, usize) {
        let inner = popup(area, self.size()).1;
        let height = usize::from(inner.height).max(1);
        (inner, (self.at + 1).saturating_sub(height))
    }
}

impl Overlay for Menu {
    fn key(
        &mut self,
        key: &KeyEvent,
        action: Option<Action>,
        _data: &mut Data,
        _effects: &mut Effects,
    ) -> Flow {
        let last = self.items.len().saturating_sub(1);
        match (key.code, action) {
            (KeyCode::Enter, _) | (_, Some(Action::Open)) if !self.items.is_empty() => {
                return Flow::Tell(Told::Chosen(self.action, self.at));
            }
            (KeyCode::Char(c @ '1'..='9'), _) => {
                let place = usize::from(u8::try_from(c).unwrap_or(b'1') - b'1');
                if place <= last {
                    return Flow::Tell(Told::Chosen(self.action, place));
                }
            }
            // The key that opened it closes it too.
            (KeyCode::Esc, _) | (_, Some(Action::Escape | Action::Quit | Action::Interrupt)) => {
                return Flow::Close;
            }
            (_, Some(own)) if own == self.action => return Flow::Close,
            (_, Some(Action::Down)) => self.at = if self.at == last { 0 } else { self.at + 1 },
            (_, Some(Action::Up)) => self.at = self.at.checked_sub(1).unwrap_or(last),
            (_, Some(Action::First)) => self.at = 0,
            (_, Some(Action::Last)) => self.at = last,
            _ => {}
        }
        Flow::Stay
    }

    fn mouse(&mut self, mouse: MouseEvent, area: Rect) -> Flow {
        let (inner, first) = self.window(area);
        let within = inner.contains((mouse.column, mouse.row).into());
        match mouse.kind {
            MouseEventKind::ScrollDown => {
                self.at = (self.at + 1).min(self.items.len().saturating_sub(1));
            }
            MouseEventKind::ScrollUp => self.at = self.at.saturating_sub(1),
            MouseEventKind::Down(MouseButton::Left) if within => {
                let place = first + usize::from(mouse.row - inner.y);
                if place < self.items.len() {
                    return Flow::Tell(Told::Chosen(self.action, place));
                }
            }
            MouseEventKind::Down(_) => return Flow::Close,
            _ => {}
        }
        Flow::Stay
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data, _keys: &Keys) {
        canvas.popup(area, self.size(), &self.title);
        let (inner, first) = self.window(area);
        let theme = canvas.theme;
        let items = self.items.iter().enumerate().skip(first).take(inner.height.into());
        for (n, (place, item)) in items.enumerate() {
            let line = row(inner, u16::try_from(n).unwrap_or(u16::MAX));
            let number = if place < 9 { (place + 1).to_string() } else { String::new() };
            canvas.put(line.x + 1, line.y, &number, 1, theme.faint());
            canvas.put(line.x + 3, line.y, item, line.width.saturating_sub(3), theme.plain());
            if place == self.at {
                canvas.tint(line, theme.selected());
            }
        }
    }
}
