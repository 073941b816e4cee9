//! What protocol.md §7 calls volatile, and what comes before the last answer.

use super::*;

#[test]
fn a_servers_version_may_be_new_but_not_new_each_time() {
    let listed = |version: &str| {
        format!(
            r#""result":{{"tools":[],"_meta":{{"io.modelcontextprotocol/serverInfo":{{"name":"s","version":"{version}"}}}}}}"#
        )
    };
    let session = |versions: [&str; 3]| {
        let answers = versions.map(listed);
        let all: Vec<_> =
            answers.iter().map(|answer| ("tools/list", "{}", answer.as_str())).collect();
        calls(&all)
    };
    let own = session(["1", "1", "1"]);
    assert_eq!(told(&own, &session(["2", "2", "2"])), ["same", "same", "same"]);
    let odd = told(&own, &session(["2", "2", "1"]));
    assert_eq!(odd[..3], ["same", "same", "changed"]);
    let odd = told(&own, &session(["1", "2", "1"]));
    assert_eq!([&odd[0], &odd[1], &odd[3]], ["same", "changed", "same"]);
    let listed = compare(&own, &own).tally.ignored_paths;
    assert_eq!(listed.into_values().collect::<Vec<_>>(), [1], "it is let pass once");
}

#[test]
fn what_input_is_asked_for_counts_and_its_keys_do_not() {
    let asked = |one: (&str, &str), other: (&str, &str), state: &str| {
        let request = |(key, text): (&str, &str)| {
            format!(
                r#""{key}":{{"method":"elicitation/create","params":{{"message":"{text}","url":"http://h/?e={key}"}}}}"#
            )
        };
        result(&format!(
            r#"{{"resultType":"input_required","inputRequests":{{{},{}}},"requestState":"{state}"}}"#,
            request(one),
            request(other)
        ))
    };
    let own = asked(("a", "name"), ("b", "age"), "s1");
    let (told, ignored) = Wanted::default().judged(&own, &asked(("x", "age"), ("y", "name"), "s2"));
    assert_eq!(told, ["same"]);
    assert_eq!(
        ignored,
        [
            "/result/inputRequests/a/params/url",
            "/result/inputRequests/b/params/url",
            "/result/requestState"
        ]
    );
    let other = asked(("a", "name"), ("b", "town"), "s1");
    assert_eq!(
        Wanted::default().told(&own, &other),
        ["changed", r#"/result/inputRequests/b/params/message value "age" "town""#]
    );
    assert_eq!(
        Wanted::default().told(&own, &asked(("x", "name"), ("y", "town"), "s"))[0],
        "changed"
    );
}

#[test]
fn a_url_to_visit_is_compared_without_its_query() {
    let asked = |id: &str, url: &str| {
        session(
            r#"{"name":"x"}"#,
            &format!(
                r#""error":{{"code":-32042,"message":"m","data":{{"elicitations":[{{"mode":"url","elicitationId":"{id}","url":"{url}"}}]}}}}"#
            ),
        )
    };
    let own = asked("1", "https://h/a?t=1");
    assert_eq!(Wanted::default().told(&own, &asked("2", "https://h/a?t=2")), ["same"]);
    assert_eq!(
        Wanted::default().told(&own, &asked("2", "https://h/b?t=1")),
        ["changed", r#"/error/data/elicitations/0/url value "https://h/a?t=1" "https://h/b?t=1""#]
    );
}

#[test]
fn a_task_is_compared_by_what_becomes_of_it() {
    let task = |id: &str, polls: &[&str], text: &str| {
        let about = format!(r#"{{"taskId":"{id}"}}"#);
        let state = |status: &str| {
            format!(
                r#""taskId":"{id}","status":"{status}","createdAt":"2026-11-20T10:00:00Z","ttl":1{}"#,
                id.len()
            )
        };
        let mut all = vec![(
            "tools/call",
            r#"{"name":"x","task":{}}"#.to_owned(),
            format!(r#""result":{{"task":{{{}}}}}"#, state("working")),
        )];
        all.extend(polls.iter().map(|status| {
            ("tasks/get", about.clone(), format!(r#""result":{{{}}}"#, state(status)))
        }));
        all.push((
            "tasks/result",
            about.clone(),
            format!(r#""result":{{"content":[{{"type":"text","text":"{text}"}}]}}"#),
        ));
        let all: Vec<_> = all.iter().map(|(m, p, a)| (*m, p.as_str(), a.as_str())).collect();
        calls(&all)
    };
    let own = task("t-1", &["working", "completed"], "done");
    let lax = Wanted::default();
    assert_eq!(steps(&own).len(), 1, "one operation");
    assert_eq!(
        lax.told(&own, &task("t-22", &["working", "working", "completed"], "done")),
        ["same"]
    );
    assert_eq!(
        lax.told(&own, &task("t-1", &["completed"], "not done")),
        ["changed", r#"/result/content/0/text value "done" "not done""#]
    );
    assert_eq!(lax.told(&own, &task("t-1", &["working", "failed"], "done"))[0], "changed");
}

#[test]
fn a_session_id_is_compared_by_presence() {
    let opened = |id: &str| {
        let transcript = format!(
            "
            >> POST http://localhost:3000/mcp

            {{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{{\"protocolVersion\":\"2025-11-25\"}}}}
            << 200
            content-type: application/json
            {id}

            {{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{{}}}}}}
            "
        );
        stories(&transcript).pop().expect("a session")
    };
    let (one, two, none) =
        (opened("Mcp-Session-Id: a"), opened("mcp-session-id: b"), opened("x: y"));
    assert_eq!(Wanted::default().told(&one, &two), ["same"]);
    assert_eq!(
        Wanted::default().told(&one, &none),
        ["changed", r#" outcome "a session id was given" "none was given""#]
    );
    assert_eq!(Wanted::default().told(&none, &one)[0], "changed");
    assert_eq!(Wanted::default().told(&none, &none), ["same"]);
}

#[test]
fn whether_an_answer_comes_before_its_cancellation_is_chance() {
    let call = |answer: &str| {
        let transcript = format!(
            "
            >> POST http://localhost:3000/mcp
            Mcp-Session-Id: s

            {{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"x\"}}}}
            << 200
            content-type: text/event-stream

            : begun

            ..
            >> POST http://localhost:3000/mcp
            Mcp-Session-Id: s

            {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{{\"requestId\":1}}}}
            << 202

            .. 0
            {answer}

            "
        );
        stories(&transcript).pop().expect("a session")
    };
    let without = call(": end");
    let late = call(r#"data: {"jsonrpc":"2.0","id":1,"result":{"a":1}}"#);
    let other = call(r#"data: {"jsonrpc":"2.0","id":1,"result":{"a":2}}"#);
    let lax = Wanted::default();
    for (own, its) in [(&without, &without), (&without, &late), (&late, &without), (&late, &late)] {
        assert_eq!(lax.told(own, its), ["same"]);
    }
    assert_eq!(lax.told(&late, &other)[0], "changed");
    assert_eq!(lax.told(&without, &result("{}"))[0], "changed", "that was not cancelled");
}
