//! Text that breaks screens: wide, joined and combining characters, escapes, another direction.

use std::{fs, io::Write as _};

use tempfile::tempdir;

use crate::support::{
    origin::{self, Origin, Wire},
    sources::on_each,
    tapes,
    terminal::{ENTER, ESC, Shown, Terminal},
};

/// One of each kind: wide, joined by ZWJ, with a skin, a flag, a keycap, text made an emoji by VS16,
/// combining upon narrow and wide, Hangul in parts, an Indic cluster, one that is as wide as four.
const KINDS: [&str; 12] = [
    "日本語の検索",
    "👨\u{200d}👩\u{200d}👧\u{200d}👦家",
    "👋🏽 hello",
    "🇩🇪🇯🇵",
    "1\u{fe0f}\u{20e3}",
    "❤\u{fe0f}☂\u{fe0f}",
    "e\u{301}a\u{308}\u{323}",
    "か\u{3099}",
    "\u{1112}\u{1161}\u{11ab}글",
    "क्षि",
    "﷽",
    "a\u{200b}b\u{2060}c\u{feff}d",
];

/// What a terminal would obey, or turn around.
const EVIL: &str = "\u{1b}]0;pwn\u{7}\r\u{202e}evil\u{9b}31m";

/// A session in which every name and text is of that kind.
fn tape() -> String {
    let origin = Origin::serve(|request, out| {
        let asked: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
        let said = asked["params"]["name"].as_str().unwrap_or_default().to_owned();
        if said == "plain" {
            let length = EVIL.len();
            let head = format!(
                "HTTP/1.1 500 No\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"
            );
            return out.write_all(format!("{head}{EVIL}").as_bytes()).is_ok();
        }
        let result = if asked["method"] == "initialize" {
            serde_json::json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                "serverInfo": {"name": format!("サーバー{EVIL}"), "version": "1"}})
        } else {
            let text = format!("{said}|{EVIL}|{said}");
            serde_json::json!({"content": [{"type": "text", "text": text}], said.as_str(): text})
        };
        let answer = serde_json::json!({"jsonrpc": "2.0", "id": asked["id"], "result": result});
        let answer = origin::json(&answer.to_string(), "Mcp-Session-Id: wide-1\r\n");
        out.write_all(answer.as_bytes()).is_ok()
    });
    tapes::recorded(&origin.url(), &[], |recorder| {
        let mut wire = Wire::to(recorder.reverse());
        let there = recorder.reverse().to_string();
        let mut say = |id: usize, method: &str, params: serde_json::Value| {
            let session = if id == 0 { "" } else { "Mcp-Session-Id: wide-1\r\n" };
            let said =
                serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
            wire.post(&there, "/mcp", session, &said.to_string());
            wire.answer();
        };
        let client = serde_json::json!({"name": format!("客户端{EVIL}"), "version": "1"});
        let hello = serde_json::json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        say(0, "initialize", hello);
        for (id, kind) in (1..).zip(KINDS) {
            say(id, "tools/call", serde_json::json!({"name": kind, "arguments": {"q": kind}}));
        }
        say(90, "tools/call", serde_json::json!({"name": "plain", "arguments": {}}));
    })
}

/// The column in which every row has the line between the panes.
fn border(shown: &Shown) -> Option<usize> {
    let last = shown.cells.len().checked_sub(2)?;
    let rows = shown.cells.get(1..last)?;
    let is_line = |x: &usize| rows.iter().all(|row| row.get(*x).is_some_and(|cell| cell == "│"));
    (0..shown.cells.first()?.len()).find(is_line)
}

fn is_harmless(terminal: &Terminal, shown: &Shown) {
    let evil = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}');
    for row in &shown.rows {
        assert!(!row.contains(evil), "{row:?}");
    }
    assert_eq!(terminal.titles(), 0, "a title was set");
}

#[test]
fn check_14_borders_stand_and_nothing_is_obeyed() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("wide.tape.jsonl");
    fs::write(&path, tape()).expect("written");
    on_each(
        &path,
        |start| start.size(120, 40),
        |_, terminal, _| {
            let all = format!("{0}/{0}", KINDS.len() + 2);
            let sessions = terminal.until("the escape, shown", |shown| shown.has("␛]0;pwn"));
            is_harmless(terminal, &sessions);
            terminal.keys(ENTER).until("its calls", |shown| shown.has(&all));
            // Of what is live the end is shown first.
            terminal.keys("g");
            let split = terminal.keys(ENTER).until("two panes", |shown| border(shown).is_some());
            let column = border(&split);
            for number in 2..KINDS.len() + 3 {
                let row_number = format!(" {number} ");
                terminal.keys("j");
                for tab in ["[Response]", "[Request]", "[Headers]", "[Frames", "[Raw]", "[Problems"]
                {
                    let of = |shown: &Shown| {
                        let is_tab = |row: &String| row.contains(tab);
                        shown.selected().is_some_and(|row| row.contains(&row_number))
                            && shown.rows.iter().any(is_tab)
                            && !shown.has("reading")
                    };
                    let shown = terminal.until(&format!("{tab} of {number}"), of);
                    assert_eq!(border(&shown), column, "{tab} of {number}:\n{}", shown.text());
                    is_harmless(terminal, &shown);
                    terminal.keys("]");
                }
            }
            terminal.keys("[[").until("the plain body", |shown| shown.has("[Raw]"));
            let raw = terminal.until("its escapes, shown", |shown| shown.has("␛]0;pwn␇"));
            assert!(raw.has("evil"), "{}", raw.text());
            // The lanes of the sequence are borders too.
            terminal.keys(ESC).keys("3");
            let shown = terminal.until("the sequence", |shown| shown.has("lanes: "));
            is_harmless(terminal, &shown);
            let lane = |row: &[String]| row.iter().rposition(|cell| cell == "│");
            let lanes: Vec<_> = shown.cells[2..38].iter().filter_map(|row| lane(row)).collect();
            assert!(lanes.len() > 10, "{}", shown.text());
            assert!(lanes.iter().all(|x| *x == lanes[0]), "{lanes:?}\n{}", shown.text());
            for view in ["4", "5", "6", "7", "1"] {
                let before = terminal.bytes();
                terminal.keys(view).until_bytes(before);
                is_harmless(terminal, &terminal.shown());
            }
        },
    );
}
