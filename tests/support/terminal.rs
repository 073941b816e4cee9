//! wiretape on a terminal: a pty, and what a terminal would show of what comes out of it.
//!
//! Nothing sleeps to wait: a test says what it waits for, and every wait has an end.

use std::{
    fmt::Write as _,
    io::{Read, Write},
    num::NonZeroU16,
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

#[path = "probe.rs"]
mod probe;

use base64::Engine as _;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take on a machine that is busy with much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between an Escape and the next key: bytes that follow at once read as Alt and a letter (tui.md §1).
const ESCAPE: Duration = Duration::from_millis(80);

/// Nothing comes for so long: what a key brought is all there. A frame is written at once.
const QUIET: Duration = Duration::from_millis(40);

pub(crate) const ESC: &str = "\x1b";
pub(crate) const ENTER: &str = "\r";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_Z: &str = "\x1a";

/// A program on a terminal. Killed when dropped.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    modes: String,
}

/// What has come out so far.
struct Seen {
    parser: vt100::Parser<Told>,
    bytes: usize,
    raw: Vec<u8>,
    over: bool,
    /// When the last of it came.
    at: Instant,
    probe: Option<probe::Probe>,
}

/// What a terminal is told beside text.
#[derive(Default)]
struct Told {
    copied: Vec<Vec<u8>>,
    titles: Vec<Vec<u8>>,
}

impl vt100::Callbacks for Told {
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.copied.push(data.to_vec());
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.titles.push(title.to_vec());
    }
}

/// How a program is started.
pub(crate) struct Start {
    command: CommandBuilder,
    size: (u16, u16),
}

impl Start {
    /// wiretape with these words, on a home.
    pub(crate) fn wiretape(home: &Path, words: &[&str]) -> Self {
        Self::program(env!("CARGO_BIN_EXE_wiretape"), home, words)
    }

    /// Another wiretape likewise.
    pub(crate) fn program(binary: &str, home: &Path, words: &[&str]) -> Self {
        let mut command = CommandBuilder::new(binary);
        command.args(words);
        command.arg("--home");
        command.arg(home);
        Self::of(command)
    }

    /// A shell with job control, in which `wiretape` is ours.
    pub(crate) fn shell() -> Self {
        let mut command = CommandBuilder::new("bash");
        command.args(["--noprofile", "--norc", "-i"]);
        let mut start = Self::of(command);
        start.command.env("PS1", "shell$ ");
        start
    }

    /// A line of a shell that takes no keys.
    pub(crate) fn script(line: &str) -> Self {
        let mut command = CommandBuilder::new("bash");
        command.args(["--noprofile", "--norc", "-c", line]);
        Self::of(command)
    }

