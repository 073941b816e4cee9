//! A few lines over the view, and a yes or no.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::{Flow, Overlay};
use crate::tui::{
    app::{Data, Effects},
    draw::Canvas,
    keys::{Action, Keys},
};

/// Words, perhaps a question.
pub(crate) struct Notice {
    text: String,
    quits: bool,
}

impl Notice {
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), quits: false }
    }

    pub(crate) fn quit(text: String) -> Self {
        Self { text, quits: true }
    }
}

impl Overlay for Notice {
    fn key(
        &mut self,
        key: &KeyEvent,
        action: Option<Action>,
        _data: &mut Data,
        _effects: &mut Effects,
    ) -> Flow {
        match (key.code, action) {
            (KeyCode::Char('y') | KeyCode::Enter, _) | (_, Some(Action::Interrupt))
                if self.quits =>
            {
                Flow::Quit
            }
            _ => Flow::Close,
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data, _keys: &Keys) {
        let y = area.y + area.height - 2;
        canvas.put(area.x, y, &" ".repeat(area.width.into()), area.width, canvas.theme.plain());
        canvas.put(area.x + 1, y, &self.text, area.width - 2, canvas.theme.waiting());
    }
}
