//! `problems` and `find`: one answer on a store in use, the same store closed, its tape, and after
//! its catalog was lost; what was found is kept, and goes with its session.

use std::{fs, io::Write, path::Path};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{
    origin::{Origin, STREAM, Wire, chunk, header, json},
    tapes,
    wiretape::{Recorder, file, lines, of, run, sessions, wiretape},
};

const AS_OF: &str = "2040-01-01T00:00:00Z";

/// Queries of every kind of index term, and some that no index helps.
const QUERIES: [&[&str]; 16] = [
    &["method:tools/call"],
    &["method:tools/*", "kind:request"],
    &["tool:cut"],
    &["tool:none"],
    &["status:error"],
    &["status:pending"],
    &["status:ok", "dir:server"],
    &["tool-error"],
    &["rpc:-32601"],
    &["http:404"],
    &["http>=400"],
    &["outcome:truncated|completed", "method:initialize"],
    &["session:s-1"],
    &["has:problem"],
    &["words"],
    &["client:c", "server:*"],
];

#[test]
fn problems_and_find_say_the_same_of_a_store_and_its_tape() {
    let origin = server();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    traffic(&recorder, &origin);
    assert_eq!(sessions(home.path()).len(), 3);
    let in_use = answers(home.path(), &[]);
    let tape = file(home.path(), "all.tape.jsonl");
    let path = tape.to_str().expect("a path");
    run(home.path(), &["export", "server:*", "-o", path, "--reveal"]);
    recorder.stop();
    assert_eq!(answers(home.path(), &[]), in_use, "the closed store");
    assert_eq!(answers(home.path(), &["--tape", path]), in_use, "the tape");
    fs::remove_dir_all(home.path().join("captures/catalog")).expect("it is there");
    assert_eq!(answers(home.path(), &[]), in_use, "the catalog made anew");

    let problems = of(&in_use, "problem");
    let cut: Vec<_> = problems.iter().filter(|p| p["rule"] == "truncated-stream").collect();
    assert_eq!(cut.len(), 3, "one a session");
    let found = |query: &str| {
        let all = lines(home.path(), &["find", query, "--as-of", AS_OF]);
        of(&all, "message").len() + of(&all, "exchange").len()
    };
    assert_eq!(found("tool:cut"), 3, "no answer came of it");
    assert_eq!(found("rpc:-32601"), 2 * 3);
    assert_eq!(found("session:s-1"), 6 + 1);
    assert!(found("has:problem") >= 3);
}

/// Also what shows only over several sessions, like the leak.
#[test]
fn a_list_counts_the_problems_that_are_told() {
    let home = tempdir().expect("a folder");
    let mut over_all = 0;
    for path in tapes::all() {
        let tape = path.to_str().expect("a path");
        let listed = lines(home.path(), &["list", "--tape", tape]);
        let told = lines(home.path(), &["problems", "--tape", tape]);
        let told = of(&told, "problem");
        for session in of(&listed, "session") {
            let own = told.iter().filter(|problem| problem["session"] == session["id"]).count();
            assert_eq!(session["problems"], own, "{tape}: {}", session["id"]);
        }
        over_all += told.iter().filter(|problem| problem["rule"] == "session-leak").count();
        assert_eq!(of(&listed, "summary")[0]["problems"], told.len(), "{tape}");
    }
    assert!(over_all > 0, "a tape has such a problem");
}

#[test]
fn a_limit_ends_the_looking_and_an_index_obeys_prune() {
    let origin = server();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    traffic(&recorder, &origin);
    recorder.stop();
    let all = lines(home.path(), &["find", "method:initialize"]);
    let cut = lines(home.path(), &["find", "method:initialize", "--limit", "2"]);
    assert_eq!(of(&cut, "message"), of(&all, "message")[..2]);
    assert_eq!(of(&cut, "summary")[0]["complete"], false);
    let exact = lines(home.path(), &["find", "method:initialize", "--limit", "6"]);
    assert_eq!(of(&exact, "summary")[0]["complete"], true, "six is all there is");

    let doomed = sessions(home.path()).remove(0);
    lines(home.path(), &["problems"]);
    run(home.path(), &["prune", &format!("session:{doomed}"), "--yes"]);
    let left = |words: &[&str]| {
        let lines = lines(home.path(), words);
        assert!(!lines.iter().any(|line| line["session"] == doomed.as_str()), "{words:?}");
        lines.len()
    };
    let before = left(&["find", "method:initialize"]) + left(&["problems"]);
    run(home.path(), &["prune", "--purge", "--yes"]);
    assert_eq!(left(&["find", "method:initialize"]) + left(&["problems"]), before);
    assert_eq!(left(&["find", "session:s-2"]) + left(&["find", "session:s-1"]), 1 + 1 + 7);
}

