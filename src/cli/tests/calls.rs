//! Calls over several exchanges, and what is out of the ordinary about them, as they are shown.

use super::{Kept, Recording, printed_of};
use crate::protocol::testing::{START, exchanges, id};

fn printed(transcript: &str, words: &[&str]) -> String {
    let exchanges = exchanges(transcript).into_iter().zip(0..);
    let exchanges = exchanges.map(|(records, n)| (id(n), records)).collect();
    let source = Box::new(Kept { exchanges, notices: Vec::new() });
    let mut recording = Recording::of(source, Some(START), false).expect("a recording");
    printed_of(&mut recording, words).expect("printed")
}

/// The lines of messages without time, size and latency.
fn messages(transcript: &str, query: &str) -> Vec<String> {
    let printed = printed(transcript, &["show", "@last", query, "--no-payload"]);
    let blanks = |line: &str| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    printed.lines().filter(|l| l.contains(['→', '←']) && !l.contains("http")).map(blanks).collect()
}

const POLLED: &str = r#"
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","_meta":{"progressToken":"p"}}}
    << 200
    content-type: text/event-stream

    id: e0
    data:

    ++ 1m
    >> GET http://localhost:3000/mcp
    Mcp-Session-Id: a
    Last-Event-ID: e0

    << 200
    content-type: text/event-stream

    id: e1
    data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}}

    id: e2
    data: {"jsonrpc":"2.0","id":1,"result":{}}

    id: e3
    data: {"jsonrpc":"2.0","id":1,"result":{}}

"#;

const CANCELLED: &str = r#"
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}
    << 200
    content-type: text/event-stream

    : working

    ..
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}
    << 202
"#;

const LATE: &str = r#"
    .. 0
    data: {"jsonrpc":"2.0","id":1,"result":{}}

    data: {"jsonrpc":"2.0","id":8,"result":{}}

"#;

const TASK: &str = r#"
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","task":{}}}
    << 200

    {"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"k","status":"working"}}}
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":2,"method":"tasks/get","params":{"taskId":"k"}}
    << 200

    {"jsonrpc":"2.0","id":2,"result":{"taskId":"k","status":"failed"}}
"#;

const RETRIED: &str = r#"
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask"}}
    << 200

    {"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","requestState":"s"}}
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"ask","requestState":"s","inputResponses":{}}}
    << 200

    {"jsonrpc":"2.0","id":2,"result":{"resultType":"complete"}}
"#;

const CHANNEL: &str = r#"
    >> GET http://localhost:3000/sse
    << 200
    content-type: text/event-stream

    event: endpoint
    data: /messages?sessionId=a

    ..
    >> POST http://localhost:3000/messages?sessionId=a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}
    << 202
    ++ 1m
    .. 0
    data: {"jsonrpc":"2.0","id":1,"result":{"isError":true}}

    ..
    >> POST http://localhost:3000/messages?sessionId=a

    {"jsonrpc":"2.0","id":2,"method":"tools/list"}
    << 202
"#;

#[test]
fn a_remark_says_what_is_out_of_the_ordinary() {
    let late = [CANCELLED, LATE].concat();
    let table: &[(&str, &[&str])] = &[
        (POLLED, &["resumed", "progress of #1", "duplicate"]),
        (CANCELLED, &["cancels #1"]),
        (&late, &["cancelled", "late: after it was cancelled", "cancels #1"]),
        (TASK, &["2 calls: error", "task of #1"]),
        (RETRIED, &["2 calls: ok", "retry of #1"]),
    ];
    for (transcript, remarks) in table {
        let shown = printed(transcript, &["show", "@last", "--no-payload"]);
        // On this narrow terminal they stand below their messages.
        let below: Vec<&str> =
            shown.lines().filter_map(|line| line.strip_prefix("               ")).collect();
        assert_eq!(below, *remarks, "{shown}");
    }
}

#[test]
fn scripts_read_the_same() {
    let late = [CANCELLED, LATE].concat();
    let json = printed(&late, &["show", "@last", "--json"]);
    let told: Vec<String> = json
        .lines()
        .filter(|line| line.contains(r#""schema":"wiretape/message/1""#))
        .map(|line| line.trim_end_matches('}').rsplit_once('}').expect("a payload").1.to_owned())
        .collect();
    assert_eq!(
        told,
        [
            r#","remarks":["cancelled"]"#,
            r#","remarks":["late"]"#,
            r#","remarks":["orphan"]"#,
            r#","belongs_to":"00000000-0000-7000-0000-000000000000.0","remarks":["cancels"]"#,
        ]
    );
}

#[test]
fn calls_are_queried_over_all_their_exchanges() {
    let table: &[(&str, &str, usize)] = &[
        (POLLED, "latency>30s", 3),
        (POLLED, "latency<30s", 0),
        (POLLED, "status:ok", 3),
        (POLLED, "status:pending", 0),
        (CANCELLED, "status:pending", 0),
        (CANCELLED, "status:cancelled", 1),
        (CHANNEL, "latency>30s", 2),
        (CHANNEL, "status:error", 2),
        (CHANNEL, "tool-error", 2),
        (CHANNEL, "status:pending", 1),
    ];
    for (transcript, query, count) in table {
        let found = messages(transcript, query);
        assert_eq!(found.len(), *count, "{query}: {found:#?}");
    }
}
