//! The state onto the terminal: what differs from what stands there, as one write, which terminals
//! that know synchronised updates (DEC mode 2026) show at once. Never asks the terminal anything, so a
//! repaint after a suspension waits for no answer (dua-cli #387).

use std::io::{self, Write as _};

use crossterm::{
    cursor::{Hide, MoveTo, Show},
    queue,
    terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate},
};
use ratatui::{
    backend::{Backend as _, CrosstermBackend},
    buffer::Buffer,
    layout::Rect,
};

use super::{app::App, screen::Out};

/// What stands on the terminal, and what shall.
pub(crate) struct Painter {
    backend: CrosstermBackend<Out>,
    shown: Buffer,
    next: Buffer,
    cursor: Option<(u16, u16)>,
    /// Nothing is known of what stands there.
    whole: bool,
}

impl Painter {
    /// Begins with a screen of which nothing is known.
    pub(crate) fn new((width, height): (u16, u16)) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self {
            backend: CrosstermBackend::new(Out::default()),
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
            cursor: None,
            whole: true,
        }
    }

    /// The screen has another size.
    pub(crate) fn resize(&mut self, (width, height): (u16, u16)) {
        let area = Rect::new(0, 0, width, height);
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
        self.whole = true;
    }

    /// Sends what is no cell: a text for the clipboard.
    pub(crate) fn escape(&mut self, sequence: &str) -> io::Result<()> {
        self.backend.write_all(sequence.as_bytes())?;
        io::Write::flush(&mut self.backend)
    }

    /// Every cell is painted the next time.
    pub(crate) fn forget(&mut self) {
        self.whole = true;
    }

    /// Paints what changed; writes nothing where nothing did.
    pub(crate) fn paint(&mut self, app: &App) -> io::Result<()> {
        self.next.reset();
        app.draw(&mut self.next);
        let cursor = app.cursor(*self.next.area());
        if self.whole {
            self.shown.reset();
        }
        let mut changed = self.shown.diff_iter(&self.next).peekable();
        let same = changed.peek().is_none();
        if same && cursor == self.cursor && !self.whole {
            return Ok(());
        }
        queue!(self.backend, BeginSynchronizedUpdate)?;
        if self.whole {
            queue!(self.backend, Hide, Clear(ClearType::All))?;
            self.cursor = None;
        }
        if self.cursor.is_some() {
            queue!(self.backend, Hide)?;
        }
        if !same {
            self.backend.draw(changed)?;
        }
        if let Some((x, y)) = cursor {
            queue!(self.backend, MoveTo(x, y), Show)?;
        }
        queue!(self.backend, EndSynchronizedUpdate)?;
        self.cursor = cursor;
        self.whole = false;
        std::mem::swap(&mut self.shown, &mut self.next);
        io::Write::flush(&mut self.backend)
    }
}
