//! What is sent the second time, and what is expected then.

use super::{call, run, sent, tool};

#[test]
fn only_the_bound_places_change() {
    let record = |handle: &str| {
        tool(
            1,
            "make",
            "{}",
            &format!(r#"{{"content":[{{"type":"text","text":"made {handle}, at {handle}."}}]}}"#),
        ) + &tool(
            2,
            "use",
            &format!(
                "{{ \"b\" : 1.50, \"a\":\"\\u0061 {handle}\\/x\", \"n\":12345678901234567890, \"k\":\"{handle}x\"}}"
            ),
            "{}",
        )
    };
    assert_eq!(
        sent(&record("ord_8f3a2c"), &record("ord-\\\"9").replace("ord-\\\"9x", "ord_8f3a2cx"))[1],
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"use","arguments":{ "b" : 1.50, "a":"\u0061 ord-\"9\/x", "n":12345678901234567890, "k":"ord_8f3a2cx"}}}"#
    );
}

/// What is around a handle may differ as long as something beside it does not.
#[test]
fn handles_within_texts_that_differ() {
    let cases = [
        ("made ord_8f3a2c at 10:00", "made ord_777777 at 11:31", "ord_777777"),
        ("10:00 made ord_8f3a2c", "11:31 made ord_777777", "ord_777777"),
        ("first abc999, then ord_8f3a2c!", "first zzzzzz, then ord_777777!", "ord_777777"),
        ("http://127.0.0.1:4001/o/ord_8f3a2c?x=1", "http://127.0.0.1:53312/o/q?x=1", "q"),
        ("id: abc, id: ord_8f3a2c", "id: xyz, id: ord_777777", "ord_777777"),
        ("ord_8f3a2c is yours", "77 is yours", "77"),
    ];
    for (recorded, live, fresh) in cases {
        let text = |text: &str| format!(r#"{{"content":[{{"type":"text","text":"{text}"}}]}}"#);
        let made = |said: &str| {
            tool(1, "make", "{}", &text(said)) + &tool(2, "use", r#"{"of":"ord_8f3a2c"}"#, "{}")
        };
        let sent = sent(&made(recorded), &made(live));
        assert!(sent[1].contains(&format!(r#"{{"of":"{fresh}"}}"#)), "{recorded}: {}", sent[1]);
    }
}

#[test]
fn spellings_are_kept() {
    let record = |handle: &str, query: &str, coded: &str| {
        tool(1, "make", "{}", &format!(r#"{{"structuredContent":{{"h":"{handle}"}}}}"#))
            + &tool(
                2,
                "use",
                &format!(
                    r#"{{"u":"/?h={query}&z=%2F","c":"{coded}","j":"{{\"h\": \"{handle}\"}}"}}"#
                ),
                "{}",
            )
    };
    let recorded = record("ord/8f3a2c", "ord%2F8f3a2c", "eyJoIjoib3JkLzhmM2EyYyJ9");
    let sent = sent(&recorded, &record("ö 1", "", ""));
    // The live handle has a blank, which no recorded one has: it is not taken for one.
    assert!(sent[1].contains("ord%2F8f3a2c"), "{}", sent[1]);
    let sent = super::sent(&recorded, &record("ö/1", "", ""));
    assert!(sent[1].contains(r#""u":"/?h=%C3%B6%2F1&z=%2F""#), "{}", sent[1]);
    assert!(sent[1].contains(r#""c":"eyJoIjoiw7YvMSJ9""#), "{}", sent[1]);
    assert!(sent[1].contains(r#""j":"{\"h\": \"ö/1\"}""#), "{}", sent[1]);
}

#[test]
fn entries_of_lists_are_found_by_their_name() {
    let list = |entries: &str| {
        tool(1, "list", "{}", &format!(r#"{{"structuredContent":{{"all":[{entries}]}}}}"#))
            + &tool(2, "use", r#"{"of":"key-0002"}"#, "{}")
    };
    let recorded = list(r#"{"name":"a","key":"key-0001"},{"name":"b","key":"key-0002"}"#);
    let live = list(r#"{"name":"b","key":"k9"},{"name":"c","key":"k8"},{"name":"a","key":"k7"}"#);
    assert!(sent(&recorded, &live)[1].contains(r#""of":"k9""#));
    let live = list(r#"{"key":"k5"},{"key":"k4"}"#);
    assert!(sent(&recorded, &live)[1].contains(r#""of":"k4""#));
}

#[test]
fn cursors_are_renewed_and_short_ones_stay_in_their_place() {
    let pages = |cursors: [&str; 2]| {
        let page = |cursor: &str| format!(r#"{{"tools":[],"nextCursor":"{cursor}"}}"#);
        call(1, "tools/list", "{}", &page(cursors[0]))
            + &call(2, "tools/list", r#"{"cursor":"2"}"#, r#"{"tools":[]}"#)
            + &call(3, "tools/list", r#"{"n":"2"}"#, &page(cursors[1]))
            + &call(4, "tools/list", r#"{"cursor":"2"}"#, r#"{"tools":[]}"#)
    };
    let sent = sent(&pages(["2", "2"]), &pages(["x", "y"]));
    for (request, expected) in
        [(1, r#"{"cursor":"x"}"#), (2, r#"{"n":"2"}"#), (3, r#"{"cursor":"y"}"#)]
    {
        assert!(sent[request].contains(expected), "{}", sent[request]);
    }
}

/// A handle that a later result says again must be the fresh one: only its birth teaches.
#[test]
fn what_is_said_again_is_expected() {
    let record = |handle: &str, again: &str| {
        tool(1, "make", "{}", &format!(r#"{{"structuredContent":{{"h":"{handle}"}}}}"#))
            + &tool(
                2,
                "use",
                &format!(r#"{{"h":"{handle}"}}"#),
                &format!(r#"{{"content":[{{"type":"text","text":"used {again}"}}]}}"#),
            )
    };
    let run = run(&record("ord_8f3a2c", "ord_8f3a2c"), &record("ord_777777", "ord_666666"));
    assert_eq!(run.table.expect("used ord_8f3a2c"), "used ord_777777");
    assert!(run.table.equates("used ord_8f3a2c", "used ord_777777"));
    assert!(!run.table.equates("used ord_8f3a2c", "used ord_666666"));
    assert_eq!(run.table.expect(r#"{"n":1.0,"h":"ord_8f3a2c"}"#), r#"{"n":1.0,"h":"ord_777777"}"#);
    assert_eq!(run.table.expect_value("h", r#""ord_8f3a2c""#), r#""ord_777777""#);
}

#[test]
fn numbers_are_filled_as_numbers() {
    let record = |id: &str| {
        tool(1, "make", "{}", &format!(r#"{{"structuredContent":{{"order":{{"id":{id}}}}}}}"#))
            + &tool(2, "use", &format!(r#"{{"orderId":{id},"n":7,"s":"{{\"id\":7}}"}}"#), "{}")
    };
    let sent = sent(&record("7"), &record("12"));
    assert!(sent[1].contains(r#"{"orderId":12,"n":7,"s":"{\"id\":12}"}"#), "{}", sent[1]);
    let sent = super::sent(&record("7"), &record(r#""a\"b""#).replace(r#"\"id\":7"#, ""));
    assert!(sent[1].contains(r#"{"orderId":"a\"b","#), "{}", sent[1]);
}

/// The question stands under another key; its answer goes there.
#[test]
fn questions_are_answered_under_their_live_key() {
    let record = |key: &str, state: &str| {
        let asked = format!(
            r#"{{"requestState":"{state}","inputRequests":{{"{key}":{{"method":"elicitation/create","params":{{"message":"?"}}}}}}}}"#
        );
        let again = format!(
            r#"{{"name":"ask","arguments":{{}},"requestState":"{state}","inputResponses":{{"{key}":{{"action":"accept"}}}}}}"#
        );
        tool(1, "ask", "{}", &asked) + &call(2, "tools/call", &again, "{}")
    };
    let sent = sent(&record("q1", "s"), &record("other", "fresh"));
    assert!(
        sent[1].contains(r#""requestState":"fresh","inputResponses":{"other":{"#),
        "{}",
        sent[1]
    );
}

#[test]
fn heads_and_urls() {
    let record = |session: &str, cookie: &str| {
        format!(
            r#"
>> POST http://localhost:3000/mcp
content-type: application/json

{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{}}}}
<< 200
content-type: application/json
mcp-session-id: {session}
set-cookie: sid={cookie}; Path=/

{{"jsonrpc":"2.0","id":1,"result":{{"protocolVersion":"2025-11-25","capabilities":{{}}}}}}
>> POST http://localhost:3000/mcp?sessionId={session}
content-type: application/json
mcp-session-id: {session}
cookie: a=b; sid={cookie}

{{"jsonrpc":"2.0","method":"notifications/initialized"}}
<< 202
"#
        )
    };
    let table = run(&record("s1", "c1"), &record("é/2", "c2")).table;
    let fill = |place: &str, text: &str| {
        table.fill_text(crate::protocol::testing::id(1), place, text).expect("filled")
    };
    assert_eq!(
        fill("url", "http://localhost:3000/mcp?a=s1&sessionId=s1"),
        "http://localhost:3000/mcp?a=s1&sessionId=%C3%A9%2F2"
    );
    assert_eq!(fill("header:Mcp-Session-Id", "s1"), "é/2");
    assert_eq!(fill("header:cookie", "a=b; sid=c1"), "a=b; sid=c2");
    assert_eq!(fill("header:x-other", "s1"), "s1");
}

/// An endpoint goes into a URL as it is spelled, a name does not.
#[test]
fn endpoints() {
    let record = |endpoint: &str, host: &str| {
        format!(
            r#"
>> GET http://{host}/sse

<< 200
content-type: text/event-stream

event: endpoint
data: {endpoint}

..
>> POST http://localhost:3000{endpoint}
content-type: application/json

{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"t","arguments":{{}}}}}}
<< 202
"#
        )
    };
    let recorded = record("/messages?sessionId=0a1b2c3d", "localhost:3000");
    let live = record("/m%20x/?sessionId=77&y=é", "localhost:4000");
    let table = run(&recorded, &live).table;
    let fill = |url: &str| table.fill_text(crate::protocol::testing::id(1), "url", url);
    assert_eq!(
        fill("http://localhost:3000/messages?sessionId=0a1b2c3d").as_deref(),
        Ok("http://localhost:3000/m%20x/?sessionId=77&y=%C3%A9")
    );
}

/// A session that was lost and made again: the answer that gave the id gives the new one.
#[test]
fn a_birth_counts_again() {
    let record = |task: &str, again: &str| {
        call(
            1,
            "tools/call",
            r#"{"name":"slow","task":{}}"#,
            &format!(r#"{{"task":{{"taskId":"{task}"}}}}"#),
        ) + &call(
            2,
            "tasks/get",
            &format!(r#"{{"taskId":"{task}"}}"#),
            &format!(r#"{{"taskId":"{again}"}}"#),
        ) + &call(3, "tasks/get", &format!(r#"{{"taskId":"{task}"}}"#), "{}")
    };
    let recorded = record("t1", "t1");
    let sent = sent(&recorded, &record("t5", "t6"));
    assert!(sent[2].contains(r#"{"taskId":"t5"}"#), "elsewhere it is only said again: {}", sent[2]);
    let mut table = run(&recorded, &record("t5", "t5")).table;
    let (recorded, live) = (super::story(&recorded), super::story(&record("t7", "t8")));
    table.learn(&recorded.messages[1], &live.messages[1]);
    assert!(table.fill(&recorded.messages[4]).expect("filled").contains(r#"{"taskId":"t7"}"#));
}

#[test]
fn what_the_driver_tells() {
    let mut table = super::Bindings::default().table();
    table.set("s1", "s2");
    let filled = table.fill_text(crate::protocol::testing::id(0), "header:mcp-session-id", "s1");
    assert_eq!(filled.as_deref(), Ok("s2"));
    let filled = table.fill_text(crate::protocol::testing::id(0), "header:last-event-id", "s1");
    assert_eq!(filled.as_deref(), Ok("s2"));
}
