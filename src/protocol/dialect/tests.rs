//! Which exchange shows which dialect, by transcripts. What is a dialect's own is tested in its file.

use super::*;
use crate::protocol::testing::{sessions, summaries};
use crate::{capture::Timestamp, protocol::Refusal, protocol::RefusalReason};

const JSON: &str = "content-type: application/json\n";

/// The dialects that each exchange of a transcript shows.
pub(super) fn shown_in(transcript: &str) -> Vec<Vec<&'static str>> {
    summaries(transcript).iter().map(|summary| summary.dialects.names().collect()).collect()
}

/// An exchange: a POST of one request, and the head and body of its answer.
pub(super) fn post(url: &str, headers: &str, method: &str, answer: &str) -> String {
    format!(
        ">> POST http://h{url}\naccept: application/json, text/event-stream\n{headers}\n\
         {{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\"}}\n{answer}\n"
    )
}

pub(super) fn result(result: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{result}}}")
}

#[test]
fn names_are_told_apart_and_each_has_a_bit() {
    let names = dialects();
    assert_eq!(names.len(), DIALECT_COUNT as usize);
    for (place, name) in names.iter().enumerate() {
        assert!(!names[..place].contains(name), "{name} twice");
        let mut one = Dialects::default();
        one.add(name);
        assert_eq!(one.names().collect::<Vec<_>>(), [*name]);
    }
}

#[test]
fn a_revision_shows_where_the_server_chooses_it_or_a_request_names_it() {
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let chosen = result(&format!("{{\"protocolVersion\":\"{revision}\"}}"));
        let answer = format!("<< 200\n{JSON}Mcp-Session-Id: a\n\n{chosen}");
        let shown = shown_in(&post("/mcp", "", "initialize", &answer));
        assert_eq!(shown, [[revision, "json-response"]]);
    }
    let named = post("/mcp", "MCP-Protocol-Version: 2026-07-28\n", "tools/list", "<< 202");
    assert_eq!(shown_in(&named), [["2026-07-28"]]);
}

#[test]
fn kinds_of_servers_show_by_their_answers() {
    let chosen = result("{\"protocolVersion\":\"2025-11-25\"}");
    let json = post("/mcp", "", "initialize", &format!("<< 200\n{JSON}\n{chosen}"));
    assert_eq!(shown_in(&json), [["2025-11-25", "json-response", "stateless"]]);
    let stream = "<< 200\nMcp-Session-Id: a\ncontent-type: text/event-stream\n\n";
    let stream = post("/mcp", "", "initialize", &format!("{stream}data: {chosen}\n\n"));
    assert_eq!(shown_in(&stream), [["2025-11-25"]]);
    let channel = ">> GET http://h/sse\n<< 200\ncontent-type: text/event-stream\n\n\
                   event: endpoint\ndata: /messages?sessionId=x\n\n";
    assert_eq!(shown_in(channel), [["http+sse"]]);
}

/// A server that streams once is none that answers in JSON only.
#[test]
fn a_session_shows_what_no_exchange_of_it_speaks_against() {
    let own = "Mcp-Session-Id: a\n";
    let json = post("/mcp", own, "ping", &format!("<< 200\n{JSON}\n{}", result("{}")));
    let stream = "<< 200\ncontent-type: text/event-stream\n\n";
    let stream = post("/mcp", own, "ping", &format!("{stream}data: {}\n\n", result("{}")));
    let of = |text: &str| sessions(text).list(Timestamp(0)).remove(0).dialects;
    assert_eq!(of(&json), ["json-response"]);
    assert_eq!(of(&[json, stream].concat()), [""; 0]);
}

#[test]
fn the_houses_show_by_what_is_their_own() {
    let initialize = result("{\"protocolVersion\":\"2025-03-26\"}");
    let header = "<< 200\nMcp-Session-Id: 936c95e0-1111-4222-8333-944455556666\ncontent-type: application/json\n\n";
    let cases = [
        ("path-session", post("/f39aba069a8140/mcp", "", "ping", "<< 202")),
        ("path-session", post("/x/mcp", "", "ping", "<< 200\nX-Fc-Request-Id: 1")),
        (
            "path-session",
            post(
                "/x/mcp",
                "",
                "ping",
                "<< 401\ncontent-type: application/json\n\n{\"code\":\"SessionExpired\"}",
            ),
        ),
        (
            "router-bridge",
            ">> GET http://h/mcp\n<< 200\ncontent-type: application/x-ndjson\n\n\
             {\"type\":\"session\",\"sessionId\":\"s\"}\n"
                .to_owned(),
        ),
        ("router-bridge", post("/mcp/message?sessionId=s", "", "ping", "<< 202")),
        (
            "session-manager",
            post(
                "/mcp/c1",
                "",
                "ping",
                "<< 404\ncontent-type: application/json\n\n{\"code\":\"SESSION_NOT_FOUND\"}",
            ),
        ),
        (
            "session-manager",
            post(
                "/mcp/c1",
                "authorization: Bearer x\n",
                "initialize",
                &[header, &initialize].concat(),
            ),
        ),
        ("resumable-mobile", post("/mcp", "Mcp-Sequence: 4\n", "ping", "<< 202")),
    ];
    for (name, transcript) in cases {
        assert!(shown_in(&transcript)[0].contains(&name), "{name}: {transcript}");
    }
}

