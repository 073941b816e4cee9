//! A recording on the screen, wherever it comes from: what a person sees of it is the same.

use std::{fmt::Debug, path::Path, thread};

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

    /// Puts there what a tape holds. The recorder lives as long as the look.
    pub(crate) fn fill(self, home: &Path, tape: &Path) -> Option<Recorder> {
        if self != Self::Tape {
            run(home, &["import", tape.to_str().expect("UTF-8")]);
        }
        (self == Self::Attached).then(|| Recorder::start(home, &[]))
    }

    /// The program that shows it.
    pub(crate) fn start(self, home: &Path, tape: &Path) -> Start {
        let words: &[&str] = match self {
            Self::Tape => &["open", tape.to_str().expect("UTF-8")],
            Self::Store | Self::Attached => &["open"],
            Self::Live => &["record", "--listen", "127.0.0.1:0"],
        };
        Start::wiretape(home, words)
    }

    /// Opens it; `start` sets the terminal up.
    pub(crate) fn open(
        self,
        home: &Path,
        tape: &Path,
        start: impl FnOnce(Start) -> Start,
    ) -> (Terminal, Option<Recorder>) {
        let recorder = self.fill(home, tape);
        let terminal = start(self.start(home, tape)).start();
        terminal.until("the sessions", has_sessions);
        (terminal, recorder)
    }

    /// Leaves from the list of sessions.
    pub(crate) fn leave(self, terminal: &mut Terminal) {
        terminal.keys("q");
        if self == Self::Live {
            terminal.until("the question", |shown| shown.has("y yes"));
            terminal.keys("y");
        }
        assert_eq!(terminal.ended().exit_code(), 0, "{self:?}");
    }
}

/// The list of sessions is there, with a row.
pub(crate) fn has_sessions(shown: &Shown) -> bool {
    let chrome = shown.rows[0].contains("sessions")
        && shown.rows.last().is_some_and(|row| row.contains(" help"));
    chrome && shown.selected().is_some()
}

/// Likewise, with what is found out about its sessions a moment later: the tape has one problem.
pub(crate) fn is_judged(shown: &Shown) -> bool {
    has_sessions(shown) && shown.has(" · 1 problem")
}

/// What is on the screen but for what time alone changes: ages, what the disk holds, and the port of
/// a recorder.
pub(crate) fn steady(shown: &Shown) -> Vec<String> {
    let is_age = |word: &str| {
        let number = word.strip_suffix(['s', 'm', 'h', 'd', 'w', 'y']).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let steady = |(y, row): (usize, &String)| {
        let row = row.split_once(" rec ").map_or(row.as_str(), |(before, _)| before);
        let mut kept = String::new();
        for word in row.split(' ') {
            if is_age(word) {
                // It stands at the right end of its column.
                kept.truncate(kept.trim_end().len());
                kept.push_str(" AGE");
            } else if y == 0 && word.starts_with("127.0.0.1:") {
                kept.push_str(" PORT");
            } else {
                kept.push(' ');
                kept.push_str(word);
            }
        }
        kept.trim_end().to_owned()
    };
    shown.rows.iter().enumerate().map(steady).collect()
}

/// All of them at once. What fails is told by the thread's name.
pub(crate) fn each(sources: &[Source], check: impl Fn(Source) + Sync) {
    each_of(sources, |source| check(*source));
}

/// Likewise, of anything that has a name.
pub(crate) fn each_of<T: Debug + Sync>(all: &[T], check: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for one in all {
            let check = &check;
            let name = format!("{one:?}");
            let look = move || check(one);
            thread::Builder::new().name(name).spawn_scoped(scope, look).expect("a thread");
        }
    });
}

/// Looks at a tape from everywhere.
pub(crate) fn on_each(
    tape: &Path,
    start: impl Fn(Start) -> Start + Sync,
    check: impl Fn(Source, &mut Terminal, &Path) + Sync,
) {
    each(&Source::ALL, |source| {
        let home = tempdir().expect("a folder");
        let (mut terminal, _recorder) = source.open(home.path(), tape, &start);
        check(source, &mut terminal, home.path());
    });
}
