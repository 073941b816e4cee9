//! What comes while one looks: a client that calls when the test says so, a recorder of its own, the
//! screen attached to it.

use std::{io::Write as _, net::SocketAddr, path::Path};

use tempfile::{TempDir, tempdir};

use super::has_sessions;
use crate::support::{
    origin::{Origin, Wire, json},
    sources::{Source, each},
    terminal::{ENTER, ESC, Terminal},
    wiretape::{Recorder, lines, of},
};

/// A session that goes on: each call is answered at once; `tool` is `echo` or `fail`.
struct Talk {
    wire: Wire,
    authority: String,
    next: u64,
}

impl Talk {
    fn begin(proxy: SocketAddr, origin: &Origin) -> Self {
        let wire = Wire::to(proxy);
        let mut talk = Self { wire, authority: origin.authority(), next: 1 };
        talk.say(
            r#""method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"talk","version":"1"}}"#,
            "",
        );
        talk
    }

    fn say(&mut self, what: &str, headers: &str) {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{},{what}}}"#, self.next);
        self.next += 1;
        self.wire.post(&self.authority, "/mcp", headers, &body);
        let (head, _) = self.wire.answer();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }

    fn call(&mut self, tool: &str, times: usize) {
        for _ in 0..times {
            let what = format!(
                r#""method":"tools/call","params":{{"name":"{tool}","arguments":{{"n":{}}}}}"#,
                self.next
            );
            self.say(&what, "Mcp-Session-Id: talk-1\r\nMCP-Protocol-Version: 2025-11-25\r\n");
        }
    }
}

/// A server of MCP that answers with one JSON object.
fn server() -> Origin {
    Origin::serve(|request, out| {
        let asked: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
        let id = &asked["id"];
        let result = match (asked["method"].as_str(), asked["params"]["name"].as_str()) {
            (Some("initialize"), _) => serde_json::json!({
                "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                "serverInfo": {"name": "server", "version": "1"},
            }),
            (_, Some(tool)) => serde_json::json!({
                "content": [{"type": "text", "text": format!("{tool} {}", asked["params"]["arguments"]["n"])}],
                "isError": tool == "fail",
            }),
            _ => serde_json::json!({}),
        };
        let answer = serde_json::json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string();
        out.write_all(json(&answer, "Mcp-Session-Id: talk-1\r\n").as_bytes()).is_ok()
    })
}

/// Everything, with the list of calls of the one session on the screen.
struct Scene {
    home: TempDir,
    _recorder: Option<Recorder>,
    talk: Talk,
    terminal: Terminal,
}

fn scene(source: Source) -> Scene {
    let home = tempdir().expect("a folder");
    let recorder = (source == Source::Attached).then(|| Recorder::start(home.path(), &[]));
    // No tape is looked at.
    let mut terminal = source.start(home.path(), Path::new("")).start();
    let proxy = recorder
        .as_ref()
        .map_or_else(|| super::proxy(&terminal.shows("Listening on http://")), Recorder::proxy);
    let mut talk = Talk::begin(proxy, &server());
    talk.call("echo", 3);
    terminal.until("the session", has_sessions);
    terminal.keys(ENTER).until("its calls", |shown| shown.has("4/4"));
    Scene { home, _recorder: recorder, talk, terminal }
}

/// The recorder is another process, or the one with the screen.
fn on_both(check: impl Fn(&mut Scene) + Sync) {
    each(&[Source::Attached, Source::Live], |source| check(&mut scene(source)));
}

#[test]
fn a_screen_on_a_free_home_gives_it_to_who_records_and_goes_on_live() {
    let home = tempdir().expect("a folder");
    super::demo(home.path());
    let terminal = Source::Store.start(home.path(), Path::new("")).start();
    let before = terminal.until("the sessions", has_sessions);
    assert!(!before.rows[0].contains("REC"), "{}", before.text());
    let recorder = Recorder::start(home.path(), &[]);
    terminal.until("live", |shown| shown.rows[0].contains("REC"));
    Talk::begin(recorder.proxy(), &server()).call("echo", 1);
    terminal.until("the new one", |shown| shown.has("3 sessions") && shown.has("talk"));
}

#[test]
fn check_8_follow_ends_with_a_move_up_and_the_selection_stays() {
    on_both(|scene| {
        let (talk, terminal) = (&mut scene.talk, &mut scene.terminal);
        let follows = terminal.until("follow", |shown| shown.rows[0].contains("follow"));
        assert!(follows.selected().is_some_and(|row| row.contains(" 4 ")), "{}", follows.text());
        talk.call("echo", 5);
        terminal.until("the last row is selected", |shown| {
            shown.has("9/9") && shown.selected().is_some_and(|row| row.contains(" 9 "))
        });
        let stays =
            terminal.keys("k").until("no follow", |shown| !shown.rows[0].contains("follow"));
        let selected = stays.selected().expect("a row").to_owned();
        talk.call("echo", 7);
        let later = terminal.until("new rows", |shown| shown.rows[0].contains("+7 new"));
        assert_eq!(later.selected(), Some(selected.as_str()), "{}", later.text());
        talk.call("echo", 3);
        let later = terminal.until("more new rows", |shown| shown.rows[0].contains("+10 new"));
        assert_eq!(later.selected(), Some(selected.as_str()), "{}", later.text());
        // Both ways back.
        for (key, last) in [("F", 19), ("G", 21)] {
            terminal.keys(key).until("the last row", |shown| {
                let is_last = |row: &str| row.contains(&format!(" {last} "));
                shown.rows[0].contains("follow") && shown.selected().is_some_and(is_last)
            });
            terminal.keys("k").until("no follow", |shown| !shown.rows[0].contains("follow"));
            talk.call("echo", 2);
            terminal.until("new rows", |shown| shown.rows[0].contains("+2 new"));
        }
    });
}

