//! Calls that are parts of one operation.

use super::tale;

/// A 2026-07-28 exchange: the request's id, method and params, and the answer's result.
fn modern(id: &str, method: &str, params: &str, result: &str) -> String {
    format!(
        ">> POST http://localhost:3000/mcp
        MCP-Protocol-Version: 2026-07-28

        {{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{{{params}}}}}
        << 200

        {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{{result}}}}}
        "
    )
}

/// A 2025-11-25 exchange in a session.
fn legacy(id: &str, method: &str, params: &str, result: &str) -> String {
    modern(id, method, params, result)
        .replace("MCP-Protocol-Version: 2026-07-28", "Mcp-Session-Id: a")
}

#[test]
fn a_retry_is_known_by_its_exact_state() {
    let need = |state: &str| {
        format!(
            "\"resultType\":\"input_required\",\"inputRequests\":{{}},\"requestState\":\"{state}\""
        )
    };
    let transcript = [
        modern("1", "tools/call", "\"name\":\"t\"", &need("s1")),
        modern("2", "tools/call", "\"name\":\"t\"", &need("s2")),
        modern(
            "3",
            "tools/call",
            "\"name\":\"t\",\"inputResponses\":{},\"requestState\":\"s1\"",
            &need("s3"),
        ),
        modern(
            "4",
            "tools/call",
            "\"name\":\"t\",\"inputResponses\":{},\"requestState\":\"s3\"",
            "\"isError\":true",
        ),
        modern(
            "5",
            "tools/call",
            "\"name\":\"t\",\"inputResponses\":{},\"requestState\":\"S2\"",
            "",
        ),
    ];
    assert_eq!(
        tale(&transcript.concat()),
        [
            "0.0 tools/call: Ok, by 0.1, whole ToolError",
            "1.0 tools/call: Ok, by 1.1, whole Pending",
            "2.0 tools/call: Ok, by 2.1, is Retry of 0.0, whole ToolError",
            "3.0 tools/call: ToolError, by 3.1, is Retry of 2.0",
            "4.0 tools/call: Ok, by 4.1",
        ]
    );
}

#[test]
fn a_retry_without_state_is_known_by_its_params() {
    let need = "\"resultType\":\"input_required\",\"inputRequests\":{}";
    let transcript = [
        modern("1", "tools/call", "\"name\":\"t\",\"arguments\":{\"a\":1,\"b\":2}", need),
        modern("2", "tools/call", "\"name\":\"t\",\"arguments\":{\"a\":2}", need),
        modern(
            "3",
            "tools/call",
            "\"arguments\":{\"b\":2,\"a\":1},\"name\":\"t\",\"inputResponses\":{},\"_meta\":{}",
            "",
        ),
        modern("4", "tools/call", "\"name\":\"t\",\"arguments\":{\"a\":1,\"b\":2}", ""),
    ];
    assert_eq!(
        tale(&transcript.concat()),
        [
            "0.0 tools/call: Ok, by 0.1",
            "1.0 tools/call: Ok, by 1.1, whole Pending",
            "2.0 tools/call: Ok, by 2.1, is Retry of 0.0",
            "3.0 tools/call: Ok, by 3.1",
        ]
    );
}

#[test]
fn a_task_of_2025_is_one_operation_with_its_polls() {
    let transcript = [
        legacy(
            "1",
            "tools/call",
            "\"name\":\"t\",\"task\":{\"ttl\":60000}",
            "\"task\":{\"taskId\":\"k\",\"status\":\"working\"}",
        ),
        legacy("2", "tasks/get", "\"taskId\":\"k\"", "\"taskId\":\"k\",\"status\":\"working\""),
        legacy(
            "3",
            "tasks/get",
            "\"taskId\":\"other\"",
            "\"taskId\":\"other\",\"status\":\"failed\"",
        ),
        legacy("4", "tasks/get", "\"taskId\":\"k\"", "\"taskId\":\"k\",\"status\":\"completed\""),
        legacy(
            "5",
            "tasks/result",
            "\"taskId\":\"k\"",
            "\"isError\":true,\"_meta\":{\"io.modelcontextprotocol/related-task\":{\"taskId\":\"k\"}}",
        ),
        legacy("6", "tasks/list", "", "\"tasks\":[]"),
    ];
    assert_eq!(
        tale(&transcript.concat()),
        [
            "0.0 tools/call: Ok, by 0.1, whole ToolError",
            "1.0 tasks/get: Ok, by 1.1, is Task of 0.0, whole ToolError",
            "2.0 tasks/get: Ok, by 2.1",
            "3.0 tasks/get: Ok, by 3.1, is Task of 0.0, whole ToolError",
            "4.0 tasks/result: ToolError, by 4.1, is Task of 0.0",
            "5.0 tasks/list: Ok, by 5.1",
        ]
    );
}

