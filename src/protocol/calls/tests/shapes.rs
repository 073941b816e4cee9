//! One call by itself.

use super::tale;

#[test]
fn an_answer_with_progress_and_a_log_line_on_its_stream() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":0,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":0}}}
        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":0,"progress":1}}

        data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}

        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"0","progress":1}}

        data: {"jsonrpc":"2.0","id":0,"result":{}}

        "#,
    );
    assert_eq!(told, ["0.0 tools/call: Ok, by 0.4, progress 0.1, with 0.2 0.3"]);
}

#[test]
fn a_tool_error_is_neither_an_error_nor_a_refusal() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}
        << 200

        {"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[]}}
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"u"}}
        << 200

        {"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"Unknown tool"}}
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":3,"method":"tools/list"}
        << 400

        {"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: Server not initialized"}}
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":4,"method":"tools/list"}
        << 200
        content-type: text/event-stream

        == truncated
        "#,
    );
    assert_eq!(
        told,
        [
            "0.0 tools/call: ToolError, by 0.1",
            "1.0 tools/call: RpcError(Some(-32602)), by 1.1",
            "2.0 tools/list: Refused(400), refusal 2.1",
            "3.0 tools/list: Fault(Truncated)",
        ]
    );
}

#[test]
fn a_question_of_the_server_while_a_call_runs() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}
        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}

        ..
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}
        << 202
        .. 0
        data: {"jsonrpc":"2.0","id":1,"result":{}}

        "#,
    );
    assert_eq!(
        told,
        ["0.0 tools/call: Ok, by 0.2", "0.1 elicitation/create: Ok, by 1.0, over 1, during 0.0",]
    );
}

#[test]
fn http_and_sse_answer_on_the_channel() {
    let told = tale(
        r#"
        >> GET http://localhost:3000/sse
        << 200
        content-type: text/event-stream

        event: endpoint
        data: /messages?sessionId=a

        ..
        >> POST http://localhost:3000/messages?sessionId=a

        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}
        << 202

        Accepted
        .. 0
        event: message
        data: {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2024-11-05"}}

        ..
        >> POST http://localhost:3000/messages?sessionId=a

        {"jsonrpc":"2.0","id":1,"method":"tools/list"}
        << 202
        .. 0
        : ping

        ..
        "#,
    );
    assert_eq!(told, ["1.0 initialize: Ok, by 0.0, over 1", "2.0 tools/list: Pending"]);
}

#[test]
fn a_channel_that_ended_answers_nothing_more() {
    let told = tale(
        r#"
        >> GET http://localhost:3000/sse
        << 200
        content-type: text/event-stream

        event: endpoint
        data: /messages?sessionId=a

        ..
        >> POST http://localhost:3000/messages?sessionId=a

        {"jsonrpc":"2.0","id":1,"method":"tools/list"}
        << 202
        .. 0
        == truncated
        "#,
    );
    assert_eq!(told, ["1.0 tools/list: Unanswered"]);
}

#[test]
fn a_polled_call_is_one_over_several_exchanges() {
    // Each stream begins with the same id, as rmcp's do: the one that was left is taken up.
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}
        << 200
        content-type: text/event-stream

        id: 0
        retry: 100
        data:

        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":2,"method":"ping"}
        << 200
        content-type: text/event-stream

        id: 0
        data:

        id: 1
        data: {"jsonrpc":"2.0","id":2,"result":{}}

        >> GET http://localhost:3000/mcp
        Mcp-Session-Id: a
        Last-Event-ID: 0

        << 200
        content-type: text/event-stream

        id: 7
        data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}

        >> GET http://localhost:3000/mcp
        Mcp-Session-Id: a
        Last-Event-ID: 7

        << 200
        content-type: text/event-stream

        id: 8
        data: {"jsonrpc":"2.0","id":1,"result":{}}

        "#,
    );
    assert_eq!(
        told,
        ["0.0 tools/call: Ok, by 3.0, over 2 3, resumed by 2 3, with 2.0", "1.0 ping: Ok, by 1.1",]
    );
}

#[test]
fn a_cut_stream_is_pending_while_its_resume_goes_on() {
    let cut = r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}
        << 200
        content-type: text/event-stream

        id: e1
        data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}

        == truncated
        "#;
    assert_eq!(tale(cut), ["0.0 tools/call: Fault(Truncated), with 0.1"]);
    let resume = r"
        >> GET http://localhost:3000/mcp
        Mcp-Session-Id: a
        Last-Event-ID: e1

        << 200
        content-type: text/event-stream

        : welcome back

        ..
        ";
    let both = [cut, resume].concat();
    assert_eq!(tale(&both), ["0.0 tools/call: Pending, over 1, resumed by 1, with 0.1"]);
    let refused = both.replace(
        "<< 200\n        content-type: text/event-stream\n\n        : wel",
        "<< 405\n\n : wel",
    );
    let refused = refused.replace("..", "");
    assert_eq!(
        tale(&refused),
        ["0.0 tools/call: Fault(Truncated), over 1, resumed by 1, with 0.1"]
    );
}
