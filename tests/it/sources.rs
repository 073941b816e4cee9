//! One answer, whatever is read: a store in use, the same store closed, its tape.

use std::{fs, io::Write, path::Path};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{
    origin::{Origin, STREAM, Wire, chunk, json},
    wiretape::{Recorder, file, lines, of, run, sessions, wiretape},
};

const AS_OF: &str = "2040-01-01T00:00:00Z";
/// What stands in a token of the traffic and must not stand in an export.
const SECRET: &str = "s3cr3t-t0ken-0123456789";

#[test]
fn a_store_in_use_a_closed_one_and_a_tape_give_the_same_answers() {
    let origin = small_server();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    two_sessions(&recorder, &origin);
    assert_eq!(sessions(home.path()).len(), 2);
    let in_use = answers(home.path(), &[]);
    let live_tape = file(home.path(), "live.tape.jsonl");
    export(home.path(), &live_tape, &["--reveal"]);
    recorder.stop();
    assert_eq!(answers(home.path(), &[]), in_use, "the closed store");

    let tape = file(home.path(), "closed.tape.jsonl");
    export(home.path(), &tape, &["--reveal"]);
    assert_eq!(
        read(&tape),
        read(&live_tape),
        "a tape of the store in use and one of the closed store"
    );
    let from_tape = answers(home.path(), &["--tape", tape.to_str().expect("a path")]);
    assert_eq!(from_tape, in_use, "the tape");
    assert_eq!(of(&in_use, "frame").len(), 2 * 2, "the primer and the answer of each call");
}

#[test]
fn export_import_export_gives_the_same_bytes_and_twice_changes_nothing() {
    let origin = small_server();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    two_sessions(&recorder, &origin);
    recorder.stop();
    for options in [&["--reveal"][..], &[]] {
        let first = file(home.path(), "first.tape.jsonl");
        export(home.path(), &first, options);
        let other = tempdir().expect("a folder");
        run(other.path(), &["import", first.to_str().expect("a path")]);
        let second = file(other.path(), "second.tape.jsonl");
        export(other.path(), &second, options);
        assert_eq!(read(&second), read(&first), "{options:?}");
        run(other.path(), &["import", first.to_str().expect("a path")]);
        let third = file(other.path(), "third.tape.jsonl");
        export(other.path(), &third, options);
        assert_eq!(read(&third), read(&first), "imported twice, {options:?}");
    }
}

#[test]
fn an_export_holds_no_secret_unless_told() {
    let origin = small_server();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    two_sessions(&recorder, &origin);
    recorder.stop();
    let tape = file(home.path(), "redacted.tape.jsonl");
    export(home.path(), &tape, &[]);
    assert!(!read(&tape).contains(SECRET), "the token is in the export");
    assert!(!read(&tape).contains("session-0"), "a session's id is in the export");
    assert!(read(&tape).contains("{{authorization:1}}"));
    let redacted = lines(home.path(), &["list", "--tape", tape.to_str().expect("a path")]);
    assert_eq!(of(&redacted, "session").len(), 2, "the joins are the same");
    let shown = run(home.path(), &["find", "method:tools/call", "--json"]).stdout;
    assert!(!String::from_utf8_lossy(&shown).contains(SECRET), "find shows the token");
    export(home.path(), &tape, &["--reveal"]);
    assert!(read(&tape).contains(SECRET));
}

#[test]
fn pruned_sessions_stay_away() {
    let origin = small_server();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    two_sessions(&recorder, &origin);
    let doomed = sessions(home.path()).remove(0);
    let query = format!("session:{doomed}");
    run(home.path(), &["prune", &query, "--dry-run"]);
    assert_eq!(sessions(home.path()).len(), 2, "a dry run deletes nothing");
    run(home.path(), &["prune", &query, "--yes"]);
    assert_eq!(sessions(home.path()).len(), 1);
    recorder.stop();
    fs::remove_dir_all(home.path().join("captures/catalog")).expect("it is there");
    assert!(!sessions(home.path()).contains(&doomed), "a rebuild obeys the tombstone");
    let refused = wiretape(home.path(), &["prune", "--yes"]).output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2), "prune needs a query");
}