#[test]
fn what_is_asked_and_told_for_a_task_belongs_to_the_call_that_made_it() {
    let transcript = [
        legacy("1", "tools/call", "\"name\":\"t\",\"task\":{}", "\"task\":{\"taskId\":\"k\",\"status\":\"working\"}"),
        ">> GET http://localhost:3000/mcp
        Mcp-Session-Id: a

        << 200
        content-type: text/event-stream

        data: {\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"elicitation/create\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/related-task\":{\"taskId\":\"k\"}}}}

        data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tasks/status\",\"params\":{\"taskId\":\"k\",\"status\":\"cancelled\"}}

        ..
        "
        .to_owned(),
    ];
    assert_eq!(
        tale(&transcript.concat()),
        [
            "0.0 tools/call: Ok, by 0.1, with 1.1, whole Cancelled",
            "1.0 elicitation/create: Pending, during 0.0",
        ]
    );
}

#[test]
fn a_task_of_2026_ends_with_what_its_poll_tells() {
    let make = modern(
        "1",
        "tools/call",
        "\"name\":\"t\"",
        "\"resultType\":\"task\",\"taskId\":\"k\",\"status\":\"working\"",
    );
    let poll = |result: &str| {
        let get = modern(
            "2",
            "tasks/get",
            "\"taskId\":\"k\"",
            &format!("\"resultType\":\"complete\",\"taskId\":\"k\",{result}"),
        );
        let told = tale(&[make.clone(), get].concat());
        told.first().and_then(|line| line.split_once("0.1")).map(|(_, whole)| whole.to_owned())
    };
    let whole = |text: &str| Some(text.to_owned());
    assert_eq!(poll("\"status\":\"working\""), whole(", whole Pending"));
    assert_eq!(
        poll("\"status\":\"input_required\",\"inputRequests\":{}"),
        whole(", whole Pending")
    );
    assert_eq!(poll("\"status\":\"completed\",\"result\":{\"content\":[]}"), whole(""));
    assert_eq!(
        poll("\"status\":\"completed\",\"result\":{\"isError\":true}"),
        whole(", whole ToolError")
    );
    assert_eq!(
        poll("\"status\":\"failed\",\"error\":{\"code\":-32603}"),
        whole(", whole RpcError(Some(-32603))")
    );
    assert_eq!(poll("\"status\":\"cancelled\""), whole(", whole Cancelled"));
}

#[test]
fn a_subscription_has_its_stream_and_ends_in_grace() {
    let listen = r#"
        >> POST http://localhost:3000/mcp
        MCP-Protocol-Version: 2026-07-28

        {"jsonrpc":"2.0","id":5,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}
        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":5}}}

        data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":5}}}

        "#;
    let cancelled = r#"data: {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}

        "#;
    let end = r#"data: {"jsonrpc":"2.0","id":5,"result":{"resultType":"complete"}}

        "#;
    let open = [listen, "..\n"].concat();
    assert_eq!(tale(&open), ["0.0 subscriptions/listen: Pending, with 0.1 0.2"]);
    assert_eq!(
        tale(&[listen, end].concat()),
        ["0.0 subscriptions/listen: Ok, by 0.3, with 0.1 0.2"]
    );
    assert_eq!(
        tale(&[listen, cancelled].concat()),
        ["0.0 subscriptions/listen: Cancelled, with 0.1 0.2, cancelled by 0.3"]
    );
    assert_eq!(
        tale(&[listen, cancelled, end].concat()),
        ["0.0 subscriptions/listen: Ok, by 0.4, with 0.1 0.2, cancelled by 0.3"]
    );
    assert_eq!(
        tale(&[listen, "== upstream-reset\n"].concat()),
        ["0.0 subscriptions/listen: Fault(UpstreamReset), with 0.1 0.2"]
    );
}
