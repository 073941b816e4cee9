//! `trace` from the origin of a session id to its last use: over a store in use, a free one, a tape.

use std::io::Write as _;

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{
    origin::{Origin, Wire},
    wiretape::{Recorder, file, lines, of, run, wiretape},
};

const ID: &str = "f39aba069a8140";
const OTHER: &str = "936c95e0-0000-4000-8000-000000000000";

/// The path-session host of houses.md 1, with an exchange that issues ids.
fn gateway() -> Origin {
    Origin::serve(|request, out| {
        let id = crate::support::origin::header(&request.head, "mcp-session-id").unwrap_or("");
        let (status, body) = if request.line().contains("/exchange") {
            ("200 OK", format!(r#"{{"sessionId":"{ID}","endpoint":"http://gateway/{ID}/mcp"}}"#))
        } else if id == ID {
            ("200 OK", r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#.to_owned())
        } else {
            let message = format!("session {id} is expired");
            ("401 Unauthorized", format!(r#"{{"code":"SessionExpired","message":"{message}"}}"#))
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n");
        let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        out.write_all(answer.as_bytes()).is_ok()
    })
}

fn record(recorder: &Recorder, origin: &Origin) {
    let mut client = Wire::to(recorder.proxy());
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    client.post(&origin.authority(), "/exchange", "Authorization: Bearer k\r\n", "{}");
    client.answer();
    for id in [OTHER, ID, ID] {
        let header = format!("Mcp-Session-Id: {id}\r\n");
        client.post(&origin.authority(), &format!("/{ID}/mcp"), &header, list);
        client.answer();
    }
}

#[test]
fn a_session_id_is_traced_from_its_origin_alike_everywhere() {
    let origin = gateway();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    record(&recorder, &origin);
    let in_use = lines(home.path(), &["trace", ID]);
    recorder.stop();
    assert_eq!(lines(home.path(), &["trace", ID]), in_use, "the closed store");
    let tape = file(home.path(), "all.tape.jsonl");
    let tape = tape.to_str().expect("a path");
    run(home.path(), &["export", "server:*", "--reveal", "-o", tape]);
    assert_eq!(lines(home.path(), &["trace", ID, "--tape", tape]), in_use, "the tape");

    let text = |line: &Value, key: &str| line[key].as_str().expect("a text").to_owned();
    let mentions = of(&in_use, "mention");
    let places: Vec<_> = mentions.iter().map(|mention| text(mention, "place")).collect();
    assert_eq!(
        places,
        [
            "response-body:/sessionId",
            "response-body:/endpoint",
            "url",
            "url",
            "request-header:mcp-session-id",
            "url",
            "request-header:mcp-session-id",
        ]
    );
    let first: Vec<_> = mentions.iter().map(|mention| mention["first"] == true).collect();
    assert_eq!(first, [true, false, false, false, false, false, false]);
    let origins = mentions.iter().filter(|mention| mention["origin"] == true).count();
    assert_eq!(origins, 3, "the exchange, and the refused request before the first that worked");
    assert!(mentions.is_sorted_by_key(|mention| text(mention, "at")));
    assert!(mentions.iter().all(|mention| mention["session"].is_string()));
    let summary = in_use.last().expect("a summary");
    assert_eq!(summary["schema"], "wiretape/summary/1");
    assert_eq!(summary["mentions"], 7);
    assert_eq!(summary["exchanges"], 4);
    assert_eq!(summary["complete"], true);
}

#[test]
fn people_read_first_where_it_was_first_seen() {
    let origin = gateway();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    record(&recorder, &origin);
    recorder.stop();
    let output = run(home.path(), &["trace", ID]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let all: Vec<&str> = text.lines().collect();
    assert!(all[0].starts_with("first seen"), "{text}");
    assert!(all[0].contains("likely origin") && all[0].contains("/exchange 200"), "{text}");
    assert!(all[3].starts_with("first used") && all[3].contains(" url "), "{text}");
    assert_eq!(all.len(), 7);
    assert!(String::from_utf8_lossy(&output.stderr).contains("7 mentions in 4 exchanges"));

    let never = run(home.path(), &["trace", OTHER]);
    let text = String::from_utf8(never.stdout).expect("UTF-8");
    assert!(text.starts_with("first seen") && !text.contains("likely origin"), "{text}");
    let nothing = run(home.path(), &["trace", "no-such-value"]);
    assert!(nothing.stdout.is_empty());
    let empty = wiretape(home.path(), &["trace", ""]).output().expect("it starts");
    assert_eq!(empty.status.code(), Some(2));
}
