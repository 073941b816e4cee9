//! Lines on their way out of the program: a thread writes them, so that a stderr that takes nothing
//! (a pipe that nobody reads, a stopped terminal) holds no traffic up.
//!
//! Not tracing-appender's: that one complains on stdout, which is data, and wants a thread or panics.

use std::{
    fs::File,
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::file;
use crate::cli::{output::Output, visible};

/// Lines that wait; more are counted and left out. With [`LINE`] that is 16 MiB at most.
const LINES: usize = 4_096;

/// Bytes of a line; what is longer is cut.
const LINE: usize = 4_096;

/// Where lines go.
#[derive(Clone)]
pub(super) enum To {
    /// stderr.
    Talk,
    /// A file, to its end.
    File(Arc<File>),
    /// There is a screen and no file.
    Nowhere,
}

pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    lines: Vec<String>,
    left_out: u64,
    writing: bool,
    to: To,
}

impl Queue {
    pub(super) const fn new() -> Self {
        let state = State { lines: Vec::new(), left_out: 0, writing: false, to: To::Talk };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Writes for as long as the program runs.
    pub(super) fn run(&self, mut out: Output) {
        loop {
            let (lines, left_out, to) = self.taken();
            let remark =
                format!("{left_out} lines of the log were left out: it is not read fast enough");
            let remark = (left_out > 0).then_some(remark);
            for line in lines.iter().chain(&remark) {
                match &to {
                    To::Talk => out.talk(line),
                    To::File(to) => file::append(to, line),
                    To::Nowhere => {}
                }
            }
            self.lock().writing = false;
            self.changed.notify_all();
        }
    }

    /// From now on lines go there.
    pub(super) fn turn(&self, to: To) {
        self.lock().to = to;
    }

    /// Waits until all is written, but not for ever.
    pub(super) fn wait(&self, patience: Duration) {
        let waits = |state: &mut State| state.writing || !state.lines.is_empty();
        drop(self.changed.wait_timeout_while(self.lock(), patience, waits));
    }

    /// Waits for lines, and takes them.
    fn taken(&self) -> (Vec<String>, u64, To) {
        let is_idle = |state: &mut State| state.lines.is_empty();
        let state = self.changed.wait_while(self.lock(), is_idle);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.writing = true;
        let taken = (std::mem::take(&mut state.lines), state.left_out, state.to.clone());
        state.left_out = 0;
        taken
    }

    fn push(&self, line: &[u8]) {
        let line = shown(line);
        let mut state = self.lock();
        if state.lines.len() < LINES {
            state.lines.push(line);
        } else {
            state.left_out += 1;
        }
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event as one line that no terminal obeys: what a peer said may be in it.
fn shown(event: &[u8]) -> String {
    let event = event.strip_suffix(b"\n").unwrap_or(event);
    match event.get(..LINE) {
        Some(cut) if event.len() > LINE => visible::bytes(cut) + "…",
        _ => visible::bytes(event),
    }
}

/// Takes an event, which comes whole.
pub(super) struct Pen(pub(super) &'static Queue);

impl Write for Pen {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.push(event);
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_harmless_line() {
        assert_eq!(shown(b"a\x1b[2Jb\nc\xff\n"), "a\\x1b[2Jb\\nc\\xff");
        let long = shown("é".repeat(LINE).as_bytes());
        assert!(long.ends_with('…') && long.len() < LINE + 4, "{}", long.len());
    }

    #[test]
    fn what_nobody_reads_is_bounded_and_counted() {
        let queue = Queue::new();
        for _ in 0..LINES + 3 {
            queue.push(b"x");
        }
        // Nobody writes: the end of the program waits, and goes on.
        queue.wait(Duration::from_millis(1));
        let (lines, left_out, _) = queue.taken();
        assert_eq!((lines.len(), left_out), (LINES, 3));
    }
}