#[test]
fn problems_exits_as_it_is_told() {
    let origin = server();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    traffic(&recorder, &origin);
    recorder.stop();
    let code = |words: &[&str]| wiretape(home.path(), words).output().expect("it starts").status;
    assert_eq!(code(&["problems"]).code(), Some(0));
    assert_eq!(code(&["problems", "--fail-on", "error"]).code(), Some(1));
    assert_eq!(code(&["problems", "--fail-on", "warning"]).code(), Some(1));
    assert_eq!(code(&["problems", "tool:none", "--fail-on", "error"]).code(), Some(0));
    assert_eq!(code(&["problems", "colour:red"]).code(), Some(2));
    assert_eq!(code(&["problems", "ffff", "--fail-on", "error"]).code(), Some(2));
}

fn answers(home: &Path, source: &[&str]) -> Vec<Value> {
    let ask = |words: &[&str]| lines(home, &[words, source, &["--as-of", AS_OF]].concat());
    let mut all = ask(&["problems"]);
    // Once more: what was kept is what was found.
    assert_eq!(ask(&["problems"]), all);
    all.extend(ask(&["list"]));
    all.extend(ask(&["list", "has:problem"]));
    for query in QUERIES {
        all.extend(ask(&[&["find"], query].concat()));
    }
    all
}

/// A server that answers as its tools' names say.
fn server() -> Origin {
    Origin::serve(|request, out| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let id = header(&request.head, "mcp-session-id").unwrap_or("").to_owned();
        let says = |name: &str| body.contains(name);
        if says("\"cut\"") {
            let _ = out.write_all(format!("{STREAM}\r\n").as_bytes());
            let _ = out.write_all(&chunk("data: {\"jsonrpc\":"));
            let _ = out.write_all(b"0\r\n\r\n");
            return true;
        }
        let session = format!("Mcp-Session-Id: {id}\r\n");
        let answer = if says("initialize") {
            json(
                r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}"#,
                &session,
            )
        } else if says("\"fails\"") {
            json(r#"{"jsonrpc":"2.0","id":2,"result":{"content":[],"isError":true}}"#, "")
        } else if says("prompts/get") {
            json(
                r#"{"jsonrpc":"2.0","id":3,"error":{"code":-32601,"message":"no such words"}}"#,
                "",
            )
        } else {
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()
        };
        out.write_all(answer.as_bytes()).is_ok()
    })
}

fn traffic(recorder: &Recorder, origin: &Origin) {
    let mut clients: Vec<Wire> = (0..3).map(|_| Wire::to(recorder.proxy())).collect();
    let headers = |n: usize| format!("Mcp-Session-Id: s-{n}\r\n");
    let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;
    let call = |id: u32, tool: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{}}}}}}"#
        )
    };
    for (n, client) in clients.iter_mut().enumerate() {
        client.post(&origin.authority(), "/mcp", &headers(n), initialize);
        client.answer();
    }
    let prompt = r#"{"jsonrpc":"2.0","id":3,"method":"prompts/get","params":{"name":"greeting"}}"#;
    for body in [call(2, "fails"), prompt.to_owned()] {
        for (n, client) in clients.iter_mut().enumerate() {
            client.post(&origin.authority(), "/mcp", &headers(n), &body);
            client.answer();
        }
    }
    for (n, client) in clients.iter_mut().enumerate() {
        client.post(&origin.authority(), "/mcp", &headers(n), &call(4, "cut"));
        client.head();
        while client.chunk().is_some() {}
    }
}
