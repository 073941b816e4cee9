use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::protocol::testing::{START, readings, sessions};

const RECORDING: &str = r#"
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Ulm"}}}
    << 200

    {"jsonrpc":"2.0","id":1,"result":{"isError":true}}
"#;

/// The numbers of the messages that match, calls included.
fn found(query: &str) -> Vec<u32> {
    let query = Query::parse(query, START).expect(query);
    let mut reading = readings(RECORDING).remove(0);
    crate::protocol::pair(&mut reading.messages);
    let session = sessions(RECORDING).list(START).remove(0);
    let call = Call::of(reading.messages.get(1), &reading.summary);
    let matching: Vec<u32> = reading
        .messages
        .iter()
        .filter(|message| {
            query.matches(&Subject {
                session: &session,
                summary: &reading.summary,
                call: Some(&call),
                message: Some(message),
                at_fault: false,
            })
        })
        .map(|message| message.number)
        .collect();
    assert!(matching.is_empty() || query.may_match(&reading.summary), "the summary ruled it out");
    let plan = query.plan(&HashMap::new());
    assert!(matching.is_empty() || plan.admits(&reading.summary), "the index ruled it out");
    matching
}

#[test]
fn every_term_of_the_table() {
    let both: &[u32] = &[0, 1];
    let cases: &[(&str, &[u32])] = &[
        ("", both),
        ("method:tools/call", both),
        ("method:tools/*|prompts/get", both),
        ("method:tools", &[]),
        ("tool:forecast", both),
        ("name:\"fore*\"", &[]),
        ("id:1", both),
        ("status:error", both),
        ("status:ok|pending", &[]),
        ("tool-error", both),
        ("-tool-error", &[]),
        ("rpc:-32601", &[]),
        ("http:200", both),
        ("http:2*", both),
        ("http>=400", &[]),
        ("outcome:completed", both),
        ("outcome:truncated", &[]),
        ("session:a server:localhost state:connected", both),
        ("client:x", &[]),
        ("run:x", &[]),
        ("dir:client", &[0]),
        ("kind:response", &[1]),
        ("-kind:response", &[0]),
        ("has:problem", &[]),
        ("latency<2s", both),
        ("latency>2s", &[]),
        ("size>60", &[0]),
        ("since:1d", both),
        ("until:1d", &[]),
        ("since:2026-11-20T10:00", both),
        ("until:2026-11-20", &[]),
        ("ULM", &[0]),
        ("\"city\\\"", &[]),
        ("nowhere", &[]),
        ("dir:server kind:request", &[]),
    ];
    for (query, wanted) in cases {
        assert_eq!(found(query), *wanted, "{query}");
    }
}

#[test]
fn a_bracket_is_no_group_and_stands_in_quotes() {
    let error = Query::parse("dir:client tool:(", START).expect_err("a bracket").to_string();
    assert!(error.starts_with("a bracket, and there are no groups at column 17"), "{error}");
    for fine in [r#"tool:"f(x)""#, "f(x)"] {
        assert!(Query::parse(fine, START).is_ok(), "{fine}");
    }
}

#[test]
fn an_error_names_its_column() {
    let error = Query::parse("dir:client colour:red", START).expect_err("unknown").to_string();
    let (head, hint) = error.rsplit_once('\n').expect("lines");
    assert_eq!(
        head,
        "unknown term `colour` at column 12 of the query\n  dir:client colour:red\n             ^"
    );
    assert!(hint.starts_with("hint: "));
    let columns = [
        ("status:maybe", 8),
        ("latency>soon", 9),
        ("method>a", 7),
        ("\"open", 1),
        ("a method:", 10),
        ("size>1|2", 8),
        ("é x:y", 3),
    ];
    for (query, column) in columns {
        assert_eq!(Query::parse(query, START).expect_err(query).column, column, "{query}");
    }
}

#[test]
fn a_session_is_taken_when_one_message_meets_all_and_none_what_is_negated() {
    let reading = readings(RECORDING).remove(0);
    let session = sessions(RECORDING).list(START).remove(0);
    let takes = |query: &str| {
        let query = Query::parse(query, START).expect(query);
        let subject = |message| Subject {
            session: &session,
            summary: &reading.summary,
            call: None,
            message: Some(message),
            at_fault: false,
        };
        query.takes_session(&session, reading.messages.iter().map(subject))
    };
    assert!(takes("") && takes("kind:request") && takes("session:a") && takes("-kind:error"));
    assert!(!takes("kind:request dir:server") && !takes("-kind:request") && !takes("-session:a"));
}

