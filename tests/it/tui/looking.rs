//! `open`: on a tape, on a store, on standard input.

use std::fs;

use tempfile::tempdir;

use super::{demo, has_sessions, open_tape, tape};
use crate::support::{
    terminal::{CTRL_C, ENTER, ESC, Start},
    wiretape::{run, wiretape},
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
fn check_3_help_lists_every_key_and_leaves_the_screen_as_it_was() {
    let home = tempdir().expect("a folder");
    let listed = run(home.path(), &["open", "--keys", "--json"]).stdout;
    let listed = String::from_utf8(listed).expect("UTF-8");
    let mut terminal = open_tape(home.path(), &[]).start();
    let before = terminal.until("the sessions", has_sessions);
    let first = terminal.keys("?").shows("one row down");
    let last = terminal.keys("G").until("the last line", |shown| {
        let count = shown.rows[0].rsplit(' ').next().unwrap_or_default();
        shown.rows[0].contains(&format!("-{count} of"))
    });
    assert!(last.has("delete the line"), "{}", last.text());
    // Half page by half page back to the beginning: every key is somewhere.
    let mut pages = vec![last.clone()];
    let mut now = last;
    while now.rows[1] != first.rows[1] {
        let above = now.rows.clone();
        now = terminal.keys("\x15").until("half a page up", |shown| shown.rows != above);
        pages.push(now.clone());
    }
    for line in listed.lines() {
        let key: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let about = key["about"].as_str().expect("words");
        for spelt in key["keys"].as_array().expect("keys") {
            let spelt = spelt.as_str().expect("a key");
            let of = |row: &String| row.contains(about) && row.contains(spelt);
            assert!(pages.iter().any(|page| page.rows.iter().any(of)), "{spelt} {about}");
        }
    }
    terminal.keys("\t").shows("status:error");
    terminal.keys(ESC).until("the same screen", |shown| shown.rows == before.rows);
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

#[test]
fn check_15_a_word_brings_colour_back() {
    let home = tempdir().expect("a folder");
    let start = open_tape(home.path(), &["--color", "always"]).env("NO_COLOR", "1");
    start.start().until("the sessions in colour", |shown| has_sessions(shown) && shown.coloured);
}

#[test]
fn check_15_ascii_is_ascii() {
    let home = tempdir().expect("a folder");
    let mut terminal = open_tape(home.path(), &["--ascii"]).start();
    let shown = terminal.until("the sessions", has_sessions);
    assert!(shown.text().is_ascii(), "{}", shown.text());
    for (keys, wanted) in [("?", "one row down"), ("\t", "status:error")] {
        let shown = terminal.keys(keys).shows(wanted);
        assert!(shown.text().is_ascii(), "{}", shown.text());
    }
    let shown = terminal.keys("q:").shows("go to row 12");
    assert!(shown.text().is_ascii(), "{}", shown.text());
    terminal.keys(ESC).until("the sessions", has_sessions);
    let shown = terminal.keys(ENTER).shows("tools/call");
    assert!(shown.text().is_ascii(), "{}", shown.text());
}

#[test]
fn check_13_any_size_and_back() {
    let home = tempdir().expect("a folder");
    let mut terminal = open_tape(home.path(), &[]).start();
    let before = terminal.until("the sessions", has_sessions);
    for (width, height) in [(200, 60), (120, 40), (80, 24), (40, 10)] {
        terminal.resize(width, height);
        terminal.until("hints", |shown| {
            shown.rows.len() == usize::from(height)
                && shown.rows.last().is_some_and(|row| row.contains("? help"))
        });
    }
    terminal.resize(39, 9);
    terminal.shows("need 40x10, have 39x9");
    terminal.resize(12, 3);
    terminal.until("as much as there is room for", |shown| shown.rows[0].starts_with("need 40x10"));
    terminal.resize(1, 1);
    for round in 0..20 {
        let (width, height) = [(200, 60), (12, 3), (1, 1), (120, 40)][round % 4];
        terminal.resize(width, height);
    }
    terminal.resize(80, 24);
    terminal.until("the same as at first", |shown| shown.rows == before.rows);
    terminal.keys("q");
    assert_eq!(terminal.ended().exit_code(), 0);
}
