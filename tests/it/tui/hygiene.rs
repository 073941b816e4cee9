//! The terminal is given back, whatever happens.

use std::{fs, path::Path};

use tempfile::tempdir;

use super::{has_sessions, open_tape, tape};
use crate::support::{
    terminal::{CTRL_Z, Start, Terminal},
    wiretape::signal,
};

/// The report that a panic left.
fn report(home: &Path) -> String {
    let logs = fs::read_dir(home.join("logs")).expect("logs");
    let names = logs.map(|entry| entry.expect("a file").path());
    let mut reports = names.filter(|path| path.to_string_lossy().contains("panic-"));
    fs::read_to_string(reports.next().expect("a report")).expect("UTF-8")
}

fn broke(words: &str, thread: &str) {
    let home = tempdir().expect("a folder");
    let mut terminal = open_tape(home.path(), &[]).start();
    terminal.until("the sessions", has_sessions);
    terminal.keys(&format!(":debug panic {words}\r"));
    assert_eq!(terminal.ended().exit_code(), 101);
    terminal.is_given_back();
    // Long lines go over several rows.
    let told: String = terminal.shown().text().split_whitespace().collect();
    assert!(told.contains("askedforby:debugpanic"), "{told}");
    assert!(told.contains("report:") && told.contains("logs/panic-"), "{told}");
    assert!(report(home.path()).contains(&format!("thread {thread}")));
}

#[test]
fn check_16_a_panic_of_the_screen_gives_the_terminal_back() {
    broke("ui", "main");
}

#[test]
fn check_16_a_panic_of_a_worker_gives_the_terminal_back() {
    broke("worker", "tokio");
}

#[test]
fn check_16_signals_give_the_terminal_back() {
    for (name, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let home = tempdir().expect("a folder");
        let mut terminal = open_tape(home.path(), &[]).start();
        terminal.until("the sessions", has_sessions);
        signal(terminal.pid(), name);
        assert_eq!(terminal.ended().exit_code(), code, "{name}");
        terminal.is_given_back();
    }
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

/// `open` in a shell with job control.
fn in_a_shell(home: &Path) -> Terminal {
    let mut terminal = Start::shell().start();
    terminal.shows("shell$");
    let program = env!("CARGO_BIN_EXE_wiretape");
    let tape = tape("2025-11-25/typescript.tape.jsonl");
    terminal.keys(&format!("{program} open {} --home {}\r", tape.display(), home.display()));
    terminal.until("the sessions", has_sessions);
    terminal
}

#[test]
fn check_17_ctrl_z_stops_and_fg_draws_the_same_screen() {
    let home = tempdir().expect("a folder");
    let mut terminal = in_a_shell(home.path());
    let before = terminal.shown();
    terminal.keys(CTRL_Z);
    let stopped = terminal.until("Stopped", |shown| !shown.alternate && shown.has("Stopped"));
    // Bracketed paste is the shell's own now.
    assert!(!stopped.mouse && stopped.cursor.is_some(), "{stopped:?}");
    let asked = terminal.bytes();
    terminal
        .keys("fg\r")
        .until("the same screen", |shown| shown.alternate && shown.rows == before.rows);
    // A terminal that does not answer is not asked where its cursor stands (dua-cli #387).
    let since = terminal.raw().split_off(asked);
    assert!(!since.windows(4).any(|bytes| bytes == b"\x1b[6n"), "it asked for the cursor");
    terminal.until("the mouse again", |shown| shown.mouse);
    terminal.keys("q").until("the shell", |shown| !shown.alternate);
    terminal.keys("exit\r");
    terminal.ended();
}

#[test]
fn check_20_what_was_said_meanwhile_is_in_the_log_and_not_on_the_screen() {
    let home = tempdir().expect("a folder");
    let quiet = open_tape(home.path(), &[]).start();
    let quiet = quiet.until("the sessions", has_sessions);
    let mut terminal = open_tape(home.path(), &[]).env("RUST_LOG", "trace").start();
    terminal.until("the same", |shown| has_sessions(shown) && shown.rows == quiet.rows);
    assert!(home.path().join("logs/ui.log").is_file(), "fd 2 goes there");
    terminal.keys(":log\r").shows("Nothing has been said.");
    terminal.keys("q").until("the sessions", has_sessions);
}