proptest! {
    #[test]
    fn no_text_is_too_odd_and_columns_lie_within_it(
        text in r#"[a-z:<>=|"\-* é\t0-9]{0,30}"#
    ) {
        if let Err(error) = Query::parse(&text, START) {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.column));
        }
    }
}

/// Terms of every kind, some of which hold of some message below.
const TERMS: [&str; 36] = [
    "method:tools/call",
    "method:tools/*",
    "method:ping|tools/list",
    "name:t|forecast",
    "tool:f*",
    "id:1",
    "id:7",
    "status:ok",
    "status:error",
    "status:pending",
    "status:ok|pending",
    "http:200",
    "http:404|503",
    "http>=400",
    "http<300",
    "rpc:-32601",
    "rpc:-3*",
    "tool-error",
    "outcome:completed",
    "outcome:truncated|proxy-error",
    "session:a",
    "session:0",
    "server:local*",
    "client:x",
    "revision:2025-*",
    "state:connected|stateless",
    "run:nightly",
    "dir:client",
    "kind:error",
    "kind:request|notification",
    "has:problem",
    "latency<1h",
    "size>60",
    "since:1d",
    "until:2027-01-01",
    "ulm",
];

/// Calls that fail in every way, one that is answered elsewhere, exchanges without messages.
const WAYS: &str = r#"
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Ulm"}}}
    << 200

    {"jsonrpc":"2.0","id":1,"result":{"isError":true}}
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t"}}
    << 202
    >> GET http://localhost:3000/mcp
    Mcp-Session-Id: a
    << 200
    content-type: text/event-stream

    data: {"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"no"}}

    >> GET http://localhost:3000/mcp
    << 405
    >> POST http://localhost:3000/mcp

    {"jsonrpc":"2.0","id":1,"method":"ping"}
    << 503
    >> DELETE http://localhost:3000/mcp
    Mcp-Session-Id: a
    << 404
    == truncated
"#;

/// Every message of [`WAYS`], and every exchange without one, with what it is tested on.
fn each_way(mut test: impl FnMut(&Subject<'_>)) {
    let mut readings = readings(WAYS);
    let sessions = sessions(WAYS);
    let mut messages: Vec<Message> =
        readings.iter_mut().flat_map(|reading| std::mem::take(&mut reading.messages)).collect();
    crate::protocol::pair(&mut messages);
    for reading in &readings {
        let summary = &reading.summary;
        let id = sessions.session_of(summary.id).expect("applied");
        let session = sessions.get(id, START).expect("told");
        let own: Vec<&Message> = messages.iter().filter(|m| m.exchange == summary.id).collect();
        let subject =
            Subject { session: &session, summary, call: None, message: None, at_fault: false };
        if own.is_empty() {
            test(&subject);
        }
        for message in own {
            let answer = messages.iter().find(|answer| {
                answer.answers.as_deref() == Some(&message.id())
                    || answer.id() == message.id() && answer.answers.is_some()
            });
            let call = Call::of(answer, summary);
            test(&Subject { call: Some(&call), message: Some(message), ..subject });
        }
    }
}

proptest! {
    #[test]
    fn terms_are_joined_by_and_negated_by_a_hyphen_and_no_index_rules_out_a_match(
        terms in prop::collection::vec((any::<bool>(), prop::sample::select(&TERMS[..])), 0..4)
    ) {
        let text: Vec<String> = terms.iter()
            .map(|(negated, term)| format!("{}{term}", if *negated { "-" } else { "" })).collect();
        let query = Query::parse(&text.join(" "), START).expect("a query");
        let one = |term: &str| Query::parse(term, START).expect("a term");
        let plan = query.plan(&HashMap::new());
        each_way(|subject| {
            let each = terms.iter().all(|(negated, term)| one(term).matches(subject) != *negated);
            assert_eq!(query.matches(subject), each, "{text:?} of {subject:?}");
            if each {
                assert!(query.matches_session(subject.session), "{text:?}");
                assert!(query.may_match(subject.summary), "the summary rules out {text:?}");
                // Which groups a session's beginning names is looked up; here it was not.
                assert!(plan.admits(subject.summary), "the index rules out {text:?}");
            }
        });
    }
}
