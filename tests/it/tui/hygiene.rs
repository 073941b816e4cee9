//! The terminal is given back, whatever happens.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::tempdir;

use super::{has_sessions, open_tape, tape};
use crate::support::{
    sources::{Source, each, is_judged, on_each, steady},
    terminal::{CTRL_Z, Start, Terminal},
    wiretape::{lines, of, signal},
};

/// Some report of a panic has it.
fn is_reported(home: &Path, thread: &str) -> bool {
    let logs = fs::read_dir(home.join("logs")).expect("logs");
    let names = logs.map(|entry| entry.expect("a file").path());
    let mut reports = names.filter(|path| path.to_string_lossy().contains("panic-"));
    let has = |path: PathBuf| fs::read_to_string(path).expect("UTF-8").contains(thread);
    reports.any(has)
}

#[test]
fn check_16_panics_and_signals_give_the_terminal_back_and_lose_nothing() {
    let tape = tape("2025-11-25/typescript.tape.jsonl");
    each(&Source::ALL, |source| {
        let home = tempdir().expect("a folder");
        let (home, _recorder) = (home.path(), source.fill(home.path(), &tape));
        let begin = || {
            let terminal = source.start(home, &tape).start();
            terminal.until("the sessions", has_sessions);
            terminal
        };
        for (words, thread) in [("ui", "thread main"), ("worker", "thread tokio")] {
            let mut terminal = begin();
            terminal.keys(&format!(":debug panic {words}\r"));
            assert_eq!(terminal.ended().exit_code(), 101);
            terminal.is_given_back();
            // Long lines go over several rows.
            let told: String = terminal.shown().text().split_whitespace().collect();
            assert!(told.contains("askedforby:debugpanic"), "{told}");
            assert!(told.contains("report:") && told.contains("logs/panic-"), "{told}");
            assert!(is_reported(home, thread), "{thread}");
        }
        for (name, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
            let mut terminal = begin();
            signal(terminal.pid(), name);
            // A recorder that is asked to end ends well (faces.md, Recording).
            let asked = source == Source::Live && name != "HUP";
            assert_eq!(terminal.ended().exit_code(), if asked { 0 } else { code }, "{name}");
            terminal.is_given_back();
        }
        if source != Source::Tape {
            let listed = lines(home, &["list"]);
            assert_eq!(of(&listed, "session")[0]["exchanges"], 13);
        }
    });
}

/// What a shell says of the terminal after it was given back to it: `stty -a`.
fn is_the_shells_again(terminal: &mut Terminal) {
    let shown = terminal.until("the shell", |shown| !shown.alternate && shown.cursor.is_some());
    assert!(!shown.mouse, "the mouse stayed taken");
    terminal.keys("clear; stty -a; echo 'and' 'that'\r");
    let told = terminal.shows("and that").text().replace('\n', " ");
    for mode in ["icanon", "echo", "isig", "icrnl", "opost"] {
        assert!(told.contains(&format!(" {mode} ")), "{mode}: {told}");
    }
}

#[test]
fn check_16_the_shell_has_its_terminal_again() {
    let home = tempdir().expect("a folder");
    for way in ["ui", "worker", "TERM", "HUP", "q"] {
        let mut terminal = Start::shell().size(100, 30).start();
        terminal.shows("shell$");
        let program = env!("CARGO_BIN_EXE_wiretape");
        let (tape, there) = (tape("2025-11-25/typescript.tape.jsonl"), home.path().display());
        let pid = home.path().join(format!("pid-{way}"));
        terminal.keys(&format!(
            "bash -c 'echo $$ >{}; exec {program} open {} --home {there}'\r",
            pid.display(),
            tape.display()
        ));
        terminal.until("the sessions", has_sessions);
        match way {
            "q" => drop(terminal.keys("q")),
            "TERM" | "HUP" => {
                let pid = fs::read_to_string(pid).expect("written before it began");
                signal(pid.trim().parse().expect("a number"), way);
            }
            _ => {
                terminal.keys(&format!(":debug panic {way}\r"));
                terminal.shows("report: ");
            }
        }
        is_the_shells_again(&mut terminal);
    }
}

