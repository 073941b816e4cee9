//! What is cancelled, late, second, lost or shared.

use super::tale;

#[test]
fn cancelled_with_and_without_a_late_answer() {
    let cancelled = r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":"1","method":"tools/call","params":{"name":"slow"}}
        << 200
        content-type: text/event-stream

        : working

        ..
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1"}}
        << 202
        "#;
    assert_eq!(tale(cancelled), ["0.0 tools/call: Cancelled, cancelled by 1.0"]);
    let late =
        [cancelled, ".. 0\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}\n\n"].concat();
    assert_eq!(tale(&late), ["0.0 tools/call: Ok, by 0.1, late AfterCancel, cancelled by 1.0"]);
    // Of another type, or after the answer, it cancels nothing.
    let other = cancelled.replace("\"requestId\":\"1\"", "\"requestId\":1");
    assert_eq!(tale(&other), ["0.0 tools/call: Pending"]);
}

#[test]
fn in_2026_leaving_is_cancelling() {
    let left = r#"
        >> POST http://localhost:3000/mcp
        MCP-Protocol-Version: 2026-07-28

        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}
        << 200
        content-type: text/event-stream

        : working

        == client-closed
        "#;
    assert_eq!(tale(left), ["0.0 tools/call: Cancelled"]);
    assert_eq!(tale(&left.replace("2026-07-28", "2025-11-25")), ["0.0 tools/call: Unanswered"]);
}

#[test]
fn a_second_answer_is_a_duplicate_and_one_to_nothing_an_orphan() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"ping"}
        << 200
        content-type: text/event-stream

        id: e1
        data: {"jsonrpc":"2.0","id":1,"result":{}}

        data: {"jsonrpc":"2.0","id":"1","result":{}}

        data: {"jsonrpc":"2.0","id":7,"result":{}}

        >> GET http://localhost:3000/mcp
        Mcp-Session-Id: a
        Last-Event-ID: e1

        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","id":1,"result":{}}

        "#,
    );
    assert_eq!(told, ["0.0 ping: Ok, by 0.1, again 1.0", "0.2 orphan", "0.3 orphan"]);
}

#[test]
fn an_answer_on_another_stream_is_late() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"ping"}
        << 200
        content-type: text/event-stream

        : nothing

        >> GET http://localhost:3000/mcp
        Mcp-Session-Id: a

        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","id":1,"result":{}}

        ..
        "#,
    );
    assert_eq!(told, ["0.0 ping: Ok, by 1.0, late Elsewhere, over 1"]);
}

#[test]
fn an_id_used_again_after_its_answer_is_another_call() {
    let once = r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"ping"}
        << 200

        {"jsonrpc":"2.0","id":1,"result":{}}
        "#;
    assert_eq!(tale(&once.repeat(2)), ["0.0 ping: Ok, by 0.1", "1.0 ping: Ok, by 1.1"]);
}

#[test]
fn two_clients_with_one_id_at_one_time() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp

        {"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":1}}}
        << 200
        content-type: text/event-stream

        : a

        ..
        >> POST http://localhost:3000/mcp

        {"jsonrpc":"2.0","id":1,"method":"prompts/list","params":{"_meta":{"progressToken":1}}}
        << 200
        content-type: text/event-stream

        : b

        ..
        .. 0
        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}}

        ..
        .. 1
        data: {"jsonrpc":"2.0","id":1,"result":{}}

        data: {"jsonrpc":"2.0","id":1,"result":{}}

        .. 0
        data: {"jsonrpc":"2.0","id":1,"result":{}}

        "#,
    );
    assert_eq!(
        told,
        ["0.0 tools/list: Ok, by 0.2, progress 0.1", "1.0 prompts/list: Ok, by 1.1, again 1.2",]
    );
}

#[test]
fn what_http_refused_is_not_what_the_channel_answers() {
    let told = tale(
        r#"
        >> GET http://localhost:3000/sse
        << 200
        content-type: text/event-stream

        event: endpoint
        data: /messages?sessionId=a

        ..
        >> POST http://localhost:3000/messages?sessionId=a

        {"jsonrpc":"2.0","id":0,"method":"tools/list"}
        << 401
        >> POST http://localhost:3000/messages?sessionId=a

        {"jsonrpc":"2.0","id":0,"method":"tools/list"}
        << 202
        .. 0
        data: {"jsonrpc":"2.0","id":0,"result":{}}

        ..
        "#,
    );
    assert_eq!(told, ["1.0 tools/list: Refused(401)", "2.0 tools/list: Ok, by 0.0, over 2"]);
}

