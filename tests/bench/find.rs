//! `find` on a store of a million messages: how long its first hits take, by real processes.
//!
//! `cargo bench --bench find`. It makes the store by importing through the library, in a folder that
//! `FIND_HOME` names (and is kept there, to be measured again), else in a temporary one; `FIND_SESSIONS`
//! says how many sessions share the messages, `FIND_EXCHANGES` how many exchanges there are,
//! `FIND_ONLY` which of the queries are measured: those whose names contain it.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

#[path = "million.rs"]
mod million;

use million::{AT_ONCE, Size, first_of, id};

/// Runs of one query; the middle one counts.
const RUNS: usize = 9;

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let size = Size::asked("FIND");
    let only = env::var("FIND_ONLY").unwrap_or_default();
    let kept = env::var_os("FIND_HOME").map(PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder");
    let home = kept.unwrap_or_else(|| folder.path().to_owned());
    if !home.join("captures").exists() {
        let took = million::make(&home, size);
        print(&format!("made in {:.1} s", took.as_secs_f64()));
    }
    let middle = size.exchanges / 2;
    let some = id(middle % AT_ONCE + first_of(middle, size)).to_string();
    let queries = [
        ("method, common", "method:tools/call", "100"),
        ("method, rare", "method:prompts/get", "100"),
        ("tool, one of fifty", "tool:tool-7", "100"),
        ("tool, one in a thousand", "tool:rare", "100"),
        ("tool, there is none", "tool:none", "100"),
        ("status:error", "status:error", "100"),
        ("tool and status", "tool:tool-7 status:error", "100"),
        ("session by its id on the wire", "session:s-500", "100"),
        ("session by its id", &format!("session:{some}"), "100"),
        ("http:503", "http:503", "100"),
        ("free text, in every body", "\"needle\"", "100"),
        ("free text, first hit of a rare one", "\"needle-in-250000\"", "1"),
    ];
    for (what, query, limit) in queries.into_iter().filter(|(what, ..)| what.contains(&only)) {
        let mut times: Vec<(Duration, usize)> =
            (0..RUNS).map(|_| find(&home, query, limit)).collect();
        times.sort_unstable();
        let (first, middle, last) = (times[0], times[RUNS / 2], times[RUNS - 1]);
        print(&format!(
            "{what:36} {:>8.1} ms  ({:.1} to {:.1}, {} lines)",
            ms(middle.0),
            ms(first.0),
            ms(last.0),
            middle.1
        ));
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[expect(clippy::print_stdout, reason = "it is what the bench is for")]
fn print(line: &str) {
    println!("{line}");
}

/// A cold find: process, opening of the store, and all.
fn find(home: &Path, query: &str, limit: &str) -> (Duration, usize) {
    let binary = env::var_os("FIND_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_wiretape")), PathBuf::from);
    let begun = Instant::now();
    let output = Command::new(binary)
        .args(["find", query, "--limit", limit, "--json", "--home"])
        .arg(home)
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let took = begun.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (took, output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count())
}
