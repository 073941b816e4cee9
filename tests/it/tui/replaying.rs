//! Replays from the screen: nothing is sent before it was looked at, and what comes of it is what
//! `verify` says.

use std::{
    fs,
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tempfile::tempdir;

use super::has_sessions;
use crate::support::{
    origin::{self, Origin, Wire},
    sources::{Source, each},
    tapes,
    terminal::{ENTER, Shown, Terminal},
    wiretape::{of, run, wiretape},
};

/// A server that counts what it is sent, and may answer otherwise than it did.
struct Server {
    origin: Origin,
    hits: Arc<AtomicUsize>,
    otherwise: Arc<AtomicBool>,
}

fn server() -> Server {
    let (hits, otherwise) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (counted, other) = (Arc::clone(&hits), Arc::clone(&otherwise));
    let origin = Origin::serve(move |request, out| {
        counted.fetch_add(1, Ordering::SeqCst);
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let tool = |name: &str, reads: bool| {
            json!({"name": name, "inputSchema": {"type": "object"},
                "annotations": {"readOnlyHint": reads}})
        };
        let result = match (asked["method"].as_str(), asked["params"]["name"].as_str()) {
            (Some("initialize"), _) => json!({"protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}}, "serverInfo": {"name": "server", "version": "1"}}),
            (Some("tools/list"), _) => json!({"tools": [tool("look", true), tool("wipe", false)]}),
            (_, Some(_)) if other.load(Ordering::SeqCst) => {
                json!({"content": [{"type": "text", "text": "three hits"}]})
            }
            (_, Some(_)) => json!({"content": [{"type": "text", "text": "two hits"}]}),
            _ => {
                let accepted = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
                return out.write_all(accepted.as_bytes()).is_ok();
            }
        };
        let answer = json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}).to_string();
        let answer = origin::json(&answer, "Mcp-Session-Id: talk-1\r\n");
        out.write_all(answer.as_bytes()).is_ok()
    });
    Server { origin, hits, otherwise }
}

/// A session with the server: a handshake, the list of tools, a call of each.
fn tape(server: &Server) -> String {
    tapes::recorded(&server.origin.url(), &[], |recorder| {
        let mut wire = Wire::to(recorder.reverse());
        let said = [
            r#""id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#,
            r#""method":"notifications/initialized""#,
            r#""id":1,"method":"tools/list""#,
            r#""id":2,"method":"tools/call","params":{"name":"look","arguments":{}}"#,
            r#""id":3,"method":"tools/call","params":{"name":"wipe","arguments":{}}"#,
        ];
        for (n, said) in said.iter().enumerate() {
            let own = "Authorization: Bearer sk-hidden-0123456789abcdef\r\n";
            let session = if n == 0 { "" } else { "Mcp-Session-Id: talk-1\r\n" };
            let body = format!(r#"{{"jsonrpc":"2.0",{said}}}"#);
            let there = recorder.reverse().to_string();
            wire.post(&there, "/mcp", &format!("{own}{session}"), &body);
            wire.answer();
        }
    })
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
    let to = format!("{}/mcp", server.origin.url());
    let hits = || server.hits.load(Ordering::SeqCst);
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
    let to = format!("{}/mcp", server.origin.url());
    let (_, code) = verified(home, tape, &to, &["--allow-skips"]);
    assert_eq!(code, 0, "what was accepted is the baseline");
}