#[test]
fn a_batch_shares_its_stream() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        [{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]
        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","id":1,"result":{}}

        data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}

        data: {"jsonrpc":"2.0","id":2,"result":{}}

        "#,
    );
    assert_eq!(told, ["0.0 ping: Ok, by 0.2", "0.1 ping: Ok, by 0.4, with 0.3"]);
}

#[test]
fn what_could_not_be_read_may_have_been_the_answer() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"ping"}
        << 200
        content-type: application/json
        content-encoding: unheard-of

        ?
        "#,
    );
    assert_eq!(told, ["0.0 ping: Unread"]);
}

#[test]
fn a_resume_by_message_count_brings_answers_in_time() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a
        Mcp-Sequence: 3

        {"jsonrpc":"2.0","id":1,"method":"ping"}
        << 200
        content-type: text/event-stream

        == truncated
        >> GET http://localhost:3000/mcp
        Mcp-Session-Id: a
        Mcp-Sequence: 3

        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","id":1,"result":{}}

        "#,
    );
    assert_eq!(told, ["0.0 ping: Ok, by 1.0, over 1"]);
}

#[test]
fn an_error_to_a_wrong_id_is_an_orphan_but_where_http_refuses() {
    let wrong = |status: u16, id: &str| {
        tale(&format!(
            ">> POST http://localhost:3000/mcp
            Mcp-Session-Id: a

            {{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}}
            << {status}

            {{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":-32600}}}}
            "
        ))
    };
    assert_eq!(wrong(200, "2"), ["0.0 ping: Unanswered", "0.1 orphan"]);
    assert_eq!(wrong(200, "null"), ["0.0 ping: RpcError(Some(-32600)), refusal 0.1"]);
    assert_eq!(wrong(404, "\"server-error\""), ["0.0 ping: Refused(404), refusal 0.1"]);
}

#[test]
fn a_server_cancels_what_it_asked_and_a_client_tells_its_progress() {
    let told = tale(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}
        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"_meta":{"progressToken":"s"}}}

        ..
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"s","progress":1}}
        << 202
        .. 0
        data: {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}

        data: {"jsonrpc":"2.0","id":1,"result":{}}

        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"result":{"role":"assistant"}}
        << 202
        "#,
    );
    assert_eq!(
        told,
        [
            "0.0 tools/call: Ok, by 0.3",
            "0.1 sampling/createMessage: Ok, by 2.0, late AfterCancel, over 2, progress 1.0, \
             during 0.0, cancelled by 0.2",
        ]
    );
}

#[test]
fn progress_on_the_channel_is_known_by_its_token() {
    let told = tale(
        r#"
        >> GET http://localhost:3000/sse
        << 200
        content-type: text/event-stream

        event: endpoint
        data: /messages?sessionId=a

        ..
        >> POST http://localhost:3000/messages?sessionId=a

        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":1}}}
        << 202
        >> POST http://localhost:3000/messages?sessionId=a

        {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":2}}}
        << 202
        .. 0
        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}}

        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2}}

        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3}}

        data: {"jsonrpc":"2.0","id":2,"result":{}}

        data: {"jsonrpc":"2.0","id":1,"result":{}}

        ..
        "#,
    );
    assert_eq!(
        told,
        [
            "1.0 tools/call: Ok, by 0.4, over 1, progress 0.0",
            "2.0 tools/call: Ok, by 0.3, over 2, progress 0.1",
        ]
    );
}

#[test]
fn a_token_used_again_is_the_later_calls() {
    let once = r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: a

        {"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"progressToken":1}}}
        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}}

        data: {"jsonrpc":"2.0","id":1,"result":{}}

        "#;
    assert_eq!(
        tale(&once.repeat(2)),
        ["0.0 ping: Ok, by 0.2, progress 0.1", "1.0 ping: Ok, by 1.2, progress 1.1"]
    );
}
