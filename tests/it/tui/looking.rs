//! `open`: on a tape, on a store, on standard input.

use std::fs;

use tempfile::tempdir;

use super::{demo, has_sessions, open_tape, tape};
use crate::support::{
    terminal::{CTRL_C, ENTER, ESC, Start},
    wiretape::wiretape,
};

#[test]
fn the_store_of_a_home_is_shown_like_a_tape() {
    let home = tempdir().expect("a folder");
    demo(home.path());
    let mut terminal = Start::wiretape(home.path(), &["open"]).start();
    let shown = terminal.until("both sessions", |shown| {
        shown.has("2025-11-25") && shown.has("2026-07-28") && shown.selected().is_some()
    });
    assert!(shown.has("wiretape-"), "{}", shown.text());
    terminal.keys("q");
    assert_eq!(terminal.ended().exit_code(), 0);
}

#[test]
fn help_is_searched() {
    let home = tempdir().expect("a folder");
    let mut terminal = open_tape(home.path(), &[]).start();
    terminal.until("the sessions", has_sessions);
    let found =
        terminal.keys("?/osc 52").until("one line", |shown| shown.rows[0].ends_with(" of 1"));
    assert!(found.has("copy (by the terminal: OSC 52)"), "{}", found.text());
    assert_eq!(found.cursor.map(|(_, y)| y), Some(23), "the cursor stands in the line");
    terminal.keys(ENTER).keys(ESC).shows("one row down");
    terminal.keys("q").until("the sessions", has_sessions);
}

#[test]
fn check_4_escape_never_leaves_and_q_does() {
    let home = tempdir().expect("a folder");
    let mut terminal = open_tape(home.path(), &[]).start();
    terminal.until("the sessions", has_sessions);
    for _ in 0..5 {
        terminal.keys(ESC);
    }
    assert!(terminal.is_running());
    terminal.keys("?").shows("one row down");
    terminal.keys("q").until("the sessions", has_sessions);
    terminal.keys("q");
    assert_eq!(terminal.ended().exit_code(), 0);
}

#[test]
fn two_interrupts_leave() {
    let home = tempdir().expect("a folder");
    let mut terminal = open_tape(home.path(), &[]).start();
    terminal.until("the sessions", has_sessions);
    terminal.keys(CTRL_C).shows("once more quits");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
}

#[test]
fn the_palette_completes_and_says_what_it_does_not_know() {
    let home = tempdir().expect("a folder");
    let mut terminal = open_tape(home.path(), &[]).start();
    let before = terminal.until("the sessions", has_sessions);
    terminal.keys(":rev\t").until("completed", |shown| shown.rows[23].contains(":reveal"));
    terminal.keys("\x15nonsense\r").shows("no command `nonsense`");
    terminal.keys(ESC).until("the sessions", has_sessions);
    terminal.keys(":set nomouse\r").until("no mouse", |shown| !shown.mouse);
    terminal.keys(":set mouse\r").until("a mouse", |shown| shown.mouse);
    terminal.keys(":keys --json\r");
    assert!(terminal.copied().contains("wiretape/key/1"));
    terminal.keys(ESC).until("as before", |shown| shown.rows == before.rows);
    terminal.keys(":quit\r");
    assert_eq!(terminal.ended().exit_code(), 0);
}

#[test]
fn check_20_no_terminal_no_escapes() {
    let home = tempdir().expect("a folder");
    let tape = tape("2025-11-25/typescript.tape.jsonl");
    let tape = tape.to_str().expect("UTF-8");
    let output = wiretape(home.path(), &["open", tape]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(told.contains("needs a terminal") && told.contains("hint: "), "{told}");
    assert!(!told.contains('\x1b'), "{told}");
}

#[test]
fn check_20_into_a_pipe_goes_no_escape_and_nothing_panics() {
    let home = tempdir().expect("a folder");
    demo(home.path());
    let program = env!("CARGO_BIN_EXE_wiretape");
    let tape = tape("2025-11-25/typescript.tape.jsonl");
    let (tape, there) = (tape.display(), home.path().display());
    for (line, code, said) in [
        (format!("open {tape} --home {there} | cat"), 2, "needs a terminal"),
        (format!("list --home {there} | head -1"), 0, "SERVER"),
        (format!("find 'method:*' --home {there} | head -1"), 0, "initialize"),
        (format!("export {tape} --home {there} --format json -o - | head -c 1"), 0, "{"),
    ] {
        let errors = home.path().join("stderr");
        let (line, after) = line.split_once(" | ").expect("a pipe");
        let line = format!(
            "{program} {line} 2>{} | {after}; echo \"; it ended with ${{PIPESTATUS[0]}}\"",
            errors.display()
        );
        let mut terminal = Start::script(&line).size(200, 40).start();
        assert_eq!(terminal.ended().exit_code(), 0);
        let errors = fs::read_to_string(errors).expect("UTF-8");
        let shown = terminal.shown();
        assert!(!errors.contains(['\x1b']) && !errors.contains("panicked"), "{line}: {errors}");
        assert!(shown.has(said) || errors.contains(said), "{line}: {}", shown.text());
        assert!(shown.has(&format!("; it ended with {code}")), "{line}: {}", shown.text());
        assert!(!terminal.raw().contains(&0x1b), "{line}: {}", shown.text());
    }
}

#[test]
fn check_20_a_tape_on_standard_input_takes_keys_from_the_terminal() {
    let home = tempdir().expect("a folder");
    let tape = tape("2025-11-25/typescript.tape.jsonl");
    let mut terminal = Start::shell().start();
    terminal.shows("shell$");
    let program = env!("CARGO_BIN_EXE_wiretape");
    let (tape, there) = (tape.display(), home.path().display());
    terminal.keys(&format!("cat {tape} | {program} open - --home {there}\r"));
    terminal.until("the sessions", has_sessions);
    terminal.keys("?").shows("one row down");
    terminal.keys("q").until("the sessions", has_sessions);
    terminal.keys("q").until("the shell", |shown| !shown.alternate);
    terminal.keys("exit\r");
    terminal.ended();
}

#[test]
fn a_key_that_is_bound_twice_is_an_error_before_anything_is_drawn() {
    let home = tempdir().expect("a folder");
    fs::write(home.path().join("keys.toml"), "follow = \"p\"\n").expect("written");
    let mut terminal = open_tape(home.path(), &[]).start();
    assert_eq!(terminal.ended().exit_code(), 2);
    let told = terminal.shown().text().replace('\n', "");
    assert!(told.contains("`p` is bound to `follow` and to `pause`"), "{told}");
    assert!(told.contains("keys.toml") && told.contains("hint: "), "{told}");
}

#[test]
fn a_key_can_be_bound_otherwise() {
    let home = tempdir().expect("a folder");
    fs::write(home.path().join("keys.toml"), "help = [\"H\"]\n").expect("written");
    let mut terminal = open_tape(home.path(), &[]).start();
    terminal.shows("H help");
    terminal.keys("H").shows("one row down");
}
