//! What is typed into a preview: the target, or a header with a value that nobody sees.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::super::prompt::Line;
use crate::tui::{
    desk::{GivenValue, Secret},
    draw::Canvas,
    keys::Action,
    text,
};

/// Columns of a header's name before its value: the rest of the line is the value's.
const LABEL: usize = 24;

/// What is asked for.
enum Asked {
    Target,
    Name,
    /// Of this header.
    Value(String),
}

/// A line that is being typed.
pub(super) struct Field {
    asked: Asked,
    line: Line,
}

/// How typing goes on.
pub(super) enum Typing {
    Going,
    Left,
    Over(Done),
}

/// What came of it.
#[derive(Debug, PartialEq)]
pub(super) enum Done {
    Target(String),
    /// A header; without a value it is left out again.
    Header(String, Option<GivenValue>),
}

impl Field {
    pub(super) fn target(to: &str) -> Self {
        Self { asked: Asked::Target, line: Line::new(to) }
    }

    pub(super) fn header() -> Self {
        Self { asked: Asked::Name, line: Line::new("") }
    }

    /// Takes a key.
    pub(super) fn key(&mut self, key: &KeyEvent, action: Option<Action>) -> Typing {
        match key.code {
            _ if action == Some(Action::Interrupt) => Typing::Left,
            KeyCode::Esc => Typing::Left,
            KeyCode::Enter | KeyCode::Tab => self.enter(),
            _ => {
                self.line.key(key);
                Typing::Going
            }
        }
    }

    pub(super) fn paste(&mut self, pasted: &str) {
        self.line.paste(pasted.trim());
    }

    fn enter(&mut self) -> Typing {
        let typed = self.line.text().trim().to_owned();
        match &self.asked {
            Asked::Target => Typing::Over(Done::Target(typed)),
            Asked::Name => {
                let name = typed.trim_end_matches(':').trim().to_owned();
                if name.is_empty() {
                    return Typing::Left;
                }
                *self = Self { asked: Asked::Value(name), line: Line::new("") };
                Typing::Going
            }
            Asked::Value(name) => {
                let value = match typed.strip_prefix('$') {
                    _ if typed.is_empty() => None,
                    Some(variable) => Some(GivenValue::Environment(variable.to_owned())),
                    None => Some(GivenValue::Typed(Secret(typed))),
                };
                Typing::Over(Done::Header(name.clone(), value))
            }
        }
    }

    fn label(&self) -> String {
        match &self.asked {
            Asked::Target => "to: ".to_owned(),
            Asked::Name => "header: ".to_owned(),
            Asked::Value(name) => format!("{}: ", text::cut(&text::visible(name), LABEL, "…")),
        }
    }

    fn hint(&self) -> &'static str {
        match self.asked {
            Asked::Target => "Enter shows what would be sent there",
            Asked::Name => "its name, like Authorization",
            Asked::Value(_) => "unseen; $NAME: from the environment",
        }
    }

    /// What may be seen of it: a secret is as many dots, a variable's name is none.
    fn seen(&self) -> Line {
        let typed = self.line.text();
        let is_secret = matches!(self.asked, Asked::Value(_)) && !typed.starts_with('$');
        if is_secret {
            return Line::new(&"*".repeat(typed.chars().count()));
        }
        self.line.clone()
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, line: Rect) {
        self.seen().draw(canvas, line, &self.label(), self.hint());
    }

    pub(super) fn cursor(&self, line: Rect) -> (u16, u16) {
        self.line.cursor(line, &self.label())
    }
}
