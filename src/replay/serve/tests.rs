use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::*;
use crate::{
    capture::Headers,
    protocol::testing::{exchanges, stories_of},
    replay::rules::Rules,
};

const AT: Duration = Duration::from_secs(1);

/// A session that begins, calls `add` twice with the same arguments and once with others, and ends.
const LIFE: &str = r#"
    >> POST http://recorded.example/mcp

    {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}
    << 200
    content-type: application/json
    mcp-session-id: s1

    {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}
    >> POST http://recorded.example/mcp
    mcp-session-id: s1

    {"jsonrpc":"2.0","method":"notifications/initialized"}
    << 202
    >> POST http://recorded.example/mcp
    mcp-session-id: s1

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}}
    << 200
    content-type: application/json

    {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"first"}],"n":1.50}}
    >> POST http://recorded.example/mcp
    mcp-session-id: s1

    {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}}
    << 200
    content-type: application/json

    {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"second"}]}}
    >> POST http://recorded.example/mcp
    mcp-session-id: s1

    {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"count","arguments":{"to":2},"_meta":{"progressToken":3}}}
    << 200
    content-type: text/event-stream

    id: a
    data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"progress":1}}

    id: b
    data: {"jsonrpc":"2.0","id":"ask","method":"ping"}

    ..
    >> POST http://recorded.example/mcp
    mcp-session-id: s1

    {"jsonrpc":"2.0","id":"ask","result":{}}
    << 202
    .. 4
    id: c
    data: {"jsonrpc":"2.0","id":3,"result":{"content":[]}}

    == completed
    >> DELETE http://recorded.example/mcp
    mcp-session-id: s1
    << 200
"#;

fn script(transcript: &str, placeholders: &[&str]) -> Script {
    let recorded = exchanges(transcript);
    let placeholders = placeholders.iter().map(|text| (*text).to_owned()).collect();
    let mut script = Script::new(placeholders);
    for story in stories_of(&recorded) {
        let own = recorded.iter().filter(|records| {
            let id = records.first().and_then(|record| record.exchange);
            id.is_some_and(|id| story.session.exchanges.contains(&id))
        });
        script.add(&story, &own.cloned().collect::<Vec<_>>());
    }
    script
}

fn stage(transcript: &str) -> Stage {
    faulty(transcript, "")
}

fn faulty(transcript: &str, rules: &str) -> Stage {
    let faults = Faults::of(Rules::parse(rules).expect("rules")).expect("faults");
    let script = Arc::new(script(transcript, &["{{api_key:1}}"]));
    Stage::new(script, "http://127.0.0.1:9".to_owned(), Speed::Unpaced, faults)
}

/// What came of a request: how it was served, its status, its headers and its body or frames.
struct Came {
    outcome: Match,
    status: u16,
    headers: Headers,
    text: String,
    stream: Option<u64>,
    reason: String,
}

