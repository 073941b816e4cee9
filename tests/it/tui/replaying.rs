//! Replays from the screen: nothing is sent before it was looked at, and what comes of it is what
//! `verify` says.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;
use tempfile::tempdir;

use super::has_sessions;
use crate::support::{
    sources::{Source, each},
    talk::Talk,
    terminal::{ENTER, Shown, Terminal},
    wiretape::{of, run, wiretape},
};

/// A server that may answer otherwise than it did.
struct Server {
    talk: Talk,
    otherwise: Arc<AtomicBool>,
}

fn server() -> Server {
    let otherwise = Arc::new(AtomicBool::new(false));
    let other = Arc::clone(&otherwise);
    let says = move |_: &Value| {
        if other.load(Ordering::SeqCst) { "three hits" } else { "two hits" }.to_owned()
    };
    Server { talk: Talk::with(&[("look", true), ("wipe", false)], says), otherwise }
}

/// A session with the server: a handshake, the list of tools, a call of each.
fn tape(server: &Server) -> String {
    let calls = [r#"{"name":"look","arguments":{}}"#, r#"{"name":"wipe","arguments":{}}"#];
    server.talk.tape(&calls)
}

/// The line of counters as `verify --json` has it, and its exit code.
fn verified(home: &Path, tape: &str, to: &str, options: &[&str]) -> (String, i32) {
    let words = [&["verify", tape, "--to", to, "--json"], options].concat();
    let output = wiretape(home, &words).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let verdicts = of(&lines, "verdict");
    let count = |word: &str| {
        let many = verdicts.iter().filter(|verdict| verdict["verdict"] == word).count();
        format!("{many} {word}")
    };
    let ignored = of(&lines, "summary")[0]["ignored_paths"].as_array().expect("paths").len();
    let counts = ["same", "changed", "missing", "extra", "skipped"].map(count).join(" · ");
    (format!("{counts} · {ignored} ignored"), output.status.code().expect("a code"))
}

fn exits(code: u8) -> impl Fn(&Shown) -> bool {
    move |shown| shown.has(&format!("verify would exit {code}"))
}

/// What `verify` holds the server against: it takes tapes alone.
fn exported(source: Source, home: &Path, tape: &Path) -> String {
    if source == Source::Tape {
        return tape.to_str().expect("UTF-8").to_owned();
    }
    let out = home.join("exported.tape.jsonl");
    run(home, &["export", "@last", "-o", out.to_str().expect("UTF-8")]);
    out.to_str().expect("UTF-8").to_owned()
}

#[test]
fn check_19_nothing_is_sent_before_it_was_seen_and_the_counts_are_those_of_verify() {
    each(&Source::ALL, |source| {
        let server = server();
        let home = tempdir().expect("a folder");
        let path = home.path().join("session.tape.jsonl");
        fs::write(&path, tape(&server)).expect("written");
        let (mut terminal, _recorder) =
            source.open(home.path(), &path, |start| start.size(100, 30));
        let tape = exported(source, home.path(), &path);
        replayed(&server, &mut terminal, home.path(), &tape);
        if source == Source::Tape {
            is_put_right(&server, &mut terminal, home.path(), &tape);
        } else {
            terminal.keys("a").shows("only a tape is a baseline");
        }
        let runs = terminal.keys("8").shows("replays and diffs: 2");
        assert!(runs.has("replay 1 vs recorded"), "{}", runs.text());
    });
}

/// Once all the same, once not.
fn replayed(server: &Server, terminal: &mut Terminal, home: &Path, tape: &str) {
    let to = format!("{}/mcp", server.talk.url());
    let hits = || server.talk.asked().len();
    let before = hits();
    let preview = terminal.keys("R").shows("nothing is sent yet");
    for shown in [&format!("POST {to}"), "5 steps", "\"method\": \"initialize\"", "wipe"] {
        assert!(preview.has(shown), "{shown}:\n{}", preview.text());
    }
    assert!(preview.has("not sent, for it is a credential: authorization"), "{}", preview.text());
    assert!(!preview.text().contains("sk-hidden"), "{}", preview.text());
    assert_eq!(hits(), before, "a look sends nothing");

    terminal.keys("a").shows("will be called");
    let equal = terminal.keys(ENTER).until("the end", exits(0));
    assert_eq!(hits(), before + 5);
    let (counts, code) = verified(home, tape, &to, &["--allow-side-effects"]);
    assert!(equal.rows[1].contains(&counts), "{counts}\n{}", equal.text());
    assert_eq!(code, 0);
    assert_eq!(equal.rows.iter().filter(|row| row.contains("= same")).count(), 5);

    server.otherwise.store(true, Ordering::SeqCst);
    terminal.keys("q").until("the sessions", |shown| has_sessions(shown) && !shown.has("replay 1"));
    terminal.keys("R").shows("nothing is sent yet");
    let other = terminal.keys(ENTER).until("the end", exits(1));
    let (counts, code) = verified(home, tape, &to, &[]);
    assert!(other.rows[1].contains(&counts), "{counts}\n{}", other.text());
    assert_eq!(code, 1);
    assert!(other.has("≠ text") && other.has("? skipped"), "{}", other.text());
}

/// The tape is put right only after a question.
fn is_put_right(server: &Server, terminal: &mut Terminal, home: &Path, tape: &str) {
    let written = fs::read(tape).expect("a tape");
    terminal.keys("a").shows("session.tape.jsonl");
    assert_eq!(fs::read(tape).expect("a tape"), written);
    terminal.keys("y").shows("1 answer put into");
    let to = format!("{}/mcp", server.talk.url());
    let (_, code) = verified(home, tape, &to, &["--allow-skips"]);
    assert_eq!(code, 0, "what was accepted is the baseline");
}