    fn of(mut command: CommandBuilder) -> Self {
        let of_the_tester = [
            "WIRETAPE_HOME",
            "XDG_RUNTIME_DIR",
            "RUST_LOG",
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "COLORTERM",
        ];
        for name in of_the_tester {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        Self { command, size: (80, 24) }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// More words.
    pub(crate) fn words(mut self, words: &[&str]) -> Self {
        self.command.args(words);
        self
    }

    /// Where it runs.
    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.cwd(folder);
        self
    }

    pub(crate) fn size(mut self, width: u16, height: u16) -> Self {
        self.size = (width, height);
        self
    }

    pub(crate) fn start(self) -> Terminal {
        let (width, height) = self.size;
        let pair = native_pty_system().openpty(pty_size(width, height)).expect("a pty");
        let modes = modes(&*pair.master);
        let child = pair.slave.spawn_command(self.command).expect("it starts");
        drop(pair.slave);
        let parser = vt100::Parser::new_with_callbacks(
            NonZeroU16::new(height).expect("rows"),
            NonZeroU16::new(width).expect("columns"),
            0,
            Told::default(),
        );
        let seen = Seen {
            parser,
            bytes: 0,
            raw: Vec::new(),
            over: false,
            at: Instant::now(),
            probe: None,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let watching = Arc::clone(&seen);
        let watch = move || {
            let mut part = vec![0; 65_536];
            let mut waiting = Vec::new();
            loop {
                // The end of a pty is an error on Linux.
                let read = output.read(&mut part).unwrap_or(0);
                let at = Instant::now();
                let mut seen = watching.0.lock().unwrap_or_else(PoisonError::into_inner);
                let new = &part[..read];
                waiting.extend_from_slice(new);
                let whole = if read == 0 { waiting.len() } else { whole_frames(&waiting) };
                let rest = waiting.split_off(whole);
                seen.show(&waiting, at);
                waiting = rest;
                seen.raw.extend_from_slice(new);
                seen.bytes += read;
                seen.over = read == 0;
                if read > 0 {
                    seen.at = at;
                }
                watching.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        };
        wiretape::tasks::thread("pty", watch).expect("a thread");
        let keyboard = pair.master.take_writer().expect("a writer");
        Terminal { master: pair.master, keyboard, child, seen, modes }
    }
}

/// How much of it can be shown: a frame that has begun is shown when it is there as a whole, as by
/// terminals that know synchronised updates.
fn whole_frames(bytes: &[u8]) -> usize {
    let last = |sequence: &[u8]| bytes.windows(sequence.len()).rposition(|own| own == sequence);
    let (begins, ends) = (last(b"\x1b[?2026h"), last(b"\x1b[?2026l"));
    begins.filter(|begins| ends.is_none_or(|end| end < *begins)).unwrap_or(bytes.len())
}

fn pty_size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// The line discipline's modes: raw or not, echo or not.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("modes"))
}

/// What stands on the screen at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) rows: Vec<String>,
    /// Every cell of every row; behind a wide one stands an empty one.
    pub(crate) cells: Vec<Vec<String>>,
    pub(crate) cursor: Option<(u16, u16)>,
    pub(crate) alternate: bool,
    pub(crate) mouse: bool,
    pub(crate) paste: bool,
    /// Rows in which a cell is reversed.
    pub(crate) reversed: Vec<usize>,
    /// Some cell has a colour of its own.
    pub(crate) coloured: bool,
}

impl Shown {
    pub(crate) fn text(&self) -> String {
        self.rows.join("\n")
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.rows.iter().any(|row| row.contains(text))
    }

    /// The row that is selected.
    pub(crate) fn selected(&self) -> Option<&str> {
        self.reversed.first().map(|row| self.rows[*row].as_str())
    }
}

impl Seen {
    fn shown(&self) -> Shown {
        let screen = self.parser.screen();
        let (height, width) = screen.size();
        let (height, width) = (height.get(), width.get());
        let cells = |y| (0..width).filter_map(move |x| screen.cell(y, x));
        let (y, x) = screen.cursor_position();
        Shown {
            rows: screen.rows(0, width).map(|row| row.trim_end().to_owned()).collect(),
            cells: (0..height)
                .map(|y| cells(y).map(|cell| cell.contents().to_owned()).collect())
                .collect(),
            cursor: (!screen.hide_cursor()).then_some((x, y)),
            alternate: screen.alternate_screen(),
            mouse: screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
            paste: screen.bracketed_paste(),
            reversed: (0..height)
                .filter(|y| cells(*y).any(vt100::Cell::inverse))
                .map(usize::from)
                .collect(),
            coloured: (0..height).flat_map(cells).any(|cell| {
                let plain = vt100::Color::Default;
                cell.fgcolor() != plain || cell.bgcolor() != plain
            }),
        }
    }
}

impl Terminal {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One key, and nothing is waited for.
    pub(crate) fn press(&mut self, key: &str) {
        self.keyboard.write_all(key.as_bytes()).expect("the pty takes it");
        self.keyboard.flush().expect("the pty takes it");
    }

    /// Types; an Escape at the end is given the time that makes it one.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        self.press(keys);
        if keys.ends_with(ESC) {
            thread::sleep(ESCAPE);
        }
        self
    }

