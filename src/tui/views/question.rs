//! A question with yes and no: leaving while recording, deleting a session.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::{Flow, Overlay, Told};
use crate::tui::{
    app::{Data, Effects},
    draw::{Canvas, row},
    keys::{Action, Keys},
    text,
};

/// Columns of the text.
const WIDE: u16 = 60;

/// What is asked. `y` is yes; anything else that ends it is no.
pub(crate) struct Question {
    title: &'static str,
    lines: Vec<String>,
    yes: Yes,
}

/// What a yes does.
enum Yes {
    Quit,
    Tell(Action),
}

impl Question {
    /// The view below is told [`Told::Yes`] with the action.
    pub(crate) fn new(action: Action, title: &'static str, text: &str) -> Self {
        Self { title, lines: lines(text), yes: Yes::Tell(action) }
    }

    /// A yes leaves.
    pub(crate) fn quit(text: &str) -> Self {
        Self { title: "Quit", lines: lines(text), yes: Yes::Quit }
    }
}

fn lines(told: &str) -> Vec<String> {
    text::wrap(&text::visible(told), WIDE.into())
}

impl Overlay for Question {
    fn key(
        &mut self,
        key: &KeyEvent,
        action: Option<Action>,
        _data: &mut Data,
        _effects: &mut Effects,
    ) -> Flow {
        let again = action == Some(Action::Interrupt);
        match (key.code, &self.yes) {
            (KeyCode::Char('y' | 'Y'), Yes::Quit) => Flow::Quit,
            // ^C twice quits (tui.md §1).
            (_, Yes::Quit) if again => Flow::Quit,
            (KeyCode::Char('y' | 'Y'), Yes::Tell(action)) => Flow::Tell(Told::Yes(*action)),
            (KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc, _) => Flow::Close,
            _ if again => Flow::Close,
            _ => Flow::Stay,
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data, _keys: &Keys) {
        let height = u16::try_from(self.lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let inner = canvas.popup(area, (WIDE + 2, height), self.title);
        let theme = canvas.theme;
        for (n, line) in self.lines.iter().enumerate() {
            let at = row(inner, u16::try_from(n).unwrap_or(u16::MAX));
            if at.height > 0 {
                canvas.put(at.x + 1, at.y, line, at.width.saturating_sub(2), theme.plain());
            }
        }
        let last = row(inner, inner.height.saturating_sub(1));
        canvas.put(
            last.x + 1,
            last.y,
            "y yes   n no",
            last.width.saturating_sub(2),
            theme.heading(),
        );
    }
}
