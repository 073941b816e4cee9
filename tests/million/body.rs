//! An answer of 10 MB, on whatever it is looked at.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    time::{Duration, Instant},
};

use tempfile::tempdir;

use crate::{
    alone, patience,
    support::{
        origin::{Origin, Wire, json},
        sources::Source,
        tapes,
        terminal::{ENTER, ESC, Shown, Terminal},
    },
    tell,
};

/// From the key to the raw text (tui.md §9). A quiet release build takes 53 to 80 ms from a tape, 31 to 57
/// from a store, 70 to 86 attached and 41 to 66 live.
const RAW_MS: u64 = 100;

/// How often it is looked, at most: a machine that has something else to do for a moment says nothing
/// of us.
const LOOKS: usize = 3;

const BYTES: usize = if cfg!(debug_assertions) { 200_000 } else { 10_000_000 };

/// `{"items":[…],"last":{"deep":{"tail":"tail-marker"}}}`, 10 MB of it.
fn large(id: &serde_json::Value) -> String {
    let mut body = String::with_capacity(BYTES + 1_000);
    let _ = write!(
        body,
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[],"structuredContent":{{"items":["#
    );
    for n in 0.. {
        if body.len() >= BYTES {
            break;
        }
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            body,
            r#"{comma}{{"id":{n},"name":"item {n}","at":{{"x":1.5,"y":null}},"tags":["a","b"]}}"#
        );
    }
    body.push_str(r#"],"last":{"deep":{"tail":"tail-marker"}}}}}"#);
    body
}

/// A handshake, and a call that is answered with all that.
fn tape() -> String {
    let origin = Origin::serve(|request, out| {
        let asked: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
        let answer = if asked["method"] == "initialize" {
            let result = serde_json::json!({"protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}}, "serverInfo": {"name": "large", "version": "1"}});
            serde_json::json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}).to_string()
        } else {
            large(&asked["id"])
        };
        out.write_all(json(&answer, "Mcp-Session-Id: large-1\r\n").as_bytes()).is_ok()
    });
    tapes::recorded(&origin.url(), &[], |recorder| {
        let mut wire = Wire::to(recorder.reverse());
        let there = recorder.reverse().to_string();
        for (said, session) in [
            (
                r#""id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#,
                "",
            ),
            (
                r#""id":1,"method":"tools/call","params":{"name":"all","arguments":{}}"#,
                "Mcp-Session-Id: large-1\r\n",
            ),
        ] {
            wire.post(&there, "/mcp", session, &format!(r#"{{"jsonrpc":"2.0",{said}}}"#));
            wire.answer();
        }
    })
}

/// A terminal by the clock.
struct Timed {
    terminal: Terminal,
    /// What took too long: all of it is told at the end.
    slow: Vec<String>,
}

impl Timed {
    /// What a key brings, and in which time.
    fn within(&mut self, key: &str, ms: u64, what: &str, is_so: impl Fn(&Shown) -> bool) {
        let pressed = Instant::now();
        self.terminal.press(key);
        self.terminal.until(what, is_so);
        let took = pressed.elapsed();
        tell(what, took);
        if took >= Duration::from_millis(ms) * patience() {
            self.slow.push(format!("{what}: {took:?}, not {ms} ms"));
        }
    }
}

#[test]
fn check_12_ten_megabytes_open_at_once_and_keys_are_answered_meanwhile() {
    let _alone = alone();
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("large.tape.jsonl");
    fs::write(&path, tape()).expect("written");
    let mut slow = Vec::new();
    for source in Source::ALL {
        tell("on", source);
        let mut of_source = Vec::new();
        for _ in 0..LOOKS {
            let home = tempdir().expect("a folder");
            let (terminal, _recorder) = source.open(home.path(), &path, |start| start);
            let mut timed = Timed { terminal, slow: Vec::new() };
            opens_at_once(&mut timed);
            of_source = timed.slow;
            if of_source.is_empty() {
                break;
            }
        }
        slow.extend(of_source.into_iter().map(|what| format!("{source:?}: {what}")));
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

fn opens_at_once(timed: &mut Timed) {
    let raw = |shown: &Shown| shown.has(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]"#);
    let on = |word: &'static str| {
        move |shown: &Shown| shown.selected().is_some_and(|row| row.contains(word))
    };
    timed.terminal.keys(ENTER).until("the calls", |shown| shown.has("2/2"));
    timed.terminal.keys("G").until("the call", on("tools/call"));
    timed.within(ENTER, RAW_MS, "raw", raw);
    // It is being indexed: it is there again in a moment, and so is everything else.
    timed.within("k", 50, "k", on("initialize"));
    timed.within("j", 50, "j", on("tools/call"));
    timed.terminal.until("raw again, or the tree", |shown| raw(shown) || shown.has("▾"));
    timed.within("[", 50, "[", |shown| shown.has("[Problems"));
    timed.within("]", 100, "]", |shown| shown.has("[Response]"));
    timed.within(ESC, 50, "Esc", |shown| !shown.has("Response"));
    let terminal = &mut timed.terminal;
    terminal.keys(ENTER).until("its detail", |shown| shown.has("[Response]"));
    terminal.keys(ENTER).until("the whole screen", |shown| !shown.has("SEQ"));
    terminal.keys("/tail-marker\r").until("the tail in the tree, unfolded", |shown| {
        shown.has(r#"tail: "tail-marker""#) && shown.has("▾ deep") && shown.has("▾ last")
    });
}
