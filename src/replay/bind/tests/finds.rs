//! What is found, and what is not.

use super::{call, told, tool};

#[test]
fn what_the_protocol_names() {
    let transcript = r#"
>> POST http://localhost:3000/mcp
content-type: application/json

{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}
<< 200
content-type: application/json
mcp-session-id: s1

{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}
>> POST http://localhost:3000/mcp
content-type: application/json
mcp-session-id: s1

{"jsonrpc":"2.0","id":2,"method":"tools/list"}
<< 200
content-type: text/event-stream

id: 7
data: {"jsonrpc":"2.0","id":2,"result":{"tools":[],"nextCursor":"2"}}

>> POST http://localhost:3000/mcp
content-type: application/json
mcp-session-id: s1

{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"2"}}
<< 200
content-type: application/json

{"jsonrpc":"2.0","id":3,"result":{"tools":[]}}
>> GET http://localhost:3000/mcp
accept: text/event-stream
mcp-session-id: s1
last-event-id: 7

<< 405

>> POST http://localhost:3000/mcp
content-type: application/json
mcp-session-id: s1

{"jsonrpc":"2.0","id":4,"method":"resources/list"}
<< 200
content-type: application/json

{"jsonrpc":"2.0","id":4,"result":{"resources":[{"uri":"a:b","name":"b"}]}}
>> POST http://localhost:3000/mcp
content-type: application/json
mcp-session-id: s1

{"jsonrpc":"2.0","id":5,"method":"resources/read","params":{"uri":"a:b"}}
<< 200
content-type: application/json

{"jsonrpc":"2.0","id":5,"result":{"contents":[{"uri":"a:b","text":"2"}]}}
"#;
    assert_eq!(
        told(transcript),
        [
            "0 header:mcp-session-id -> 1 header:mcp-session-id x5",
            "1 event-id -> 3 header:last-event-id",
            "1.1/result/nextCursor -> 2.0/params/cursor",
            "4.1/result/resources/0/uri -> 5.0/params/uri",
        ]
    );
}

#[test]
fn tasks_states_and_questions_of_both_eras() {
    let asked = r#"{"resultType":"input_required","requestState":"x","inputRequests":{"q1":{"method":"elicitation/create","params":{"message":"?"}}}}"#;
    let transcript = [
        tool(1, "ask", "{}", asked),
        call(
            2,
            "tools/call",
            r#"{"name":"ask","arguments":{},"requestState":"x","inputResponses":{"q1":{"action":"accept"}}}"#,
            r#"{"content":[]}"#,
        ),
        call(
            3,
            "tools/call",
            r#"{"name":"slow","arguments":{},"task":{"ttl":9}}"#,
            r#"{"task":{"taskId":"t1","status":"working"}}"#,
        ),
        call(4, "tasks/get", r#"{"taskId":"t1"}"#, r#"{"taskId":"t1","status":"completed"}"#),
        call(
            5,
            "tasks/result",
            r#"{"taskId":"t1","_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t1"}}}"#,
            "{}",
        ),
    ];
    assert_eq!(
        told(&transcript.concat()),
        [
            "0.1/result/inputRequests/q1 -> 1.0/params/inputResponses/q1",
            "0.1/result/requestState -> 1.0/params/requestState",
            "2.1/result/task/taskId -> 3.0/params/taskId",
            "2.1/result/task/taskId -> 4.0/params/_meta/io.modelcontextprotocol~1related-task/taskId",
            "2.1/result/task/taskId -> 4.0/params/taskId",
        ]
    );
}

#[test]
fn two_endpoints() {
    let transcript = r#"
>> GET http://localhost:3000/sse

<< 200
content-type: text/event-stream

event: endpoint
data: /messages?sessionId=ab

..
>> POST http://localhost:3000/messages?sessionId=ab
content-type: application/json

{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{}}}
<< 202
"#;
    assert_eq!(told(transcript), ["0 frame:0 -> 1 url"]);
}