#[test]
fn plain_traffic_shows_nothing() {
    let plain = ">> GET http://h/f39aba069a8140/mcp\nCookie: session=1\n<< 401\nX-Fc-Request-Id: 1\ncontent-type: application/json\n\n\
                 {\"code\":\"SessionExpired\"}";
    let summary = summaries(plain).remove(0);
    assert_eq!(summary.dialects, Dialects::default());
    assert_eq!((summary.refusal, summary.candidates), (None, Vec::new()));
}

#[test]
fn refusals_are_told_apart() {
    use RefusalReason::{
        AlreadyInitialized, AlreadyStarted, NoSessionId, NotInitialized, UnknownSession,
    };
    let rpc = |code: i32, text: &str| {
        format!(
            "{{\"jsonrpc\":\"2.0\",\"error\":{{\"code\":{code},\"message\":\"{text}\"}},\"id\":null}}"
        )
    };
    let with = "Mcp-Session-Id: a\n";
    let cases = [
        (with, 404, String::new(), Some((UnknownSession, ""))),
        ("", 404, String::new(), None),
        (with, 404, rpc(-32601, "Method not found"), None),
        (with, 404, rpc(-32001, "Session not found"), Some((UnknownSession, "-32001"))),
        (
            with,
            400,
            rpc(-32000, "Bad Request: Server not initialized"),
            Some((NotInitialized, "-32000")),
        ),
        (
            "",
            400,
            rpc(-32000, "Bad Request: Mcp-Session-Id header is required"),
            Some((NoSessionId, "-32000")),
        ),
        (
            "",
            400,
            rpc(-32000, "Bad Request: No valid session ID provided"),
            Some((NoSessionId, "-32000")),
        ),
        (
            with,
            400,
            rpc(-32000, "Bad Request: No valid session ID provided"),
            Some((UnknownSession, "-32000")),
        ),
        (
            with,
            400,
            rpc(-32600, "Invalid Request: Server already initialized"),
            Some((AlreadyInitialized, "-32600")),
        ),
        (with, 500, rpc(-32603, "Transport already started"), Some((AlreadyStarted, "-32603"))),
        (
            with,
            500,
            "{\"error\":\"StreamableHTTPServerTransport already started!\"}".to_owned(),
            Some((AlreadyStarted, "")),
        ),
        (
            with,
            404,
            "{\"code\":\"SESSION_NOT_FOUND\",\"message\":\"Session expired\"}".to_owned(),
            Some((UnknownSession, "SESSION_NOT_FOUND")),
        ),
        (
            with,
            404,
            "{\"error\":{\"code\":\"SESSION_NOT_FOUND\",\"message\":\"Session expired\"}}"
                .to_owned(),
            Some((UnknownSession, "SESSION_NOT_FOUND")),
        ),
        (
            "",
            400,
            "{\"code\":\"InvalidArgument\",\"message\":\"request without mcp-session-id header\"}"
                .to_owned(),
            Some((NoSessionId, "InvalidArgument")),
        ),
        (
            with,
            401,
            "{\"code\":\"SessionExpired\",\"message\":\"session a is expired\"}".to_owned(),
            Some((UnknownSession, "SessionExpired")),
        ),
        (with, 401, "{\"error\":\"invalid_token\"}".to_owned(), None),
        (with, 200, rpc(-32602, "the game's session not found"), None),
    ];
    for (headers, status, body, expected) in cases {
        let text = post("/mcp", headers, "tools/list", &format!("<< {status}\n{JSON}\n{body}"));
        let refusal: Option<Refusal> = summaries(&text).remove(0).refusal;
        let told = refusal.as_ref().map(|refusal| (refusal.reason, refusal.code.as_str()));
        assert_eq!(told, expected, "{status} {body}");
    }
}
