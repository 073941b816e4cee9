//! The houses' ladders and faults (houses.md).

use super::{
    INITIALIZED, ask, delete, fires, get, handshake, handshake_at, id, json, nothing, only, post,
    problems, refusal, served, sse, told,
};

const NOT_INITIALIZED: &str = r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized"},"id":null}"#;
const ID_REQUIRED: &str = r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Mcp-Session-Id header is required"},"id":null}"#;
const STARTED: &str =
    r#"{"jsonrpc":"2.0","error":{"code":-32603,"message":"Transport already started"},"id":null}"#;

/// A call at `/mcp` with these headers, refused.
fn refused(headers: &str, status: u16, body: &str) -> String {
    post("/mcp", headers, &ask(1), &refusal(status, body))
}

#[test]
fn session_manager_a_new_instance_for_each_request() {
    let known = handshake("a") + &refused(&id("a"), 400, NOT_INITIALIZED);
    only(&known, "server-rebuilt", 2);
    let first = post(
        "/mcp",
        "",
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#,
        &json(&id("a"), r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}"#),
    );
    let at_once = first + &post("/mcp", &id("a"), INITIALIZED, &refusal(400, NOT_INITIALIZED));
    only(&at_once, "server-rebuilt", 1);
    let with_200 = handshake("a") + &post("/mcp", &id("a"), &ask(1), &json("", NOT_INITIALIZED));
    only(&with_200, "server-rebuilt", 2);
}

#[test]
fn session_manager_an_id_is_not_sent() {
    only(&(handshake("a") + &refused("", 400, NOT_INITIALIZED)), "session-id-not-sent", 2);
    only(&(handshake("a") + &refused("", 400, ID_REQUIRED)), "session-id-not-sent", 2);
    let as_new = handshake("a") + &post("/mcp", "", &ask(1), &json(&id("b"), &told(1)));
    only(&as_new, "session-id-not-sent", 2);
    let found = problems(&as_new);
    assert!(found[0].evidence.contains("assigned b"), "{}", found[0].evidence);
    // Again and again, each time as a new session.
    let again = as_new.clone() + &post("/mcp", "", &ask(2), &json(&id("c"), &told(2)));
    let twice = ["session-id-not-sent"; 2].map(str::to_owned);
    assert_eq!(fires(&again), twice.into_iter().zip([2, 3]).collect::<Vec<_>>());
    // Stateless: no id was ever given.
    nothing(&(handshake("") + &post("/mcp", "", &ask(1), &json("", &told(1)))));
    // The server takes it all the same.
    nothing(&(handshake("a") + &post("/mcp", "", &ask(1), &json("", &told(1)))));
    // A new session is a new session.
    nothing(&(handshake("a") + &served("a", 1) + &handshake("b") + &served("b", 1)));
}

#[test]
fn session_manager_nothing_before_initialize() {
    only(&refused("", 400, NOT_INITIALIZED), "not-initialized", 0);
    only(&refused("", 400, ID_REQUIRED), "not-initialized", 0);
    only(&refused(&id("x"), 400, NOT_INITIALIZED), "not-initialized", 0);
    // The session that was given is over.
    let over = handshake("a") + &delete("a") + &refused("", 400, ID_REQUIRED);
    only(&over, "not-initialized", 3);
    // A client finds out what there is: by GET, or by a request of 2026-07-28.
    nothing(&(get("", &refusal(400, ID_REQUIRED)) + &handshake("a")));
    let discover = r#"{"jsonrpc":"2.0","id":"p","method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    let probe =
        post("/mcp", "MCP-Protocol-Version: 2026-07-28", discover, &refusal(400, NOT_INITIALIZED));
    nothing(&(probe + &handshake("a")));
    // 400 for something else.
    nothing(&refused(
        "",
        400,
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}"#,
    ));
    // The application's own error speaks of initialisation too.
    let own =
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"database not initialized"}}"#;
    nothing(&(handshake("a") + &post("/mcp", &id("a"), &ask(1), &json("", own))));
}

