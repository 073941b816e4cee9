//! How long it takes until a key is answered: from the key to the last byte of the first frame that
//! shows what the key does. A frame ends where its synchronized update does (tui/paint.rs), so frames
//! that other news paint meanwhile are told from it, and a frame that shows half of it is none.

#![allow(dead_code, reason = "each binary takes what it needs")]

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use super::{PATIENCE, Seen, Shown, Terminal, framed};

/// What the frame is to show, and when the last byte of that frame came.
pub(super) struct Probe {
    is_it: Box<dyn Fn(&Shown) -> bool + Send>,
    at: Option<Instant>,
}

const FRAME_END: &[u8] = b"\x1b[?2026l";

impl Seen {
    /// Shows whole frames that came at this time; one by one while one is waited for.
    pub(super) fn show(&mut self, frames: &[u8], at: Instant) {
        let mut from = 0;
        if self.probe.as_ref().is_some_and(|probe| probe.at.is_none()) {
            for end in memchr::memmem::find_iter(frames, FRAME_END) {
                let end = end + FRAME_END.len();
                self.parser.process(&frames[from..end]);
                from = end;
                let shown = self.shown();
                if let Some(probe) = self.probe.as_mut().filter(|probe| probe.at.is_none())
                    && (probe.is_it)(&shown)
                {
                    probe.at = Some(at);
                }
            }
        }
        self.parser.process(&frames[from..]);
    }
}

impl Terminal {
    /// Types, and waits for the frame that answers; how long that took.
    pub(crate) fn answer(
        &mut self,
        keys: &str,
        what: &str,
        is_answer: impl Fn(&Shown) -> bool + Send + 'static,
    ) -> Duration {
        self.seen().probe = Some(Probe { is_it: Box::new(is_answer), at: None });
        let typed = Instant::now();
        self.keyboard.write_all(keys.as_bytes()).expect("the pty takes it");
        self.keyboard.flush().expect("the pty takes it");
        self.arrived(what).duration_since(typed)
    }

    /// Waits for a frame; when its last byte came, or now where it stands there already.
    pub(crate) fn frame(
        &mut self,
        what: &str,
        is_it: impl Fn(&Shown) -> bool + Send + 'static,
    ) -> Instant {
        let mut seen = self.seen();
        if is_it(&seen.shown()) {
            return Instant::now();
        }
        seen.probe = Some(Probe { is_it: Box::new(is_it), at: None });
        drop(seen);
        self.arrived(what)
    }

    fn arrived(&self, what: &str) -> Instant {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.seen();
        loop {
            if let Some(at) = seen.probe.as_ref().and_then(|probe| probe.at) {
                seen.probe = None;
                return at;
            }
            let left = end.saturating_duration_since(Instant::now());
            let goes_on = !left.is_zero() && !seen.over;
            assert!(goes_on, "no frame shows: {what}\n{}", framed(&seen.shown()));
            seen = self.seen.1.wait_timeout(seen, left).expect("no panic").0;
        }
    }
}
