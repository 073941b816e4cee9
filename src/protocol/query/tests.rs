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
            })
        })
        .map(|message| message.number)
        .collect();
    assert!(matching.is_empty() || query.may_match(&reading.summary), "the index ruled it out");
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
