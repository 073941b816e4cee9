//! A recording on the screen, wherever it comes from: what a person sees of it is the same.

use std::{path::Path, thread};

use tempfile::tempdir;

use super::{
    terminal::{Shown, Start, Terminal},
    wiretape::{Recorder, run},
};

/// Where a recording comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file.
    Tape,
    /// A home that nobody uses.
    Store,
    /// A home into which another process records: through its socket.
    Attached,
    /// A home into which this process records.
    Live,
}

impl Source {
    pub(crate) const ALL: [Self; 4] = [Self::Tape, Self::Store, Self::Attached, Self::Live];

    /// More may come at any time.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::Attached | Self::Live)
    }

    /// Opens what a tape holds; `start` sets the terminal up. The recorder lives as long as the look.
    pub(crate) fn open(
        self,
        home: &Path,
        tape: &Path,
        start: impl FnOnce(Start) -> Start,
    ) -> (Terminal, Option<Recorder>) {
        let tape = tape.to_str().expect("UTF-8");
        if self != Self::Tape {
            run(home, &["import", tape]);
        }
        let recorder = (self == Self::Attached).then(|| Recorder::start(home, &[]));
        let words: &[&str] = match self {
            Self::Tape => &["open", tape],
            Self::Store | Self::Attached => &["open"],
            Self::Live => &["record", "--listen", "127.0.0.1:0"],
        };
        let terminal = start(Start::wiretape(home, words)).start();
        terminal.until("the sessions", has_sessions);
        (terminal, recorder)
    }
}

/// The list of sessions is there, with a row.
pub(crate) fn has_sessions(shown: &Shown) -> bool {
    let chrome = shown.rows[0].contains("sessions")
        && shown.rows.last().is_some_and(|row| row.contains(" help"));
    chrome && shown.selected().is_some()
}

/// Looks at a tape from everywhere at once. What fails is told by the thread's name.
pub(crate) fn on_each(
    tape: &Path,
    start: impl Fn(Start) -> Start + Sync,
    check: impl Fn(Source, &mut Terminal, &Path) + Sync,
) {
    thread::scope(|scope| {
        for source in Source::ALL {
            let (start, check) = (&start, &check);
            let look = move || {
                let home = tempdir().expect("a folder");
                let (mut terminal, _recorder) = source.open(home.path(), tape, start);
                check(source, &mut terminal, home.path());
            };
            let name = format!("{source:?}");
            thread::Builder::new().name(name).spawn_scoped(scope, look).expect("a thread");
        }
    });
}
