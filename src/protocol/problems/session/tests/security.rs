//! Secrets in URLs, and what DNS rebinding looks like.

use super::{ask, handshake, id, json, nothing, only, post, problems, told};

#[test]
fn a_session_id_in_a_url() {
    let call =
        |path: &str| post(path, "MCP-Protocol-Version: 2025-06-18", &ask(1), &json("", &told(1)));
    only(&call("/mcp?sessionId=abc"), "session-id-in-url", 0);
    nothing(&call("/mcp?tenant=abc"));
    // HTTP+SSE has it there by design.
    let channel = ">> GET http://localhost:3000/sse\n<< 200\ncontent-type: text/event-stream\n..\n\nevent: endpoint\ndata: /messages?sessionId=x\n\n";
    nothing(&(channel.to_owned() + &post("/messages?sessionId=x", "", &ask(1), "202")));
}

#[test]
fn a_token_in_a_url() {
    let call = |path: &str| post(path, &id("a"), &ask(1), &json("", &told(1)));
    let found = problems(&call("/mcp?api_key=hush"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rule, "token-in-url");
    assert!(found[0].evidence.contains("api_key") && !found[0].evidence.contains("hush"));
    only(&call("/mcp?x=1&access_token=t"), "token-in-url", 0);
    nothing(&call("/mcp?monkey=1"));
    // No MCP: a page's own affair.
    nothing(">> GET http://localhost:3000/page?token=1\n<< 200\n");
}

#[test]
fn dns_rebinding() {
    let call = |headers: &str, answer: &str| {
        handshake("a") + &post("/mcp", &format!("{}; {headers}", id("a")), &ask(1), answer)
    };
    let served = json("", &told(1));
    for foreign in ["Host: evil.example", "Origin: https://evil.example", "Host: 192.168.1.9:3000"]
    {
        only(&call(foreign, &served), "dns-rebinding", 2);
        nothing(&call(foreign, "403"));
    }
    for own in [
        "Host: localhost:3000",
        "Host: 127.0.0.1:41233",
        "Host: [::1]:3000",
        "Origin: http://localhost:6274",
        "Origin: vscode-webview://abc",
        "Origin: null",
    ] {
        nothing(&call(own, &served));
    }
    let remote = ">> POST https://mcp.example/mcp\nHost: mcp.example\nOrigin: https://app.example\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n<< 200\ncontent-type: application/json\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n";
    nothing(remote);
}
