//! The terminal, taken and given back: raw mode, the alternate screen, mouse, bracketed paste. One
//! guard gives back all of it, after an end, an error, a panic or a signal.

use std::io::{self, Write as _, stdout};

use crossterm::{
    cursor, event,
    terminal::{self, EnterAlternateScreen, LeaveAlternateScreen},
};

/// Holds the terminal until it is dropped.
#[derive(Debug)]
pub(crate) struct Screen {
    mouse: bool,
}

impl Screen {
    /// Takes the terminal.
    pub(crate) fn take(mouse: bool) -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let screen = Self { mouse };
        let mut out = stdout();
        crossterm::execute!(
            out,
            EnterAlternateScreen,
            event::EnableBracketedPaste,
            cursor::Hide,
            terminal::Clear(terminal::ClearType::All)
        )?;
        if screen.mouse {
            crossterm::execute!(out, event::EnableMouseCapture)?;
        }
        Ok(screen)
    }

    /// Gives everything back. May be called by anybody at any time, also twice.
    pub(crate) fn give_back() {
        let mut out = stdout();
        let _ = crossterm::execute!(
            out,
            event::DisableMouseCapture,
            event::DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = out.flush();
        let _ = terminal::disable_raw_mode();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        Self::give_back();
    }
}