#[test]
fn check_9_pause_freezes_the_screen_and_not_the_recording() {
    on_both(|scene| {
        let (talk, terminal) = (&mut scene.talk, &mut scene.terminal);
        let frozen = terminal.keys("p").until("paused", |shown| shown.rows[0].contains("paused"));
        talk.call("echo", 6);
        let now = terminal.until("counted", |shown| shown.rows[0].contains("paused +6"));
        assert_eq!(now.rows[1..22], frozen.rows[1..22]);
        let listed = lines(scene.home.path(), &["list"]);
        assert_eq!(of(&listed, "session")[0]["exchanges"], 10);
        terminal.keys("p").until("none is missing", |shown| {
            shown.has("10/10") && !shown.rows[0].contains("paused")
        });
    });
}

#[test]
fn check_6_a_filter_is_live_seen_and_taken_back() {
    on_both(|scene| {
        let (talk, terminal) = (&mut scene.talk, &mut scene.terminal);
        talk.call("fail", 3);
        terminal.until("all", |shown| shown.has("7/7"));
        terminal.keys("fstatus:error").until("live", |shown| shown.has("3/7"));
        terminal.keys(ENTER).until("in the crumbs", |shown| {
            shown.has("3/7") && shown.rows[0].contains("status:error")
        });
        // What comes is filtered too.
        talk.call("fail", 1);
        talk.call("echo", 1);
        terminal.until("one more", |shown| shown.has("4/9"));
        let again = terminal
            .keys("f")
            .until("prefilled", |shown| shown.rows[23].contains("filter: status:error"));
        assert!(again.cursor.is_some());
        let wrong = terminal.keys("\x15tool:(").until("an error", |shown| shown.has("column"));
        assert!(
            wrong.has("4/9") || wrong.rows.iter().filter(|row| row.contains("fail")).count() == 4,
            "{}",
            wrong.text()
        );
        terminal
            .keys(ESC)
            .until("as before", |shown| shown.has("4/9") && !shown.rows[23].contains("filter:"));
        terminal.keys(ESC).until("no filter", |shown| shown.has("9/9"));
    });
}

#[test]
fn a_search_line_becomes_a_filter() {
    let mut scene = scene(Source::Attached);
    let terminal = &mut scene.terminal;
    terminal
        .keys("/initialize\x06")
        .until("filtered", |shown| shown.has("1/4") && shown.rows[0].contains("initialize"));
}

#[test]
fn check_7_a_search_goes_to_its_hits_and_says_where_there_is_none() {
    let mut scene = scene(Source::Attached);
    let (talk, terminal) = (&mut scene.talk, &mut scene.terminal);
    talk.call("fail", 2);
    terminal.until("all", |shown| shown.has("6/6"));
    terminal
        .keys("g/fail\r")
        .until("the first hit", |shown| shown.selected().is_some_and(|row| row.contains(" 5 ")));
    terminal
        .keys("n")
        .until("the next one", |shown| shown.selected().is_some_and(|row| row.contains(" 6 ")));
    terminal.keys("/nosuchneedle\r").shows("not found");
}

#[test]
fn a_screen_on_another_ones_store_exports_copies_reveals_and_deletes() {
    let mut scene = scene(Source::Attached);
    let (home, terminal) = (scene.home.path(), &mut scene.terminal);
    let path = home.join("out.har");
    let export = format!(":export har {}\r", path.display());
    terminal.keys(&export).shows("4 exchanges, secrets are replaced");
    let har = std::fs::read_to_string(&path).expect("a file");
    assert!(har.matches("tools/call").count() >= 3, "{har}");

    terminal.keys("y").shows("request as curl");
    terminal.keys("2").shows("copied");
    let curl = terminal.copied();
    assert!(curl.contains("curl") && curl.contains("tools/call"), "{curl}");

    terminal.keys(":reveal\r").until("said", |shown| shown.rows[0].contains("secrets shown"));
    terminal.keys(":mask\r").until("said", |shown| !shown.rows[0].contains("secrets shown"));

    terminal.keys(":trace talk-1\r").until("places", |shown| {
        shown.has("response-header:mcp-session-id") && !shown.has("looking")
    });
    terminal.keys(ESC).until("the calls", |shown| shown.has("4/4"));

    // What the recorder owns it deletes, and what comes then comes.
    terminal.keys("q").until("the session", has_sessions);
    terminal.keys("D").until("a question", |shown| shown.has("y yes"));
    terminal.keys("y").shows("deleted 4 exchanges");
    assert!(of(&lines(home, &["list"]), "session").is_empty());
    scene.talk.call("echo", 1);
    scene.terminal.until("a session again", has_sessions);
}
