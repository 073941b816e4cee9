//! A text over the view, to read and to scroll: wiretape's own log and its like.

use crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::{Flow, Overlay, prompt::bottom};
use crate::tui::{
    app::{Data, Effects},
    draw::{Canvas, row},
    keys::{Action, Keys},
    text,
};

/// Rows that the wheel moves.
const WHEEL: usize = 3;

/// Lines, their end in view first.
pub(crate) struct Notice {
    title: String,
    lines: Vec<String>,
    /// Lines between the last one and the last one shown.
    up: usize,
    height: usize,
}

impl Notice {
    /// A text with line ends.
    pub(crate) fn new(title: &str, whole: &str) -> Self {
        let lines = whole.lines().map(|line| text::visible(line).into_owned()).collect();
        Self { title: title.to_owned(), lines, up: 0, height: 1 }
    }

    fn scroll(&mut self, up: usize) {
        self.up = up.min(self.lines.len().saturating_sub(self.height));
    }
}

impl Overlay for Notice {
    fn key(
        &mut self,
        _key: &KeyEvent,
        action: Option<Action>,
        data: &mut Data,
        _effects: &mut Effects,
    ) -> Flow {
        self.height = usize::from(data.area.height).saturating_add(1);
        match action {
            Some(Action::Escape | Action::Quit | Action::Interrupt | Action::Open) => {
                return Flow::Close;
            }
            Some(Action::Down) => self.scroll(self.up.saturating_sub(1)),
            Some(Action::Up) => self.scroll(self.up + 1),
            Some(Action::PageDown | Action::HalfDown) => {
                self.scroll(self.up.saturating_sub(self.height));
            }
            Some(Action::PageUp | Action::HalfUp) => self.scroll(self.up + self.height),
            Some(Action::First) => self.scroll(usize::MAX),
            Some(Action::Last) => self.scroll(0),
            _ => {}
        }
        Flow::Stay
    }

    fn mouse(&mut self, mouse: MouseEvent, area: Rect) -> Flow {
        self.height = usize::from(area.height.saturating_sub(2));
        match mouse.kind {
            MouseEventKind::ScrollDown => self.scroll(self.up.saturating_sub(WHEEL)),
            MouseEventKind::ScrollUp => self.scroll(self.up + WHEEL),
            _ => {}
        }
        Flow::Stay
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data, _keys: &Keys) {
        canvas.clear(area);
        let theme = canvas.theme;
        let height = usize::from(area.height.saturating_sub(2));
        canvas.put(area.x + 1, area.y, &self.title, area.width - 2, theme.heading());
        let end = self.lines.len().saturating_sub(self.up);
        let shown = self.lines.get(end.saturating_sub(height)..end).unwrap_or_default();
        for (n, text) in shown.iter().enumerate() {
            let line = row(area, u16::try_from(n + 1).unwrap_or(u16::MAX));
            canvas.put(line.x + 1, line.y, text, line.width - 2, theme.plain());
        }
        let line = bottom(area);
        canvas.put(line.x + 1, line.y, "j k scroll  Esc close", line.width - 2, theme.faint());
    }
}
