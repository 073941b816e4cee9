use proptest::prelude::*;

use super::*;

fn kind(text: &str) -> Option<Kind> {
    Envelope::read(text).map(|envelope| envelope.kind)
}

#[test]
fn the_keys_that_are_there_decide() {
    let cases = [
        (r#"{"jsonrpc":"2.0","id":0,"method":"ping"}"#, Some(Kind::Request)),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, Some(Kind::Request)),
        (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, Some(Kind::Notification)),
        (r#"{"jsonrpc":"2.0","id":1,"result":null}"#, Some(Kind::Response)),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":""}}"#, Some(Kind::Error)),
        (r#"{"jsonrpc":"2.0","error":{"code":-1,"message":""}}"#, Some(Kind::Error)),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":null}"#, Some(Kind::Response)),
        (r#"{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":1}}"#, Some(Kind::Error)),
        (r#"{"jsonrpc":"2.0","id":1}"#, None),
        // OAuth's errors and houses' answers are no messages.
        (r#"{"error":"invalid_grant","error_description":"no"}"#, None),
        (r#"{"code":"SessionExpired","message":"session x is expired"}"#, None),
        (r#"["2.0",7,"x"]"#, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#, None),
        (r#"{"jsonrpc":"2.0","id":1,"method""#, None),
        ("", None),
        ("null", None),
    ];
    for (text, wanted) in cases {
        assert_eq!(kind(text), wanted, "{text}");
    }
}

#[test]
fn ids_keep_their_spelling() {
    for id in
        ["0", "1", "\"1\"", "null", "1.0", "1e400", "12345678901234567890123", r#""\u0031""#, "{}"]
    {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        assert_eq!(Envelope::read(&text).expect("a request").id, Some(id));
    }
    let none = r#"{"jsonrpc":"2.0","method":"ping"}"#;
    assert_eq!(Envelope::read(none).expect("a notification").id, None);
}

#[test]
fn of_duplicate_keys_the_last_counts() {
    let text = r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"a","method":"b"}"#;
    let envelope = Envelope::read(text).expect("a request");
    assert_eq!((envelope.id, envelope.method().as_deref()), (Some("2"), Some("b")));
}

#[test]
fn escapes_and_lone_surrogates_are_no_obstacle() {
    let text = r#"{"\ud800":1,"json\u0072pc":"2.0","method":"tools\/call","params":{"name":"\u00e9","\udfff":"\ud800"},"id":1}"#;
    let envelope = Envelope::read(text).expect("a request");
    assert_eq!(envelope.method().as_deref(), Some("tools/call"));
    assert_eq!(envelope.subject("tools/call").as_deref(), Some("é"));
}

#[test]
fn depth_costs_no_stack() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"x","arguments":{deep}}}}}"#
    );
    assert_eq!(
        Envelope::read(&text).expect("a request").subject("tools/call").as_deref(),
        Some("x")
    );
    assert_eq!(kind(&deep), None);
    let mut count = 0;
    messages(&deep, |_| count += 1);
    messages(&"[".repeat(100_000), |_| count += 1);
    assert_eq!(count, 0);
}

#[test]
fn a_million_brackets_are_no_message_and_no_overflow() {
    for bracket in ["[", "{\"a\":", "[{\"jsonrpc\":", "{\"params\":{\"_meta\":"] {
        let text = bracket.repeat(1_000_000);
        let mut count = 0;
        messages(&text, |_| count += 1);
        assert_eq!(count, 0, "{bracket}");
    }
}

#[test]
fn all_is_found_in_one_pass_whatever_the_order_of_keys() {
    let text = r#"{"result":{"_meta":{"m":1},"serverInfo":{},"isError":true,"isError":false,"protocolVersion":"v"},"error":null,"id":"a","jsonrpc":"2.0"}"#;
    let envelope = Envelope::read(text).expect("a response");
    assert_eq!((envelope.kind, envelope.id), (Kind::Response, Some("\"a\"")));
    assert!(!envelope.is_tool_error(), "the last one counts");
    let seen = envelope.seen;
    assert_eq!(seen.meta, Some(r#"{"m":1}"#));
    assert_eq!((seen.protocol_version, seen.server_info), (Some("\"v\""), Some("{}")));
    let twice =
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"},"params":{"_meta":{}}}"#;
    let envelope = Envelope::read(twice).expect("a notification");
    assert_eq!((envelope.subject("tools/call"), envelope.params), (None, Some(r#"{"_meta":{}}"#)));
    let both = r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[],"result":{"_meta":1}}"#;
    let envelope = Envelope::read(both).expect("a request");
    assert_eq!((envelope.kind, envelope.seen.meta), (Kind::Request, None));
}

#[test]
fn what_a_message_is_about() {
    let cases = [
        ("tools/call", r#"{"name":"forecast","uri":"no"}"#, Some("forecast")),
        ("prompts/get", r#"{"name":"greet"}"#, Some("greet")),
        ("resources/read", r#"{"uri":"file:///a?b"}"#, Some("file:///a?b")),
        ("notifications/resources/updated", r#"{"uri":"x:y"}"#, Some("x:y")),
        ("tasks/get", r#"{"taskId":"t1"}"#, Some("t1")),
        ("initialize", r#"{"name":"no"}"#, None),
        ("tools/call", r#"{"name":7}"#, None),
        ("tools/call", "[]", None),
    ];
    for (method, params, wanted) in cases {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let envelope = Envelope::read(&text).expect("a request");
        assert_eq!(envelope.subject(method).as_deref(), wanted, "{text}");
    }
}

#[test]
fn failures_of_tools_and_of_json_rpc_are_told_apart() {
    let tool = r#"{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[]}}"#;
    let text = r#"{"jsonrpc":"2.0","id":1,"result":{"isError":"true"}}"#;
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#;
    let facts = |text| Envelope::read(text).map(|e| (e.is_tool_error(), e.code()));
    assert_eq!(facts(tool), Some((true, None)));
    assert_eq!(facts(text), Some((false, None)));
    assert_eq!(facts(error), Some((false, Some(-32601))));
}

#[test]
fn a_batch_is_its_messages_and_what_is_none_is_passed_over() {
    let text =
        r#" [ {"jsonrpc":"2.0","id":1,"method":"a"}, 7, [], {"jsonrpc":"2.0","method":"b"} "#;
    let mut seen = Vec::new();
    messages(text, |envelope| seen.extend(envelope.method()));
    assert_eq!(seen, ["a", "b"]);
}

#[test]
fn a_batch_is_read_up_to_its_cap() {
    let text = format!("[{}1]", r#"{"jsonrpc":"2.0","method":"a"},"#.repeat(BATCH_CAP + 5));
    let mut count = 0;
    messages(&text, |_| count += 1);
    assert_eq!(count, BATCH_CAP);
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in r#"[\[\]{}",:0-9a-z\\ é]{0,80}"#) {
        messages(&text, |envelope| {
            envelope.method();
            envelope.subject("tools/call");
        });
    }
}
