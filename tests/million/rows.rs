//! One session of a million calls.

use std::{path::Path, time::Duration};

use tempfile::tempdir;

use crate::{
    alone, million, p95, patience,
    support::terminal::{ENTER, ESC, Start, Terminal},
    tell,
};

const CALLS: u64 = if cfg!(debug_assertions) { 10_000 } else { 1_000_000 };

/// In the answers of this call, and of those whose number begins with it: ten times, a hundred times
/// so many.
const FOUND: u64 = CALLS / 100 * 9;

const CTRL_D: &str = "\x04";

/// The list of its calls, all read.
fn calls(home: &Path) -> Terminal {
    let mut terminal = Start::wiretape(home, &["open"]).start();
    terminal.until("the session", |shown| shown.has("bench") && shown.selected().is_some());
    let all = format!("{CALLS}/{CALLS}");
    terminal.keys(ENTER).until("all calls", |shown| shown.has(&all));
    terminal
}

/// One store for both checks: it is the store that takes its time.
#[test]
fn a_million_calls_are_gone_through_and_searched() {
    let _alone = alone();
    let home = tempdir().expect("a folder");
    let took = million::make(home.path(), million::Size { exchanges: CALLS, sessions: 1 });
    tell("made in", took);
    check_10_keys_are_answered_at_once_and_memory_is_small(home.path());
    check_7_a_search_says_how_far_it_is_and_unfolds_its_hits(home.path());
}

fn check_10_keys_are_answered_at_once_and_memory_is_small(home: &Path) {
    let mut terminal = calls(home);
    let mut times = Vec::new();
    for _ in 0..5 {
        for key in std::iter::repeat_n("j", 40).chain([CTRL_D, "G", "g"]) {
            times.push(terminal.answers(key));
        }
    }
    let p95 = p95(&mut times);
    tell("key to last byte, p95", p95);
    assert!(p95 < Duration::from_millis(16) * patience(), "p95 {p95:?} of {times:?}");
    terminal.keys("G");
    let last = format!(" {CALLS} ");
    terminal
        .until("the last call", |shown| shown.selected().is_some_and(|row| row.contains(&last)));
    let memory = terminal.memory() / 1_000_000;
    tell("resident, MB", memory);
    assert!(memory < 300, "{memory} MB");
}

fn check_7_a_search_says_how_far_it_is_and_unfolds_its_hits(home: &Path) {
    let mut terminal = calls(home);
    // Row 1 is call 0.
    let row = |call: u64| format!(" {} ", call + 1);
    terminal
        .keys(&format!("/needle-in-{FOUND}\r"))
        .until("progress", |shown| shown.has("searching ") && shown.has("Esc stops"));
    let found = |call: u64| {
        let (row, text) = (row(call), format!("needle-in-{call} "));
        move |shown: &crate::support::terminal::Shown| {
            shown.selected().is_some_and(|selected| selected.contains(&row)) && shown.has(&text)
        }
    };
    terminal.until("the first hit, unfolded", found(FOUND));
    terminal.keys("n").until("the next one, which lies far behind", found(FOUND * 10));
    terminal.keys("n").until("the one after it", found(FOUND * 10 + 1));
    // While it looks the first Escape would stop that.
    terminal.until("all was looked at", |shown| !shown.has("searching ") && shown.has(" hits"));
    terminal.keys(ESC).until("the list alone", |shown| !shown.has("[Response]"));
    terminal.keys(ESC).until("no search", |shown| !shown.has(" hits"));
    terminal.keys("g/no such needle\r").until("progress", |shown| shown.has("searching "));
    terminal.keys(ESC).until("it was stopped", |shown| {
        !shown.has("searching ") && shown.has("0 hits") && !shown.has("not found")
    });
    terminal.keys("/no such needle\r").shows("not found: no such needle");
}
