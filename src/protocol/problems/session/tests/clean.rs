//! The clean life of each kind raises nothing.

use super::{
    INITIALIZED, ask, delete, get, handshake, handshake_at, id, json, nothing, post, served, sse,
    told,
};

#[test]
fn streamable_http_with_a_listen_stream() {
    let listen = format!("200\ncontent-type: text/event-stream\n{}\n..\n\n: hi\n", id("a"));
    nothing(
        &(handshake("a")
            + &get(&id("a"), &listen)
            + &served("a", 1)
            + &delete("a")
            + ".. 2\n: bye\n== completed\n"),
    );
}

#[test]
fn streamable_http_without_sessions() {
    nothing(&(handshake("") + &get("", "405") + &post("/mcp", "", &ask(1), &json("", &told(1)))));
}

#[test]
fn two_clients_at_one_server() {
    nothing(
        &(handshake("a")
            + &handshake("b")
            + &served("a", 1)
            + &served("b", 1)
            + &delete("a")
            + &delete("b")),
    );
}

#[test]
fn errors_are_outcomes() {
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool"}}"#;
    let failed = r#"{"jsonrpc":"2.0","id":2,"result":{"isError":true,"content":[]}}"#;
    nothing(
        &(handshake("a")
            + &post("/mcp", &id("a"), &ask(1), &json("", error))
            + &post("/mcp", &id("a"), &ask(2), &json("", failed))
            + &post("/mcp", &id("a"), &ask(3), "500")
            + &delete("a")),
    );
}

#[test]
fn path_session() {
    let path = "/f39aba069a8140/mcp";
    let own = id("f39aba069a8140");
    let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#;
    let result = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}}}}"#;
    nothing(
        &(post(path, &own, initialize, &json("X-Fc-Request-Id: 1", result))
            + &post(path, &own, INITIALIZED, "202")
            + &post(path, &own, &ask(1), &json("X-Fc-Request-Id: 2", &told(1)))),
    );
}

#[test]
fn router_bridge() {
    let lines = "200\ncontent-type: application/x-ndjson\nMcp-Session-Id: a\n..\n\n{\"type\":\"session\",\"sessionId\":\"a\",\"messageEndpoint\":\"http://localhost:3000/mcp/message?sessionId=a\",\"transport\":\"streamable\"}\n";
    nothing(
        &(get("", lines)
            + &post("/mcp/message?sessionId=a", "", &ask(1), "202")
            + &format!(".. 0\n{}\n..\n", told(1))
            + &post("/mcp/message?sessionId=a", "", &ask(2), "202")
            + &format!(".. 0\n{}\n== client-closed\n", told(2))),
    );
    let sse_stream = "200\ncontent-type: text/event-stream\n..\n\nevent: endpoint\ndata: http://localhost:3000/mcp/message?sessionId=s\n\n";
    nothing(
        &(">> GET http://localhost:3000/sse/service\n<< ".to_owned()
            + sse_stream
            + &post("/mcp/message?sessionId=s", "", &ask(1), "202")
            + &format!(".. 0\ndata: {}\n\n== client-closed\n", told(1))),
    );
}

#[test]
fn session_manager() {
    let path = "/mcp/combination-1";
    let own = format!("{}; Authorization: Bearer k", id("5f0d8f5e-2f0c-4c1e-9d4e-0a1b2c3d4e5f"));
    nothing(
        &(handshake_at(path, "5f0d8f5e-2f0c-4c1e-9d4e-0a1b2c3d4e5f", "{}", r#"{"tools":{}}"#)
            + &post(path, &own, &ask(1), &json("", &told(1)))),
    );
}

#[test]
fn resumable_mobile() {
    let numbered = |n: u32| format!("{}; Mcp-Sequence: {n}", id("a"));
    let primed = sse("id: e1\ndata:\n");
    let answer = sse(&format!("id: e2\ndata: {}\n", told(1)));
    nothing(
        &(handshake("a")
            + &get(&numbered(1), "405")
            + &post("/mcp", &numbered(2), &ask(1), &primed)
            + &get(&format!("{}; Last-Event-ID: e1", numbered(2)), &answer)
            + &post("/mcp", &numbered(3), &ask(2), &json("", &told(2)))
            + &delete("a")),
    );
}
