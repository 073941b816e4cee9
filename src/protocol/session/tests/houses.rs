//! The four houses of houses.md, as sessions.

use super::*;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// Oldest first: id, rule, where it stands, dialects.
fn told(transcript: &str) -> Vec<(String, String, State, Vec<String>)> {
    let mut list = sessions(transcript).list(later(0));
    list.reverse();
    let of = |s: Session| (s.wire_id.unwrap_or_default(), s.identified_by, s.state, s.dialects);
    list.into_iter().map(of).collect()
}

fn row(
    id: &str,
    rule: &str,
    state: State,
    dialects: &[&str],
) -> (String, String, State, Vec<String>) {
    let dialects = dialects.iter().map(|name| (*name).to_owned()).collect();
    (id.to_owned(), rule.to_owned(), state, dialects)
}

/// houses.md 1: missing, never valid, valid, expired.
#[test]
fn the_ladder_of_the_path_session_host() {
    let post = |header: &str, status: u16, body: &str| {
        format!(
            ">> POST https://mcp.api-inference.example/f39aba069a8140/mcp\n{header}\n{PING}\n\
             << {status}\nX-Fc-Request-Id: 1\ncontent-type: application/json\n\n{body}\n"
        )
    };
    let uuid = "936c95e0-1111-4222-8333-944455556666";
    let expired =
        |id: &str| format!(r#"{{"code":"SessionExpired","message":"session {id} is expired"}}"#);
    let missing = r#"{"code":"InvalidArgument","message":"request without mcp-session-id header"}"#;
    let pong = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let own = "mcp-session-id: f39aba069a8140\n";
    let ladder = [
        post("", 400, missing),
        post(&format!("mcp-session-id: {uuid}\n"), 401, &expired(uuid)),
        post(own, 200, pong),
    ]
    .concat();
    let (path, header) = (&["path-session"][..], "header:mcp-session-id");
    assert_eq!(
        told(&ladder),
        [
            row("f39aba069a8140", header, State::Connected, path),
            row(uuid, header, State::Created, path),
        ]
    );
    let later = [ladder, post(own, 401, &expired("f39aba069a8140"))].concat();
    assert_eq!(told(&later)[0], row("f39aba069a8140", header, State::Expired, path));
}

/// houses.md 2: its streamable transport, and candidates that disagree.
#[test]
fn both_transports_of_the_router_bridge() {
    let line = r#"{"type":"session","sessionId":"s","messageEndpoint":"http://h/mcp/message?sessionId=s","transport":"streamable"}"#;
    let get = |header: &str| {
        format!(
            ">> GET http://h/mcp\n<< 200\ncontent-type: application/x-ndjson\n{header}..\n\n{line}\n"
        )
    };
    let post = format!(">> POST http://h/mcp/message?sessionId=s\n\n{PING}\n<< 202\n");
    let text = [get("Mcp-Session-Id: s\n"), post.clone()].concat();
    let bridge = &["router-bridge"][..];
    let header = "header:mcp-session-id";
    assert_eq!(told(&text), [row("s", header, State::Connected, bridge)]);
    let transports: Vec<_> = sessions(&text).list(later(0)).iter().map(|s| s.transport).collect();
    assert_eq!(transports, [Some(super::super::super::Transport::Ndjson)]);
    // Without the header the first line says it; with another one the header wins.
    let text = [get(""), post.clone()].concat();
    assert_eq!(told(&text), [row("s", "ndjson", State::Connected, bridge)]);
    let list = sessions(&get("Mcp-Session-Id: t\n")).list(later(0));
    let told_of: Vec<_> = list[0]
        .candidates
        .iter()
        .map(|c| (c.source.as_str(), c.value.as_str(), c.chosen))
        .collect();
    assert_eq!(told_of, [(header, "t", true), ("ndjson", "s", false)]);
    let channel = ">> GET http://h/sse/weather\n<< 200\ncontent-type: text/event-stream\n..\n\n\
                   event: endpoint\ndata: http://h/mcp/message?sessionId=s\n\n";
    let both = &["http+sse", "router-bridge"][..];
    let text = [channel.to_owned(), post].concat();
    assert_eq!(told(&text), [row("s", "endpoint-event", State::Connected, both)]);
}

/// houses.md 3: an instance a request. The id is known, the instance is not.
#[test]
fn a_rebuilt_server_of_the_session_manager() {
    let head = "authorization: Bearer x\naccept: application/json, text/event-stream\n";
    let id = "6e3f0ad3-0ba9-4cc2-8eb3-5d5f6a7b8c9d";
    let initialize = format!(
        ">> POST http://h/mcp/c-17\n{head}\n{}\n<< 200\ncontent-type: application/json\n\
         Mcp-Session-Id: {id}\n\n{}\n",
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize"}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18"}}"#
    );
    let refused = format!(
        ">> POST http://h/mcp/c-17\n{head}Mcp-Session-Id: {id}\n\n{PING}\n<< 400\n\
         content-type: application/json\n\n{}\n",
        r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized"},"id":null}"#
    );
    let dialects = &["2025-06-18", "json-response", "session-manager"][..];
    assert_eq!(
        told(&[initialize, refused].concat()),
        [row(id, "header:mcp-session-id", State::Expired, dialects)]
    );
}
