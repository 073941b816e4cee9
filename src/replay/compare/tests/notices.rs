//! What a call's stream brings beside its answer.

use super::*;

const DONE: &str = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;

fn progress(n: u32) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":"p","progress":{n}}}}}"#
    )
}

fn log(level: &str, data: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"{level}","logger":"l","data":"{data}"}}}}"#
    )
}

fn updated(uri: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{{"uri":"{uri}"}}}}"#
    )
}

fn with(messages: &[String]) -> Story {
    let mut all: Vec<&str> = messages.iter().map(String::as_str).collect();
    all.push(DONE);
    stream(&all)
}

#[test]
fn notifications_are_a_multiset_by_method_and_subject() {
    let own = with(&[log("info", "a"), updated("u:1"), log("info", "b")]);
    let lax = Wanted::default();
    assert_eq!(
        lax.told(&own, &with(&[updated("u:1"), log("info", "c"), log("info", "d")])),
        ["same"]
    );
    assert_eq!(
        lax.told(&own, &with(&[log("info", "a"), updated("u:2"), log("info", "b")])),
        [
            "changed",
            r#" notifications {"notifications/resources/updated u:1":1} -"#,
            r#" notifications - {"notifications/resources/updated u:2":1}"#
        ]
    );
    assert_eq!(
        lax.told(&own, &with(&[log("info", "a"), updated("u:1")])),
        [
            "changed",
            r#" notifications {"notifications/message l info":2} {"notifications/message l info":1}"#
        ]
    );
    assert_eq!(lax.told(&own, &with(&[]))[0], "changed");
    assert_eq!(lax.told(&with(&[]), &own)[0], "changed");
    let louder = with(&[log("error", "a"), updated("u:1"), log("info", "b")]);
    assert_eq!(lax.told(&own, &louder)[0], "changed");
}

#[test]
fn progress_is_compared_by_presence_and_strictly_by_count_and_value() {
    let (one, two, none) = (with(&[progress(1)]), with(&[progress(1), progress(2)]), with(&[]));
    let (lax, strict) = (Wanted::default(), Wanted { strict: true, ..Wanted::default() });
    assert_eq!(lax.told(&one, &two), ["same"]);
    assert_eq!(
        lax.told(&one, &none),
        ["changed", r#" notifications {"notifications/progress":true} -"#]
    );
    assert_eq!(
        lax.told(&none, &one),
        ["changed", r#" notifications - {"notifications/progress":true}"#]
    );
    assert_eq!(strict.told(&one, &one), ["same"]);
    assert_eq!(strict.told(&one, &two)[0], "changed");
    assert_eq!(
        strict.told(&one, &with(&[progress(7)])),
        ["changed", "/params/progress notifications 1 7"]
    );
    assert_eq!(
        strict.told(&with(&[log("info", "a")]), &with(&[log("info", "b")])),
        ["changed", r#"/params/data notifications "a" "b""#]
    );
}

#[test]
fn a_stream_is_judged_by_its_opening_and_strictly_by_its_messages() {
    let get = |status: u32, media: &str, body: &str| {
        let transcript = format!(
            "
            >> GET http://localhost:3000/mcp
            Mcp-Session-Id: s
            accept: text/event-stream

            << {status}
            content-type: {media}

            {body}
            "
        );
        stories(&transcript).pop().expect("a session")
    };
    let changed = r#"data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    let own = get(200, "text/event-stream; charset=utf-8", ": hello");
    let (lax, strict) = (Wanted::default(), Wanted { strict: true, ..Wanted::default() });
    let more = get(201, "text/event-stream", &format!("{changed}\n\n"));
    assert_eq!(lax.told(&own, &more), ["same"]);
    assert_eq!(strict.told(&own, &more)[0], "changed");
    assert_eq!(strict.told(&more, &more), ["same"]);
    assert_eq!(
        lax.told(&own, &get(405, "text/plain", "no")),
        ["changed", r#" outcome "http 2xx text/event-stream" "http 4xx""#]
    );
    assert_eq!(lax.told(&own, &get(200, "application/json", "{}"))[0], "changed");
}

#[test]
fn a_notification_of_the_client_is_taken_or_not() {
    let sent = |status: u32| {
        let transcript = format!(
            "
            >> POST http://localhost:3000/mcp
            Mcp-Session-Id: s

            {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}}
            << {status}

            "
        );
        stories(&transcript).pop().expect("a session")
    };
    let lax = Wanted::default();
    assert_eq!(lax.told(&sent(202), &sent(200)), ["same"]);
    assert_eq!(lax.told(&sent(202), &sent(400)), ["changed", r#" outcome "http 2xx" "http 4xx""#]);
}
