use super::*;
use crate::{
    capture::Outcome,
    protocol::testing::{self, readings},
};

#[test]
fn a_call_answered_by_a_stream() {
    let [reading] = &readings(
        r#"
        >> POST http://localhost:3000/mcp
        content-type: application/json
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"forecast"}}
        << 200
        content-type: text/event-stream

        : ping

        event: message
        id: 7
        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}

        data: {"jsonrpc":"2.0","id":1,"result":{"isError":true}}
        "#,
    )[..] else {
        panic!("one exchange")
    };
    let told: Vec<_> = reading
        .messages
        .iter()
        .map(|m| (m.number, m.frame, m.kind, m.name.as_deref(), m.tool_error))
        .collect();
    assert_eq!(
        told,
        [
            (0, None, Kind::Request, Some("forecast"), false),
            (1, Some(1), Kind::Notification, None, false),
            (2, Some(2), Kind::Response, None, true),
        ]
    );
    assert_eq!(reading.messages[1].sse.as_ref().and_then(|sse| sse.id.as_deref()), Some("7"));
    let summary = &reading.summary;
    assert_eq!((summary.counts.messages, summary.counts.errors, summary.counts.frames), (3, 1, 3));
    assert_eq!(summary.transport, Some(Transport::StreamableHttp));
    assert!(summary.is_mcp && summary.streaming && !summary.answers_elsewhere);
}

#[test]
fn the_requests_messages_have_the_first_numbers_whenever_it_ends() {
    let records = [
        testing::open("POST", "http://h/mcp", &[]),
        testing::head(200, &[("content-type", "text/event-stream")]),
        testing::chunk(Side::Response, b"data: {\"jsonrpc\":\"2.0\",\"method\":\"ping\"}\n\n"),
        testing::chunk(Side::Request, b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"),
        testing::end(Outcome::Completed),
    ];
    let messages = read(&records.map(testing::record)).expect("an exchange").messages;
    let told: Vec<_> = messages.iter().map(|m| (m.number, m.direction)).collect();
    assert_eq!(told, [(0, Direction::ClientToServer), (1, Direction::ServerToClient)]);
}

#[test]
fn the_content_type_is_only_a_hint() {
    let json = r#"{"jsonrpc":"2.0","method":"ping"}"#;
    let cases = [
        ("", json.to_owned(), 1, 0),
        ("text/html", "<html>{}</html>".to_owned(), 0, 0),
        ("text/event-stream", json.to_owned(), 1, 0),
        ("application/json", format!("data: {json}\n\n"), 1, 1),
        ("text/plain", format!("{json}\n{json}\n"), 2, 2),
        ("application/x-ndjson", format!("{json}\n{json}"), 2, 2),
        ("TEXT/EVENT-STREAM; charset=utf-8", format!("data: {json}\r\n\r\n"), 1, 1),
        ("application/json", format!("\u{feff}{json}"), 1, 0),
    ];
    for (media, body, messages, frames) in cases {
        let records = [
            testing::open("GET", "http://h/mcp", &[]),
            testing::head(200, &[("content-type", media)]),
            testing::chunk(Side::Response, body.as_bytes()),
            testing::end(Outcome::Completed),
        ];
        let reading = read(&records.map(testing::record)).expect("an exchange");
        assert_eq!(
            (reading.messages.len(), reading.frames.len()),
            (messages, frames),
            "{media}: {body}"
        );
    }
}

#[test]
fn what_is_no_mcp_has_no_transport_and_no_revision() {
    let readings = readings(
        "
        >> GET http://example.com/page
        << 200

        hello
        ",
    );
    let summary = &readings[0].summary;
    assert_eq!((summary.is_mcp, summary.transport, &summary.revision), (false, None, &None));
}
