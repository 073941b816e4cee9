//! The terminal, taken and given back: raw mode, the alternate screen, mouse, bracketed paste, and fd 2,
//! which is the log's while the screen is up. One guard gives back all of it, after an end, an error,
//! a panic of any thread or a signal (tui.md §1, terminal hygiene).

use std::{
    io::{self, IsTerminal as _, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crossterm::{
    cursor, event, queue,
    style::{Attribute, SetAttribute},
    terminal::{self, EnterAlternateScreen, LeaveAlternateScreen},
};
use tokio::sync::Notify;

use super::app::Log;

/// The terminal is ours.
static HELD: AtomicBool = AtomicBool::new(false);
/// Nothing is painted any more: a thread panicked, and its message shall stay.
static DEAD: AtomicBool = AtomicBool::new(false);
/// Who writes a frame.
static PAINTING: Mutex<()> = Mutex::new(());
/// Tells the loop that it is over.
static DIED: Notify = Notify::const_new();
/// Where fd 2 went before.
#[cfg(unix)]
static STDERR: Mutex<Option<std::os::fd::OwnedFd>> = Mutex::new(None);

/// How long a panic waits for a frame that is being written; a terminal may have been stopped.
const PATIENCE: Duration = Duration::from_millis(300);

/// Buttons, drags and the wheel, with places as decimals. No bare movement (1003): every move of the
/// mouse would wake us.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Holds the terminal until it is dropped.
#[derive(Debug)]
pub(crate) struct Screen {
    mouse: bool,
    log: Option<Log>,
}

impl Screen {
    /// Takes the terminal.
    pub(crate) fn take(mouse: bool, log: Option<Log>) -> io::Result<Self> {
        let screen = Self { mouse, log };
        screen.retake()?;
        Ok(screen)
    }

    /// Takes it, again: after the program was suspended. Somebody may have changed its modes.
    pub(crate) fn retake(&self) -> io::Result<()> {
        let _ = terminal::disable_raw_mode();
        terminal::enable_raw_mode()?;
        HELD.store(true, Ordering::SeqCst);
        self.take_stderr();
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, event::EnableBracketedPaste, cursor::Hide)?;
        if self.mouse {
            bytes.extend_from_slice(MOUSE_ON.as_bytes());
        }
        write_out(&bytes)
    }

    /// Listens to the mouse, or leaves it to the terminal.
    pub(crate) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        write_out(if on { MOUSE_ON } else { MOUSE_OFF }.as_bytes())
    }

    /// Gives everything back. May be called by anybody at any time, also twice.
    pub(crate) fn give_back() -> bool {
        if !HELD.swap(false, Ordering::SeqCst) {
            return false;
        }
        let mut bytes = MOUSE_OFF.as_bytes().to_vec();
        // A vector takes everything.
        let _ = queue!(
            bytes,
            SetAttribute(Attribute::Reset),
            event::DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = write_out(&bytes);
        let _ = terminal::disable_raw_mode();
        give_back_stderr();
        true
    }

    /// Gives back what somebody else took to whom it was lent, and who ended in the middle of it.
    pub(crate) fn give_back_again() {
        HELD.store(true, Ordering::SeqCst);
        Self::give_back();
    }

    #[cfg(unix)]
    fn take_stderr(&self) {
        // What goes into a file or a pipe may go on.
        let Some(log) = self.log.as_ref().filter(|_| io::stderr().is_terminal()) else { return };
        let mut before = STDERR.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(own) = rustix::io::dup(rustix::stdio::stderr())
            && rustix::stdio::dup2_stderr(&*log.file).is_ok()
        {
            *before = Some(own);
        }
    }

    #[cfg(not(unix))]
    fn take_stderr(&self) {
        let _ = (&self.log, io::stderr().is_terminal());
    }
}

/// The line discipline's modes at one moment, for whoever is lent the terminal may end without putting
/// them back: an editor that is killed leaves it raw, and raw it would stay.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Modes(Option<rustix::termios::Termios>);

#[cfg(unix)]
impl Modes {
    /// As they are now.
    pub(crate) fn now() -> Self {
        Self(rustix::termios::tcgetattr(rustix::stdio::stdout()).ok())
    }

    /// As they were then.
    pub(crate) fn restore(&self) {
        if let Some(modes) = &self.0 {
            let now = rustix::termios::OptionalActions::Now;
            // A terminal that has gone has none.
            let _ = rustix::termios::tcsetattr(rustix::stdio::stdout(), now, modes);
        }
    }
}

/// A console's are its program's own.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Modes;

#[cfg(not(unix))]
impl Modes {
    pub(crate) fn now() -> Self {
        Self
    }

    pub(crate) fn restore(&self) {}
}

impl Drop for Screen {
    fn drop(&mut self) {
        Self::give_back();
    }
}

#[cfg(unix)]
fn give_back_stderr() {
    if let Some(before) = STDERR.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = rustix::stdio::dup2_stderr(before);
    }
}

#[cfg(not(unix))]
fn give_back_stderr() {}

/// A thread panicked: nothing is painted from here on, the terminal is given back, the loop ends.
/// False where there is no screen, or another panic came first.
pub(crate) fn abandon() -> bool {
    if !HELD.load(Ordering::SeqCst) || DEAD.swap(true, Ordering::SeqCst) {
        return false;
    }
    // A frame that is on its way goes out whole, lest its rest follow onto the shell's screen. If it
    // is our own, or the terminal takes nothing, this ends all the same.
    let begun = Instant::now();
    while PAINTING.try_lock().is_err() && begun.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
    }
    let held = Screen::give_back();
    DIED.notify_one();
    held
}

/// Waits for [`abandon`].
pub(crate) async fn died() {
    DIED.notified().await;
}

/// Where frames are written: whole, at once, and not after a panic.
#[derive(Debug, Default)]
pub(crate) struct Out {
    frame: Vec<u8>,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _painting = PAINTING.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = std::mem::take(&mut self.frame);
        if DEAD.load(Ordering::SeqCst) || !HELD.load(Ordering::SeqCst) || frame.is_empty() {
            return Ok(());
        }
        let written = write_out(&frame);
        // Its room is kept for the next one.
        self.frame = frame;
        self.frame.clear();
        written
    }
}

/// Writes to the terminal past std's lock, which a thread that panics may never get.
#[cfg(unix)]
fn write_out(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(rustix::stdio::stdout(), bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => thread::sleep(Duration::from_millis(1)),
            Err(why) => return Err(why.into()),
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