    /// Another size.
    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        let mut seen = self.seen();
        let (rows, cols) = (NonZeroU16::new(height), NonZeroU16::new(width));
        seen.parser.screen_mut().set_size(rows.expect("rows"), cols.expect("columns"));
        drop(seen);
        self.master.resize(pty_size(width, height)).expect("a size");
    }

    /// Waits until the screen is so; says what stood there if it never is.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Shown) -> bool) -> Shown {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.seen();
        loop {
            let shown = seen.shown();
            if is_so(&shown) {
                return shown;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.over {
                let ended = if seen.over { "the program ended; " } else { "" };
                panic!("{ended}waited in vain for: {what}\n{}", framed(&shown));
            }
            seen = self.seen.1.wait_timeout(seen, left).expect("no panic").0;
        }
    }

    /// Waits for more output than there was.
    pub(crate) fn until_bytes(&self, before: usize) {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.seen();
        while seen.bytes <= before {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !seen.over, "nothing came out");
            seen = self.seen.1.wait_timeout(seen, left).expect("no panic").0;
        }
    }

    /// From a key to the last byte that it brings (tui.md §9, 10): what comes until nothing has come
    /// for a while. The key has to change something.
    pub(crate) fn answers(&mut self, keys: &str) -> Duration {
        let before = self.bytes();
        let pressed = Instant::now();
        self.press(keys);
        self.until_bytes(before);
        let mut seen = self.seen();
        loop {
            let left = QUIET.saturating_sub(seen.at.elapsed());
            if left.is_zero() || seen.over {
                return seen.at.saturating_duration_since(pressed);
            }
            seen = self.seen.1.wait_timeout(seen, left).expect("no panic").0;
        }
    }

    /// The processor's time of the program, in ticks: utime and stime (proc(5)).
    pub(crate) fn ticks(&self) -> u64 {
        let told = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it runs");
        let behind = told.rsplit(')').next().expect("fields");
        let fields: Vec<&str> = behind.split_whitespace().collect();
        let number = |place: usize| fields[place].parse::<u64>().expect("a number");
        number(11) + number(12)
    }

    /// Resident memory, bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(status).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        let kb: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kb * 1024
    }

    /// Waits for a text.
    pub(crate) fn shows(&self, text: &str) -> Shown {
        self.until(text, |shown| shown.has(text))
    }

    pub(crate) fn shown(&self) -> Shown {
        self.seen().shown()
    }

    /// All bytes that came out so far.
    pub(crate) fn bytes(&self) -> usize {
        self.seen().bytes
    }

    pub(crate) fn raw(&self) -> Vec<u8> {
        self.seen().raw.clone()
    }

    /// What was copied last, by OSC 52.
    pub(crate) fn copied(&self) -> String {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.seen();
        loop {
            if let Some(data) = seen.parser.callbacks().copied.last() {
                let text = base64::engine::general_purpose::STANDARD.decode(data).expect("base64");
                return String::from_utf8(text).expect("UTF-8");
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nothing was copied");
            seen = self.seen.1.wait_timeout(seen, left).expect("no panic").0;
        }
    }

    /// Titles that were set.
    pub(crate) fn titles(&self) -> usize {
        self.seen().parser.callbacks().titles.len()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_none()
    }

    /// Waits for its end, and for all of its output.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            assert!(Instant::now() < end, "it never ended:\n{}", framed(&self.shown()));
            thread::sleep(Duration::from_millis(5));
        };
        let mut seen = self.seen();
        while !seen.over {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "its output never ended");
            seen = self.seen.1.wait_timeout(seen, left).expect("no panic").0;
        }
        status
    }

    /// The terminal is as it was before: its modes, its screen, its mouse.
    pub(crate) fn is_given_back(&self) {
        let shown = self.shown();
        assert!(!shown.alternate, "the alternate screen stayed");
        assert!(shown.cursor.is_some(), "the cursor stayed hidden");
        assert!(!shown.mouse, "the mouse stayed taken");
        assert!(!shown.paste, "bracketed paste stayed on");
        assert_eq!(modes(&*self.master), self.modes, "the modes stayed changed");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Already ended in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A screen for a failure's message.
fn framed(shown: &Shown) -> String {
    let mut text = String::new();
    for row in &shown.rows {
        let _ = writeln!(text, "|{row}");
    }
    text
}
