use bytes::Bytes;

use super::*;
use crate::{
    capture::Timestamp,
    protocol::{
        read,
        testing::{START, exchanges},
    },
};

const CALL: &str = r#"
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fore\u0063ast","arguments":{"city":"Ulm"}}}
    << 200
    content-type: text/event-stream

    data: {"jsonrpc":"2.0","id":1,
    data: "result":{"content":[]}}

"#;

fn may_be_said(query: &str, records: &[Record]) -> bool {
    let query = Query::parse(query, START).expect(query);
    let summary = read(records).expect("an exchange").summary;
    query.may_be_said(&summary, records)
}

#[test]
fn what_is_in_no_message_is_told_from_the_bytes() {
    let records = exchanges(CALL).remove(0);
    let cases = [
        (r#""ulm""#, true),
        (r#""Bern""#, false),
        (r#""Bern|Ulm""#, false),
        // The payload has it spelled otherwise, the name has it so.
        (r#""forecast""#, true),
        (r#""u0063ast""#, true),
        (r#""tools/call""#, true),
        (r#""Ulm" "Bern""#, false),
        // What no bytes tell is left to be read.
        (r#"-"Bern""#, true),
        ("method:other", true),
        (r#""Zürich""#, true),
    ];
    for (query, expected) in cases {
        assert_eq!(may_be_said(query, &records), expected, "{query}");
    }
}

#[test]
fn a_coded_body_and_a_running_exchange_are_read() {
    let coded = CALL.replace("Mcp-Session-Id", "content-encoding: gzip\n    Mcp-Session-Id");
    assert!(may_be_said(r#""Bern""#, &exchanges(&coded).remove(0)));
    let mut running = exchanges(CALL).remove(0);
    running.pop();
    assert!(may_be_said(r#""Bern""#, &running));
}

#[test]
fn a_text_is_found_however_the_body_was_cut() {
    let body = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
    for first in 0..body.len() {
        for second in first..body.len() {
            let cuts = [&body[..first], &body[first..second], &body[second..]];
            let records: Vec<Record> = (0_u32..)
                .zip(cuts)
                .map(|(n, piece)| Record {
                    exchange: None,
                    n,
                    at: Timestamp(0),
                    fact: Fact::Chunk {
                        side: Side::Request,
                        data: Bytes::copy_from_slice(piece),
                        cut: 0,
                    },
                })
                .collect();
            for text in ["METHOD", "\"ping\"}", "{\"jsonrpc\":\"2.0\",\"id\":1,\"m"] {
                assert!(stands(&[text], &records, Side::Request), "{text} {first} {second}");
            }
            assert!(stands(&["pong", "p"], &records, Side::Request));
            assert!(!stands(&["pong", "methodic"], &records, Side::Request));
            assert!(!stands(&["ping"], &records, Side::Response));
        }
    }
}
