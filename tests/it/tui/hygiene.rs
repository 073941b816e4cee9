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
fn what_was_said_meanwhile_is_in_the_log_and_not_on_the_screen() {
    let home = tempdir().expect("a folder");
    let mut terminal = open_tape(home.path(), &[]).env("RUST_LOG", "trace").start();
    terminal.until("the sessions", has_sessions);
    assert!(home.path().join("logs/ui.log").is_file(), "fd 2 goes there");
    terminal.keys(":log\r").shows("Nothing has been said.");
    terminal.keys("q").until("the sessions", has_sessions);
}

#[test]
fn check_11_an_idle_screen_writes_nothing() {
    let home = tempdir().expect("a folder");
    let terminal = open_tape(home.path(), &[]).start();
    terminal.until("the sessions", has_sessions);
    // The end of a frame, and what the desk tells in its first seconds, may still be on its way.
    let settled = (0..30).any(|_| {
        let before = terminal.bytes();
        std::thread::sleep(std::time::Duration::from_secs(2));
        terminal.bytes() == before
    });
    assert!(settled, "it never came to rest");
    let (bytes, ticks) = (terminal.bytes(), ticks(terminal.pid()));
    std::thread::sleep(std::time::Duration::from_secs(10));
    assert_eq!(terminal.bytes(), bytes, "bytes while nothing happened");
    let used = self::ticks(terminal.pid()) - ticks;
    assert!(used <= 1, "{used} ticks of the processor while nothing happened");
}

/// The processor's time of a process, in ticks: utime and stime (proc(5)).
fn ticks(pid: u32) -> u64 {
    let told = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let behind = told.rsplit(')').next().expect("fields");
    let fields: Vec<&str> = behind.split_whitespace().collect();
    let number = |place: usize| fields[place].parse::<u64>().expect("a number");
    number(11) + number(12)
}

#[test]
fn check_14_a_hostile_body_sets_no_title() {
    let home = tempdir().expect("a folder");
    let tape = fs::read_to_string(tape("2025-11-25/typescript.tape.jsonl")).expect("a tape");
    // A client's name is on the first screen.
    let evil = tape.replacen(
        "\"clientInfo\":{\"name\":\"",
        "\"clientInfo\":{\"name\":\"\\u001b]0;pwn\\u0007\\r\\u202e",
        1,
    );
    let evil = evil.replacen(
        "\\\"clientInfo\\\":{\\\"name\\\":\\\"",
        "\\\"clientInfo\\\":{\\\"name\\\":\\\"\\\\u001b]0;pwn\\\\u0007\\\\r\\\\u202e",
        1,
    );
    assert_ne!(evil, tape, "the name was found");
    let file = home.path().join("evil.tape.jsonl");
    fs::write(&file, evil).expect("written");
    let terminal = Start::wiretape(home.path(), &["open", file.to_str().expect("UTF-8")])
        .size(120, 40)
        .start();
    let shown = terminal.until("the escape, shown", |shown| shown.has("␛]0;pwn"));
    assert!(shown.rows.iter().all(|row| !row.contains('\u{202e}')), "{}", shown.text());
    assert_eq!(terminal.titles(), 0);
}
