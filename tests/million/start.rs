//! How long it takes to begin and to end, and what it does while nothing happens.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use tempfile::tempdir;

use crate::{
    alone, million, patience,
    support::{
        sources::{Source, has_sessions, on_each},
        terminal::{Start, Terminal},
    },
    tell,
};

const TAPE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/captures/2025-11-25/typescript.tape.jsonl");

/// The best of some: what else the machine does at that moment is not ours.
const TRIES: usize = 5;

/// Windows of ten seconds in which an idle screen is watched.
const WINDOWS: usize = 2;

#[test]
fn check_1_the_first_screen_is_there_at_once() {
    let _alone = alone();
    let home = tempdir().expect("a folder");
    million::make(home.path(), million::Size { exchanges: 20, sessions: 2 });
    let best = |words: &[&str]| (0..TRIES).map(|_| first_paint(home.path(), words)).min();
    let record = ["record", "--listen", "127.0.0.1:0"];
    for (what, words) in [("tape", &["open", TAPE][..]), ("store", &["open"]), ("live", &record)] {
        let took = best(words).expect("some");
        tell(what, took);
        assert!(took < Duration::from_millis(100) * patience(), "{what}: {took:?}");
    }
}

fn first_paint(home: &Path, words: &[&str]) -> Duration {
    let begun = Instant::now();
    let terminal = Start::wiretape(home, words).start();
    terminal.until("a session", has_sessions);
    begun.elapsed()
}

#[test]
fn check_4_q_leaves_at_once() {
    let _alone = alone();
    let home = tempdir().expect("a folder");
    let leave = || {
        let mut terminal = Start::wiretape(home.path(), &["open", TAPE]).start();
        terminal.until("a session", has_sessions);
        let pressed = Instant::now();
        terminal.press("q");
        assert_eq!(terminal.ended().exit_code(), 0);
        pressed.elapsed()
    };
    let took = (0..TRIES).map(|_| leave()).min().expect("some");
    tell("q", took);
    assert!(took < Duration::from_millis(300) * patience(), "{took:?}");
}

/// Ticks in ten seconds, in which not a byte may come.
fn idle(terminal: &Terminal) -> u64 {
    let (bytes, ticks) = (terminal.bytes(), terminal.ticks());
    thread::sleep(Duration::from_secs(10));
    assert_eq!(terminal.bytes(), bytes, "bytes while nothing happened");
    terminal.ticks() - ticks
}

/// On all at once: they do nothing.
#[test]
fn check_11_an_idle_screen_writes_nothing_and_does_nothing() {
    let _alone = alone();
    on_each(
        Path::new(TAPE),
        |start| start,
        |source, terminal, _| {
            // The end of a frame, and what the desk tells in its first seconds, may still be on its way.
            let settled = (0..30).any(|_| {
                let before = terminal.bytes();
                thread::sleep(Duration::from_secs(2));
                terminal.bytes() == before
            });
            assert!(settled, "it never came to rest");
            // The fewest of some: a tick is counted whole for whoever runs when the clock ticks.
            let used = (0..WINDOWS).map(|_| idle(terminal)).min().expect("some");
            tell(&format!("{source:?}, ticks"), used);
            // A recorder in the same process looks after its store.
            let most = if source == Source::Live { 3 } else { 1 };
            let most = if cfg!(debug_assertions) { 3 * most } else { most * u64::from(patience()) };
            assert!(used <= most, "{used} ticks of the processor while nothing happened");
        },
    );
}