/// A handle in prose, in an address, in JSON within text, in base64; a number under a key of ids.
#[test]
fn handles() {
    let cases = [
        (r#"{"content":[{"type":"text","text":"made ord_8f3a2c."}]}"#, r#"{"order":"ord_8f3a2c"}"#),
        (
            r#"{"content":[{"type":"text","text":"see http://h/o/ord_8f3a2c?x=1"}]}"#,
            r#"{"order":"ord_8f3a2c"}"#,
        ),
        (
            r#"{"content":[{"type":"text","text":"{\"h\":\"ord_8f3a2c\"}"}]}"#,
            r#"{"url":"http://h/?o=%6Frd_8f3a2c"}"#,
        ),
        (r#"{"structuredContent":{"h":"ord_8f3a2c"}}"#, r#"{"coded":"eyJoIjoib3JkXzhmM2EyYyJ9"}"#),
        (r#"{"structuredContent":{"h":"a/b c"},"ord":123456}"#, r#"{"of":123456}"#),
        (r#"{"structuredContent":{"orders":[{"id":7}]}}"#, r#"{"orderId":7}"#),
        (r#"{"structuredContent":{"order_id":"x7"}}"#, r#"{"id":"x7"}"#),
        (r#"{"structuredContent":{"pet":"brave-purple-fox"}}"#, r#"{"feed":"brave-purple-fox"}"#),
        (r#"{"structuredContent":{"k":"kQzXvBnM"}}"#, r#"{"use":"kQzXvBnM"}"#),
        (
            r#"{"structuredContent":{"k":"item-6e3f0ad3-0ba9-4cc2-8eb3-5d5f6a7b8c9d"}}"#,
            r#"{"use":"6e3f0ad3-0ba9-4cc2-8eb3-5d5f6a7b8c9d"}"#,
        ),
    ];
    for (result, arguments) in cases {
        let transcript = tool(1, "make", "{}", result) + &tool(2, "use", arguments, "{}");
        assert_eq!(told(&transcript).len(), 1, "{result} {arguments} {:?}", told(&transcript));
    }
}

#[test]
fn no_handles() {
    let cases = [
        // Words, however long; names of fields and tools; dates; the protocol's words.
        ("{}", r#"{"text":"configuration of notifications"}"#, r#"{"text":"notifications"}"#),
        ("{}", r#"{"inputSchema":"x1","say":"inputSchema"}"#, r#"{"of":"inputSchema"}"#),
        ("{}", r#"{"day":"2026-11-21"}"#, r#"{"day":"2026-11-21"}"#),
        ("{}", r#"{"mimeType":"application/x-abc123"}"#, r#"{"accept":"application/x-abc123"}"#),
        ("{}", r#"{"next":"use_2_now"}"#, r#"{"tool":"use_2_now"}"#),
        // The client's own, said again by the server.
        (r#"{"name":"abc123"}"#, r#"{"of":"abc123"}"#, r#"{"of":"abc123"}"#),
        (r#"{"name":"x abc123 y"}"#, r#"{"of":"abc123"}"#, r#"{"of":"abc123"}"#),
        (r#"{"url":"/?q=%61bc123"}"#, r#"{"of":"abc123"}"#, r#"{"of":"abc123"}"#),
        (r#"{"id":7}"#, r#"{"id":7}"#, r#"{"id":7}"#),
        // A part of a longer word; too short; a small number that no key calls an id.
        ("{}", r#"{"h":"abc1234"}"#, r#"{"h":"abc12345"}"#),
        ("{}", r#"{"h":"ab1"}"#, r#"{"h":"ab1"}"#),
        ("{}", r#"{"left":12}"#, r#"{"right":12}"#),
        // Another subject's id.
        ("{}", r#"{"userId":7}"#, r#"{"orderId":7}"#),
    ];
    for (before, result, after) in cases {
        let transcript =
            tool(1, "use_2_now", before, &format!("{{\"structuredContent\":{result}}}"))
                + &tool(2, "use", after, "{}");
        assert!(told(&transcript).is_empty(), "{result} {after}: {:?}", told(&transcript));
    }
}

/// What a list of tools says is no handle, even where it looks like one.
#[test]
fn what_is_listed_is_a_name() {
    let tools = r#"{"tools":[{"name":"get_x123456","description":"of abcdef1","inputSchema":{"enum":["abcdef1"]}}]}"#;
    let transcript = call(1, "tools/list", "{}", tools)
        + &tool(
            2,
            "get_x123456",
            r#"{"of":"abcdef1"}"#,
            r#"{"content":[{"type":"text","text":"get_x123456"}]}"#,
        )
        + &tool(3, "other", r#"{"of":"get_x123456"}"#, "{}");
    assert!(told(&transcript).is_empty(), "{:?}", told(&transcript));
}

/// A long session costs as much more as it is longer: what is slower would not end here.
#[test]
fn long_sessions() {
    let call = |n: usize| {
        let arguments = format!("{{\"of\":\"node-{n:06}\",\"at\":\"/{}/x{n:07}\"}}", n % 7);
        let result = format!("{{\"structuredContent\":{{\"next\":\"node-{:06}\"}}}}", n + 1);
        tool(u32::try_from(n).expect("few"), "step", &arguments, &result)
    };
    let long: String = (0..3_000).map(call).collect();
    let told = super::Bindings::find(&super::story(&long), &[]).told();
    assert_eq!(told.iter().map(|binding| binding.count).collect::<Vec<_>>(), [2_999]);
}

/// Ten calls that each use what the one before them made are one line.
#[test]
fn the_like_is_told_once() {
    let chain: String = (0..10)
        .map(|n| {
            let arguments = format!("{{\"of\":\"node-{n:06}\"}}");
            let result = format!("{{\"structuredContent\":{{\"next\":\"node-{:06}\"}}}}", n + 1);
            tool(n, "step", &arguments, &result)
        })
        .collect();
    assert_eq!(told(&chain), ["0.1/result/structuredContent/next -> 1.0/params/arguments/of x9"]);
}

#[test]
fn what_was_minted_anew_differs_in_one_part_that_looks_so() {
    use crate::replay::bind::is_minted_anew;
    let table = [
        ("bank://acct_8ba4bfc850/home", "bank://acct_b9b24dd321/home", true),
        (
            "s://50b33b83-5aae-4f64-b5d5-56810da10231",
            "s://f2cf60ee-8621-4564-926a-2a44929f37e5",
            true,
        ),
        ("s://{{path:1}}/a", "s://f2cf60ee-8621-4564-926a-2a44929f37e5/a", true),
        ("file:///readme.md", "file:///license.md", false),
        ("file:///report-2025.pdf", "file:///report-2026.pdf", false),
        ("file:///readme.md", "file:///8ba4bfc850.md", false),
        ("same://8ba4bfc850", "same://8ba4bfc850", false),
        ("ü://8ba4bfc850ü", "ü://b9b24dd321ü", true),
    ];
    for (own, its, expected) in table {
        assert_eq!(is_minted_anew(own, its), expected, "{own} {its}");
    }
}