#[test]
fn session_manager_one_transport_connected_twice() {
    only(&(handshake("a") + &refused(&id("a"), 500, STARTED)), "transport-already-started", 2);
    let html = "500\ncontent-type: text/html\n\n<pre>Error: Transport already started<br></pre>";
    let page = handshake("a") + &post("/mcp", &id("a"), &ask(1), html);
    only(&page, "transport-already-started", 2);
    let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#;
    only(&post("/mcp", "", initialize, &refusal(500, STARTED)), "transport-already-started", 0);
    nothing(&(handshake("a") + &refused(&id("a"), 500, r#"{"error":"boom"}"#)));
}

#[test]
fn session_manager_sessions_leak() {
    let opened: String = (0..6).map(|n| handshake(&format!("s{n}")) + "++ 1m\n").collect();
    let found = problems(&opened);
    assert_eq!(fires(&opened), [("session-leak".to_owned(), 10)]);
    assert!(found[0].evidence.starts_with("6 of 6 sessions within 5 min"), "{}", found[0].evidence);
    let closed: String =
        (0..6).map(|n| handshake(&format!("s{n}")) + &delete(&format!("s{n}"))).collect();
    nothing(&closed);
    let used: String =
        (0..6).map(|n| handshake(&format!("s{n}")) + &served(&format!("s{n}"), 1)).collect();
    nothing(&used);
    let few: String = (0..4).map(|n| handshake(&format!("s{n}"))).collect();
    nothing(&few);
}

#[test]
fn session_manager_expired() {
    let body = r#"{"code":"SESSION_NOT_FOUND","message":"Session expired"}"#;
    only(&(handshake("a") + &served("a", 1) + &refused(&id("a"), 404, body)), "session-expired", 3);
    only(&refused(&id("z"), 404, body), "session-never-valid", 0);
    let idle = handshake("a") + "++ 31m\n" + &refused(&id("a"), 404, body);
    only(&idle, "request-after-expiry", 2);
    nothing(&(handshake("a") + &delete("a") + &refused(&id("a"), 404, body)));
}

#[test]
fn a_server_forgets_a_session() {
    let lost =
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#;
    only(&(handshake("a") + &refused(&id("a"), 404, lost)), "session-lost", 2);
    // An id from before the recording: the client starts anew, which is the protocol's way.
    nothing(&(refused(&id("old"), 404, lost) + &handshake("a")));
    nothing(&(handshake("a") + &delete("a") + &refused(&id("a"), 404, lost)));
    let unknown =
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}"#;
    nothing(&(handshake("a") + &refused(&id("a"), 404, unknown)));
}

const HOST: &str = "/f39aba069a8140/mcp";

fn at_host(headers: &str, answer: &str) -> String {
    post(HOST, headers, &ask(1), &format!("{answer}\n"))
}

fn expired(session: &str) -> String {
    let body = format!(r#"{{"code":"SessionExpired","message":"session {session} is expired"}}"#);
    refusal(401, &body)
}

#[test]
fn path_session_the_ladder() {
    let missing = r#"{"code":"InvalidArgument","message":"request without mcp-session-id header"}"#;
    only(&at_host("", &refusal(400, missing)), "session-id-missing", 0);
    let random = "936c95e0-0000-4000-8000-000000000000";
    only(&at_host(&id(random), &expired(random)), "session-never-valid", 0);
    let own = id("f39aba069a8140");
    let alive = at_host(&own, &json("X-Fc-Request-Id: 1", &told(1)));
    nothing(&alive);
    let later = format!("{alive}++ 43200m\n{}", at_host(&own, &expired("f39aba069a8140")));
    only(&later, "session-expired", 1);
    assert!(problems(&later)[0].remedy.contains("the fault is the id"));
    only(&at_host(&own, &expired("f39aba069a8140")), "session-never-valid", 0);
    // The host refuses an `initialize` as it refuses everything.
    let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#;
    only(&post(HOST, "", initialize, &refusal(400, missing)), "session-id-missing", 0);
    only(&post(HOST, &own, initialize, &expired("f39aba069a8140")), "session-never-valid", 0);
    // One after the other, each under its own name.
    let ladder = at_host("", &refusal(400, missing))
        + &at_host(&id(random), &expired(random))
        + &alive
        + &at_host(&own, &expired("f39aba069a8140"));
    let mut names = fires(&ladder);
    names.sort_by_key(|(_, exchange)| *exchange);
    let expected = [("session-id-missing", 0), ("session-never-valid", 1), ("session-expired", 3)];
    assert_eq!(names, expected.map(|(name, place)| (name.to_owned(), place)));
}

const MESSAGE: &str = "/mcp/message";

fn line(session: &str) -> String {
    format!(
        "200\ncontent-type: application/x-ndjson\n..\n\n{{\"type\":\"session\",\"sessionId\":\"{session}\",\"messageEndpoint\":\"http://localhost:3000/mcp/message?sessionId={session}\",\"transport\":\"streamable\"}}\n"
    )
}

#[test]
fn router_candidates_disagree() {
    let both = post(&format!("{MESSAGE}?sessionId=b"), &id("a"), &ask(1), &json("", &told(1)));
    let names = fires(&both);
    assert!(names.contains(&("session-candidates-disagree".to_owned(), 0)), "{names:?}");
    let evidence: Vec<String> = problems(&both).into_iter().map(|p| p.evidence).collect();
    assert!(evidence.iter().any(|e| e.contains("header:mcp-session-id is a")), "{evidence:?}");
    let metadata = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"sessionId":"b"}}}"#;
    only(&post(MESSAGE, &id("a"), metadata, &json("", &told(1))), "session-candidates-disagree", 0);
    let agree =
        get("", &line("a")) + &post(&format!("{MESSAGE}?sessionId=a"), &id("a"), &ask(1), "202");
    nothing(&agree);
}

