//! Colours: the sixteen of the terminal and its own background, so that themes are inherited. What a
//! colour says a glyph or a word says too (tui.md §1).

use ratatui::style::{Color, Modifier, Style};

use super::rows::Status;

/// How things look.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// False for `NO_COLOR` and its like: weight, reverse and glyphs only.
    pub colour: bool,
    /// Only ASCII is drawn, save for payload.
    pub ascii: bool,
}

impl Theme {
    fn fg(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    /// Plain text.
    #[must_use]
    pub fn plain(self) -> Style {
        Style::new()
    }

    /// Headings, the crumbs.
    #[must_use]
    pub fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What matters less.
    #[must_use]
    pub fn faint(self) -> Style {
        if self.colour {
            self.fg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    /// The selected row.
    #[must_use]
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Good.
    #[must_use]
    pub fn good(self) -> Style {
        self.fg(Color::Green)
    }

    /// Bad.
    #[must_use]
    pub fn bad(self) -> Style {
        self.fg(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// A warning, something that waits.
    #[must_use]
    pub fn waiting(self) -> Style {
        self.fg(Color::Yellow)
    }

    /// Names, methods.
    #[must_use]
    pub fn name(self) -> Style {
        self.fg(Color::Cyan)
    }

    /// A hit of a search.
    #[must_use]
    pub fn hit(self) -> Style {
        self.fg(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// A row's status.
    #[must_use]
    pub fn status(self, status: Status) -> Style {
        match status {
            Status::Pending | Status::Cancelled | Status::Late => self.waiting(),
            Status::Ok => self.good(),
            _ => self.bad(),
        }
    }

    /// One of two spellings.
    #[must_use]
    pub fn glyph(self, full: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { full }
    }
}