/// faces.md, find: an exchange without messages that matches is printed as an exchange, followed or
/// not, by the recorder's feed or from the store that nobody records into.
#[test]
fn what_is_followed_is_what_is_found() {
    let origin = Origin::serve(|request, out| {
        let answer = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
        let text = if request.line().starts_with("GET") {
            "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n".to_owned()
        } else {
            json(answer, "")
        };
        out.write_all(text.as_bytes()).is_ok()
    });
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut client = Wire::to(recorder.proxy());
    let own = "Mcp-Session-Id: session-0\r\n";
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    client.post(&origin.authority(), "/mcp", own, call);
    client.answer();
    let at = origin.authority();
    client.send(format!("GET http://{at}/mcp HTTP/1.1\r\nHost: {at}\r\n{own}\r\n"));
    client.answer();
    client.post(&origin.authority(), "/mcp", own, call);
    client.answer();
    assert_eq!(sessions(home.path()).len(), 1);
    let found = |more: &[&str]| {
        let told = lines(home.path(), &[&["find", "server:*"], more].concat());
        told.into_iter().filter(|line| line["schema"] != "wiretape/summary/1").collect::<Vec<_>>()
    };
    let in_use = found(&["--follow", "--limit", "5"]);
    recorder.stop();
    let all = found(&[]);
    assert_eq!((of(&all, "message").len(), of(&all, "exchange").len()), (4, 1));
    assert_eq!(found(&["--follow"]), all, "the closed store");
    for line in &all {
        assert!(in_use.contains(line), "the store in use: {line}");
    }
}

fn small_server() -> Origin {
    Origin::serve(|request, out| {
        let answer = String::from_utf8_lossy(&request.body).into_owned();
        let id = crate::support::origin::header(&request.head, "mcp-session-id")
            .unwrap_or("")
            .to_owned();
        if answer.contains("tools/call") {
            let events = [
                "id: 0\ndata: \n\n",
                "data: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":",
                "{\"content\":[]}}\n\n",
            ];
            let _ = out.write_all(format!("{STREAM}Set-Cookie: sid={SECRET}\r\n\r\n").as_bytes());
            return events.iter().all(|event| out.write_all(&chunk(event)).is_ok())
                && out.write_all(b"0\r\n\r\n").is_ok();
        }
        let headers = format!("Mcp-Session-Id: {id}\r\n");
        let body = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"},"access_token":"s3cr3t-t0ken-0123456789"}}"#;
        out.write_all(json(body, &headers).as_bytes()).is_ok()
    })
}

fn two_sessions(recorder: &Recorder, origin: &Origin) {
    for n in 0..2 {
        let mut client = Wire::to(recorder.proxy());
        let headers = format!("Mcp-Session-Id: session-{n}\r\nAuthorization: Bearer {SECRET}\r\n");
        let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;
        client.post(&origin.authority(), "/mcp", &headers, initialize);
        client.answer();
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{{"name":"t","arguments":{{"password":"{SECRET}"}}}}}}"#
        );
        client.post(&origin.authority(), "/mcp", &headers, &call);
        client.head();
        while client.chunk().is_some() {}
    }
}

fn export(home: &Path, tape: &Path, options: &[&str]) {
    let mut words: Vec<String> =
        vec!["export".into(), "server:*".into(), "-o".into(), tape.display().to_string()];
    words.extend(options.iter().map(|&option| option.to_owned()));
    run(home, &words);
}

fn read(tape: &Path) -> String {
    fs::read_to_string(tape).expect("a tape")
}

/// Everything that reading verbs say about ended sessions at one time.
fn answers(home: &Path, source: &[&str]) -> Vec<Value> {
    let ask = |words: &[&str]| lines(home, &[words, source, &["--as-of", AS_OF]].concat());
    let mut all = ask(&["list"]);
    let ids: Vec<_> =
        of(&all, "session").iter().map(|s| s["id"].as_str().expect("an id").to_owned()).collect();
    for id in &ids {
        all.extend(ask(&["show", id]));
        let exchanges = ask(&["show", id]);
        for exchange in of(&exchanges, "exchange") {
            let place = format!("{id}/{}", exchange["id"].as_str().expect("an id"));
            all.extend(ask(&["show", &place, "--frames"]));
        }
    }
    all.extend(ask(&["find", "method:tools/call"]));
    all.extend(ask(&["trace", "session-0"]));
    all
}