#[test]
fn check_17_ctrl_z_stops_and_fg_draws_the_same_screen() {
    let tape = tape("2025-11-25/typescript.tape.jsonl");
    // Who records himself: `recording`.
    each(&[Source::Tape, Source::Store, Source::Attached], |source| {
        let home = tempdir().expect("a folder");
        let _recorder = source.fill(home.path(), &tape);
        let mut terminal = Start::shell().start();
        terminal.shows("shell$");
        let program = env!("CARGO_BIN_EXE_wiretape");
        let opened = if source == Source::Tape { tape.to_str().expect("UTF-8") } else { "" };
        terminal.keys(&format!("{program} open {opened} --home {}\r", home.path().display()));
        terminal.until("the sessions", has_sessions);
        stops_and_goes_on(&mut terminal, || {
            if source != Source::Tape {
                // What stands still keeps nobody from the store.
                assert_eq!(of(&lines(home.path(), &["list"]), "session").len(), 1);
            }
        });
    });
}

fn stops_and_goes_on(terminal: &mut Terminal, meanwhile: impl Fn()) {
    let before = terminal.until("all of it", is_judged);
    terminal.keys(CTRL_Z);
    let stopped = terminal.until("Stopped", |shown| !shown.alternate && shown.has("Stopped"));
    // Bracketed paste is the shell's own now.
    assert!(!stopped.mouse && stopped.cursor.is_some(), "{stopped:?}");
    meanwhile();
    let asked = terminal.bytes();
    terminal
        .keys("fg\r")
        .until("the same screen", |shown| shown.alternate && steady(shown) == steady(&before));
    // A terminal that does not answer is not asked where its cursor stands (dua-cli #387).
    let since = terminal.raw().split_off(asked);
    assert!(!since.windows(4).any(|bytes| bytes == b"\x1b[6n"), "it asked for the cursor");
    terminal.until("the mouse again", |shown| shown.mouse);
    terminal.keys("q").until("the shell", |shown| !shown.alternate);
    terminal.keys("exit\r");
    terminal.ended();
}

#[test]
fn check_20_the_log_is_in_the_home_and_not_on_the_screen() {
    let tape = tape("2025-11-25/typescript.tape.jsonl");
    let quiet = tempdir().expect("a folder");
    let (quiet, _) = Source::Tape.open(quiet.path(), &tape, |start| start);
    let quiet = quiet.until("all of it", is_judged);
    let start = |start: Start| start.env("RUST_LOG", "trace");
    on_each(&tape, start, |source, terminal, home| {
        if source == Source::Tape {
            terminal.until("the same screen", |shown| shown.rows == quiet.rows);
        }
        terminal.keys(":log\r").shows("wiretape::cli::ui: the screen comes up");
        terminal.keys("q").until("the sessions", has_sessions);
        source.leave(terminal);
        let shown = terminal.shown();
        assert!(!shown.has("wiretape::"), "{}", shown.text());
        let log = home.join("logs/ui.log");
        let mode = fs::metadata(&log).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let log = fs::read_to_string(log).expect("UTF-8");
        let own = |line: &str| line.contains(" wiretape::");
        assert!(log.lines().all(own) && log.contains("the screen is gone"), "{log}");
        // What comes before the screen is no part of it either.
        let owns = matches!(source, Source::Live | Source::Store);
        assert_eq!(log.contains("home taken"), owns, "{log}");
    });
}

#[test]
fn check_20_unasked_nothing_is_logged() {
    let home = tempdir().expect("a folder");
    let mut terminal = open_tape(home.path(), &[]).start();
    terminal.until("the sessions", has_sessions);
    assert!(home.path().join("logs/ui.log").is_file(), "fd 2 goes there");
    terminal.keys(":log\r").shows("Nothing has been said.");
    terminal.keys("q").until("the sessions", has_sessions);
}