fn ask(stage: &mut Stage, http: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Came {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let incoming = Incoming {
        method: http.to_owned(),
        target: target.to_owned(),
        headers: headers.collect(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    let served = stage.request(&incoming, AT);
    let outcome = served.remark.outcome;
    let reason = served.remark.reason.unwrap_or_default();
    let (status, headers, text, stream) = match served.answer {
        Answer::Whole { status, headers, body, .. } => {
            (status, headers, String::from_utf8_lossy(&body).into_owned(), None)
        }
        Answer::Stream { status, headers, stream, .. } => {
            (status, headers, String::new(), Some(stream))
        }
        Answer::Nothing => (0, Headers::default(), String::new(), None),
        Answer::Broken { .. } => (0, Headers::default(), "broken".to_owned(), None),
    };
    Came { outcome, status, headers, text, stream, reason }
}

fn post(stage: &mut Stage, session: &str, body: &str) -> Came {
    let headers = [("mcp-session-id", session)];
    let headers: &[_] = if session.is_empty() { &[] } else { &headers };
    ask(stage, "POST", "/mcp", headers, body)
}

/// The frames that are due, and what the stream does then.
fn frames(stage: &mut Stage, came: &Came) -> (String, Next) {
    let (stream, mut text, mut now) = (came.stream.expect("a stream"), String::new(), AT);
    loop {
        match stage.next(stream, now) {
            Next::At(due) => now = due,
            Next::Frame(frame) => text.push_str(&String::from_utf8_lossy(&frame)),
            other => return (text, other),
        }
    }
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"another","version":"2"}}}"#;
const ADD: &str = r#"{"id":7,"jsonrpc":"2.0","params":{"arguments":{"b":2.0,"a":1},"name":"add"},"method":"tools/call"}"#;

fn begin(stage: &mut Stage) -> String {
    let came = post(stage, "", INITIALIZE);
    assert_eq!((came.outcome, came.status), (Match::Matched, 200));
    assert!(came.text.starts_with(r#"{"jsonrpc":"2.0","id":"i","result":"#), "{}", came.text);
    came.headers.text("mcp-session-id").expect("an id").to_owned()
}

#[test]
fn the_same_request_gets_what_was_recorded_in_its_order_and_then_an_error() {
    let mut stage = stage(LIFE);
    let session = begin(&mut stage);
    assert_ne!(session, "s1");
    let first = post(&mut stage, &session, ADD);
    let expected = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"first"}],"n":1.50}}"#;
    assert_eq!((first.outcome, first.text.trim_end()), (Match::Matched, expected));
    assert!(post(&mut stage, &session, ADD).text.contains("second"));
    let third = post(&mut stage, &session, ADD);
    assert_eq!((third.outcome, third.status), (Match::Missed, 400));
    assert!(third.text.starts_with(r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32019,"#));
    assert!(third.text.contains(r#""reason":"exhausted""#), "{}", third.text);
    assert!(third.reason.contains("tools/call add was asked more often than on the tape"));

    let queue = stage.takes.values().flat_map(|take| take.done.values().copied());
    assert_eq!(queue.max(), Some(2), "what is used up is not looked at again");

    // A new session starts the tape again, and the old one stays where it was.
    let other = begin(&mut stage);
    assert_ne!(other, session);
    assert!(post(&mut stage, &other, ADD).text.contains("first"));
    assert_eq!(post(&mut stage, &session, ADD).outcome, Match::Missed);
    assert_eq!(stage.tally(), Tally { matched: 5, missed: 2, ..Tally::default() });
}

#[test]
fn a_miss_names_the_nearest_request_and_the_fields_that_differ() {
    let mut stage = stage(LIFE);
    let session = begin(&mut stage);
    let came = post(&mut stage, &session, &ADD.replace(":2.0,", ":3,"));
    assert_eq!((came.outcome, came.status), (Match::Missed, 400));
    // Only the answer to whoever asked names the values (design.md, tenet 4).
    assert!(came.text.contains("/params/arguments/b is 2 there, 3 here"), "{}", came.text);
    assert!(!came.reason.contains("/params"), "{}", came.reason);
    let unknown =
        post(&mut stage, &session, r#"{"jsonrpc":"2.0","id":8,"method":"resources/list"}"#);
    assert_eq!(unknown.reason, "wiretape serve: the tape has no resources/list");
    let told = r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#;
    let told = post(&mut stage, &session, told);
    assert_eq!((told.outcome, told.status), (Match::Missed, 202));
    let elsewhere = ask(&mut stage, "POST", "/other", &[], ADD);
    assert_eq!(elsewhere.status, 404);
    assert!(elsewhere.text.contains("a client is to be given /mcp"), "{}", elsewhere.text);
}

#[test]
fn sessions_are_enforced_as_servers_do() {
    let mut stage = stage(LIFE);
    let session = begin(&mut stage);
    let none = post(&mut stage, "", ADD);
    assert_eq!((none.outcome, none.status), (Match::Refused, 400));
    let unknown = post(&mut stage, "e3b0c442", ADD);
    assert_eq!((unknown.outcome, unknown.status), (Match::Refused, 404));
    assert_eq!(post(&mut stage, "s1", ADD).status, 404, "the recorded id is nobody's");
    let id = [("mcp-session-id", session.as_str())];
    let listen = ask(&mut stage, "GET", "/mcp", &id, "");
    assert_eq!((listen.status, listen.headers.text("allow")), (405, Some("POST, DELETE")));
    assert_eq!(ask(&mut stage, "DELETE", "/mcp", &id, "").status, 200);
    assert_eq!(post(&mut stage, &session, ADD).status, 404);
}

#[test]
fn a_request_of_the_server_waits_for_its_answer() {
    let mut stage = stage(LIFE);
    let session = begin(&mut stage);
    let count = r#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"count","arguments":{"to":2},"_meta":{"progressToken":"t"}}}"#;
    let came = post(&mut stage, &session, count);
    let (text, next) = frames(&mut stage, &came);
    assert_eq!(next, Next::Wait);
    assert!(text.contains(r#""progressToken":"t""#), "{text}");
    assert!(
        text.contains(r#"data: {"jsonrpc":"2.0","id":"wiretape-1","method":"ping"}"#),
        "{text}"
    );
    let answer = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
    assert_eq!(post(&mut stage, &session, &answer("\"ask\"")).status, 400);
    assert_eq!(post(&mut stage, &session, &answer("\"wiretape-1\"")).status, 202);
    let (text, next) = frames(&mut stage, &came);
    assert_eq!(next, Next::End);
    assert!(text.starts_with("id: c\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"x\""), "{text}");
}

#[test]
fn progress_that_nobody_asked_for_is_not_told_and_a_stream_goes_on_behind_an_event() {
    let mut stage = stage(LIFE);
    let session = begin(&mut stage);
    let count = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count","arguments":{"to":2}}}"#;
    let came = post(&mut stage, &session, count);
    let (text, _) = frames(&mut stage, &came);
    assert!(text.starts_with("id: b\n"), "{text}");
    let headers = [("mcp-session-id", session.as_str()), ("last-event-id", "a")];
    // The recording has no GET at all: its streams are resumed none the less.
    let resumed = ask(&mut stage, "GET", "/mcp", &headers, "");
    assert_eq!((resumed.outcome, resumed.status), (Match::Matched, 200));
    let (again, next) = frames(&mut stage, &resumed);
    assert_eq!((again, next), (text, Next::Wait));
    let unknown = [("mcp-session-id", session.as_str()), ("last-event-id", "zz")];
    assert_eq!(ask(&mut stage, "GET", "/mcp", &unknown, "").status, 405);
}

#[test]
fn a_tape_of_one_era_turns_the_other_one_away() {
    let probe = r#"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    let modern = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "server/discover")];
    let mut legacy = stage(LIFE);
    let came = ask(&mut legacy, "POST", "/mcp", &modern, probe);
    assert_eq!((came.outcome, came.status), (Match::Refused, 400));
    assert!(came.text.contains("\"code\":-32000") && came.text.contains("\"id\":null"));

    let recorded = format!(
        "
        >> POST http://recorded.example/mcp
        mcp-protocol-version: 2026-07-28
        mcp-method: server/discover

        {probe}
        << 200
        content-type: application/json

        {{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"]}}}}
        "
    );
    let mut stage = stage(&recorded);
    let refused = post(&mut stage, "", INITIALIZE);
    assert_eq!((refused.outcome, refused.status), (Match::Refused, 400));
    assert!(refused.text.contains("-32022"), "{}", refused.text);
    assert_eq!(ask(&mut stage, "POST", "/mcp", &modern, probe).outcome, Match::Matched);
    // Nothing begins it: it has one queue.
    let again = ask(&mut stage, "POST", "/mcp", &modern, probe);
    assert!(again.text.contains("exhausted"), "{}", again.text);
}

#[test]
fn a_credential_is_asked_for_until_one_is_shown() {
    let recorded = r#"
        >> POST http://recorded.example/mcp

        {"jsonrpc":"2.0","id":1,"method":"tools/list"}
        << 401
        www-authenticate: Bearer resource_metadata="http://recorded.example/.well-known/oauth-protected-resource"

        no
        >> POST http://recorded.example/mcp
        authorization: {{authorization:1}}

        {"jsonrpc":"2.0","id":2,"method":"tools/list"}
        << 200
        content-type: application/json

        {"jsonrpc":"2.0","id":2,"result":{"tools":[]}}
    "#;
    let mut stage = stage(recorded);
    let list = r#"{"jsonrpc":"2.0","id":5,"method":"tools/list"}"#;
    for _ in 0..3 {
        let came = post(&mut stage, "", list);
        assert_eq!((came.status, came.text.trim()), (401, "no"));
        let challenge =
            "Bearer resource_metadata=\"http://127.0.0.1:9/.well-known/oauth-protected-resource\"";
        assert_eq!(came.headers.text("www-authenticate"), Some(challenge));
    }
    let came = ask(&mut stage, "POST", "/mcp", &[("authorization", "Bearer mine")], list);
    assert_eq!((came.outcome, came.status), (Match::Matched, 200));
}

#[test]
fn placeholders_are_any_text_where_the_tape_lists_them() {
    let recorded = r#"
        >> POST http://recorded.example/mcp

        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"f","arguments":{"key":"{{api_key:1}}","q":"x"}}}
        << 200
        content-type: application/json

        {"jsonrpc":"2.0","id":1,"result":{}}
    "#;
    let call = |key: &str, q: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"f","arguments":{{"key":{key},"q":"{q}"}}}}}}"#
        )
    };
    let cases = [
        (call("\"sk-1\"", "x"), Match::Matched),
        (call("7", "x"), Match::Missed),
        (call("\"sk-1\"", "y"), Match::Missed),
    ];
    for (body, expected) in cases {
        assert_eq!(post(&mut stage(recorded), "", &body).outcome, expected, "{body}");
    }
}

#[test]
fn an_answer_comes_in_a_form_that_the_client_takes() {
    let mut stage = stage(LIFE);
    let session = begin(&mut stage);
    let accept = |form| [("mcp-session-id", session.clone()), ("accept", form)];
    let mut ask = |form: &str, body: &str| {
        let headers = accept(form.to_owned());
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        super::tests::ask(&mut stage, "POST", "/mcp", &headers, body)
    };
    let event = ask("text/event-stream", ADD);
    assert_eq!(event.headers.text("content-type"), Some("text/event-stream"));
    assert!(event.text.starts_with("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,"));
    let count = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count","arguments":{"to":2}}}"#;
    assert_eq!(ask("application/json", count).status, 406, "it asks something on its stream");
}

#[test]
fn faults_befall_and_a_session_expires_once() {
    let rule = |text: &str| format!("[[rule]]\nmethod = 'tools/call'\n{text}\n");
    let mut stage = faulty(LIFE, &rule("do = 'expire'"));
    let session = begin(&mut stage);
    assert_eq!(post(&mut stage, &session, ADD).status, 404);
    assert_eq!(post(&mut stage, &session, ADD).status, 404, "it stays forgotten");
    let session = begin(&mut stage);
    assert_eq!(post(&mut stage, &session, ADD).status, 200);

    let mut stage = faulty(LIFE, &rule("do = 'error'\nvalue = 503"));
    let session = begin(&mut stage);
    assert_eq!(post(&mut stage, &session, ADD).status, 503);
    let mut stage = faulty(LIFE, &rule("do = 'error'\nvalue = -32603"));
    let session = begin(&mut stage);
    let came = post(&mut stage, &session, ADD);
    assert_eq!((came.outcome, came.status), (Match::Faulted, 200));
    assert!(came.text.starts_with(r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"#));

    let mut stage = faulty(LIFE, &rule("name = 'count'\ndo = 'cut'\nvalue = 1"));
    let session = begin(&mut stage);
    let count = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count","arguments":{"to":2},"_meta":{"progressToken":1}}}"#;
    let came = post(&mut stage, &session, count);
    let (text, next) = frames(&mut stage, &came);
    assert_eq!((text.matches("\n\n").count(), next), (1, Next::Cut));
}

#[test]
fn recorded_pace_is_kept_or_scaled() {
    let script = || Arc::new(script(LIFE, &[]));
    for (speed, expected) in [(1.0, 1_000), (10.0, 100)] {
        let base = "http://127.0.0.1:9".to_owned();
        let mut stage = Stage::new(script(), base, Speed::Times(speed), Faults::default());
        let session = begin(&mut stage);
        let headers = [("mcp-session-id".to_owned(), session)];
        let incoming = Incoming {
            method: "POST".to_owned(),
            target: "/mcp".to_owned(),
            headers: headers.into_iter().collect(),
            body: Bytes::from(ADD),
        };
        match stage.request(&incoming, AT).answer {
            Answer::Whole { after, .. } => assert_eq!(after.as_micros(), expected),
            other => panic!("{other:?}"),
        }
    }
}