#[test]
fn router_an_assigned_id_is_ignored() {
    let assigned = post(MESSAGE, "", &ask(1), &json(&id("t1"), &told(1)));
    let ignored = assigned.clone() + &post(MESSAGE, "", &ask(2), &json(&id("t2"), &told(2)));
    only(&ignored, "assigned-session-ignored", 1);
    let used = assigned.clone() + &post(MESSAGE, &id("t1"), &ask(2), &json("", &told(2)));
    nothing(&used);
    only(&assigned, "assigned-session-unused", 0);
    // After the session line: the Inspector of the time.
    let inspector = get("", &line("t1")) + &post(MESSAGE, "", &ask(2), &json(&id("t2"), &told(2)));
    only(&inspector, "assigned-session-ignored", 1);
}

#[test]
fn router_a_request_after_expiry() {
    let gone = r#"{"error":"Session not found"}"#;
    let session = get("", &format!("{}== completed", line("a")))
        + &post(MESSAGE, &id("a"), &ask(1), &json("", &told(1)));
    let late =
        session.clone() + "++ 31m\n" + &post(MESSAGE, &id("a"), &ask(2), &refusal(404, gone));
    only(&late, "request-after-expiry", 2);
    // The stream on which nothing came was open all the while.
    let open = get("", &line("a"))
        + &post(MESSAGE, &id("a"), &ask(1), &json("", &told(1)))
        + "++ 31m\n"
        + &post(MESSAGE, &id("a"), &ask(2), &refusal(404, gone))
        + ".. 0\n: bye\n== client-closed\n";
    only(&open, "request-after-expiry", 2);
    let refreshed = session
        + "++ 20m\n"
        + &post(MESSAGE, &id("a"), &ask(2), &json("", &told(2)))
        + "++ 20m\n"
        + &post(MESSAGE, &id("a"), &ask(3), &json("", &told(3)));
    nothing(&refreshed);
}

fn counted(numbers: &[(u32, &str)]) -> String {
    let mut text = handshake("a");
    for (place, (number, status)) in (1_u32..).zip(numbers) {
        let answer = match *status {
            "200" => json("", &told(place)),
            other => other.to_owned(),
        };
        text +=
            &post("/mcp", &format!("{}; Mcp-Sequence: {number}", id("a")), &ask(place), &answer);
    }
    text
}

fn all_well(numbers: &[u32]) -> String {
    counted(&numbers.iter().map(|number| (*number, "200")).collect::<Vec<_>>())
}

#[test]
fn mobile_the_sequence() {
    only(&all_well(&[1, 2, 4, 5]), "sequence-gap", 4);
    only(&all_well(&[1, 2, 2, 3]), "sequence-repeat", 4);
    only(&all_well(&[1, 2, 3, 1, 2]), "sequence-restart", 5);
    only(&all_well(&[5, 6, 7, 0, 1, 2]), "sequence-restart", 5);
    nothing(&all_well(&[1, 2, 3, 4]));
    nothing(&all_well(&[7, 8, 9]));
    // Overtaken on the way.
    nothing(&all_well(&[1, 3, 2, 4]));
    // Sent again because the first one failed.
    nothing(&counted(&[(1, "200"), (2, "503"), (2, "200"), (3, "200")]));
}

#[test]
fn mobile_a_resume_by_sequence_that_brings_nothing() {
    let cut = format!(
        "{}== upstream-reset\n",
        sse("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}\n\n")
    );
    let asked =
        handshake("a") + &post("/mcp", &format!("{}; Mcp-Sequence: 1", id("a")), &ask(1), &cut);
    let resume = |answer: &str| get(&format!("{}; Mcp-Sequence: 1", id("a")), answer);
    only(&(asked.clone() + &resume(&sse(": nothing\n"))), "resume-brought-nothing", 3);
    let answer = sse(&format!("data: {}\n", told(1)));
    nothing(&(asked.clone() + &resume(&answer)));
    only(&(asked + &resume("405")), "resume-not-supported", 3);
}

#[test]
fn mobile_405_on_get_is_fine() {
    nothing(&(handshake("a") + &get(&id("a"), "405") + &served("a", 1)));
    let tenant = handshake_at("/mcp/combination", "a", "{}", r#"{"tools":{}}"#);
    nothing(&tenant);
}
