//! Capabilities, catalogue, and what revisions call deprecated.

use super::{get, handshake_at, id, json, nothing, only, post, sse, told};

fn session(client: &str, server: &str) -> String {
    handshake_at("/mcp", "a", client, server)
}

fn request(n: u32, method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{n},"method":"{method}","params":{params}}}"#)
}

fn answered(n: u32, method: &str, params: &str, result: &str) -> String {
    let body = format!(r#"{{"jsonrpc":"2.0","id":{n},"result":{result}}}"#);
    post("/mcp", &id("a"), &request(n, method, params), &json("", &body))
}

#[test]
fn the_client_uses_what_was_not_offered() {
    let table = [
        ("tools/list", "{}", r#"{"tools":{}}"#),
        ("prompts/get", r#"{"name":"p"}"#, r#"{"prompts":{}}"#),
        ("resources/read", r#"{"uri":"a:b"}"#, r#"{"resources":{}}"#),
        ("resources/subscribe", r#"{"uri":"a:b"}"#, r#"{"resources":{"subscribe":true}}"#),
        ("logging/setLevel", r#"{"level":"info"}"#, r#"{"logging":{}}"#),
        ("completion/complete", "{}", r#"{"completions":{}}"#),
    ];
    for (method, params, offered) in table {
        let call = answered(1, method, params, "{}");
        only(&(session("{}", "{}") + &call), "server-capability-missing", 2);
        nothing(&(session("{}", offered) + &call));
        // The handshake is not in the recording.
        nothing(&call);
    }
    let narrow = r#"{"resources":{"subscribe":false}}"#;
    let call = answered(1, "resources/subscribe", r#"{"uri":"a:b"}"#, "{}");
    only(&(session("{}", narrow) + &call), "server-capability-missing", 2);
}

#[test]
fn the_server_asks_for_what_was_not_offered() {
    let table = [
        ("sampling/createMessage", "{}", r#"{"sampling":{}}"#),
        ("roots/list", "{}", r#"{"roots":{}}"#),
        ("elicitation/create", "{}", r#"{"elicitation":{}}"#),
        ("elicitation/create", r#"{"mode":"url"}"#, r#"{"elicitation":{"url":{}}}"#),
    ];
    for (method, params, offered) in table {
        let asks = get(&id("a"), &sse(&format!("data: {}\n", request(7, method, params))));
        only(&(session("{}", "{}") + &asks), "client-capability-missing", 2);
        nothing(&(session(offered, "{}") + &asks));
    }
    let ping = get(&id("a"), &sse(&format!("data: {}\n", request(7, "ping", "{}"))));
    nothing(&(session("{}", "{}") + &ping));
}

/// A call of 2026-07-28 with these capabilities, answered with input requests.
fn modern(capabilities: &str, inputs: &str) -> String {
    let asked = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"t","_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{capabilities}}}}}}}"#
    );
    let result = format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":{{"resultType":"input_required","inputRequests":{inputs}}}}}"#
    );
    post("/mcp", "MCP-Protocol-Version: 2026-07-28", &asked, &json("", &result))
}

#[test]
fn capabilities_of_one_request() {
    let inputs = r#"{"k":{"method":"elicitation/create","params":{"mode":"form"}}}"#;
    only(&modern("{}", inputs), "client-capability-missing", 0);
    nothing(&modern(r#"{"elicitation":{}}"#, inputs));
}

#[test]
fn what_2026_07_28_deprecates() {
    let roots = r#"{"k":{"method":"roots/list"}}"#;
    only(&modern(r#"{"roots":{}}"#, roots), "deprecated-feature", 0);
    let sampling = r#"{"k":{"method":"sampling/createMessage","params":{}}}"#;
    only(&modern(r#"{"sampling":{}}"#, sampling), "deprecated-feature", 0);
    // Before, they are as good as any.
    let asks = get(&id("a"), &sse(&format!("data: {}\n", request(7, "roots/list", "{}"))));
    nothing(&(session(r#"{"roots":{}}"#, "{}") + &asks));
}

#[test]
fn http_sse_in_a_session_that_knows_better() {
    let with = |revision: &str| {
        format!(
            ">> GET http://localhost:3000/sse\n<< 200\ncontent-type: text/event-stream\n..\n\nevent: endpoint\ndata: /messages?sessionId=x\n\n{}.. 0\ndata: {{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{{\"protocolVersion\":\"{revision}\",\"capabilities\":{{}},\"serverInfo\":{{\"name\":\"s\",\"version\":\"1\"}}}}}}\n\n..\n",
            post("/messages?sessionId=x", "", &request(0, "initialize", "{}"), "202")
        )
    };
    only(&with("2025-06-18"), "deprecated-transport", 0);
    nothing(&with("2024-11-05"));
}

const ALL: &str = r#"{"tools":{},"prompts":{},"resources":{}}"#;

#[test]
fn what_is_called_is_listed() {
    let session = session("{}", ALL);
    let listed = |more: &str| {
        answered(1, "tools/list", "{}", &format!(r#"{{"tools":[{{"name":"other"}}]{more}}}"#))
    };
    let call = post("/mcp", &id("a"), &super::ask(5), &json("", &told(5)));
    only(&(session.clone() + &listed("") + &call), "tool-not-listed", 3);
    // Not listed whole, or not at all, or changed since.
    nothing(&(session.clone() + &listed(r#","nextCursor":"c""#) + &call));
    nothing(&(session.clone() + &call));
    let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    nothing(
        &(session.clone()
            + &listed("")
            + &get(&id("a"), &sse(&format!("data: {changed}\n")))
            + &call),
    );
    let second = answered(2, "tools/list", r#"{"cursor":"c"}"#, r#"{"tools":[{"name":"t"}]}"#);
    nothing(&(session.clone() + &listed(r#","nextCursor":"c""#) + &second + &call));

    let prompts = answered(1, "prompts/list", "{}", r#"{"prompts":[{"name":"p"}]}"#);
    let get_prompt =
        |name: &str| answered(2, "prompts/get", &format!(r#"{{"name":"{name}"}}"#), "{}");
    only(&(session.clone() + &prompts + &get_prompt("q")), "prompt-not-listed", 3);
    nothing(&(session.clone() + &prompts + &get_prompt("p")));
}

#[test]
fn what_is_read_was_named() {
    let session = session("{}", ALL);
    let resources = answered(1, "resources/list", "{}", r#"{"resources":[{"uri":"a:1"}]}"#);
    let templates = |list: &str| {
        answered(
            2,
            "resources/templates/list",
            "{}",
            &format!(r#"{{"resourceTemplates":[{list}]}}"#),
        )
    };
    let read = answered(3, "resources/read", r#"{"uri":"a:2"}"#, "{}");
    only(&(session.clone() + &resources + &templates("") + &read), "resource-not-listed", 4);
    nothing(&(session.clone() + &resources + &read));
    nothing(&(session.clone() + &resources + &templates(r#"{"uriTemplate":"a:{n}"}"#) + &read));
    let link = answered(
        4,
        "tools/call",
        r#"{"name":"t"}"#,
        r#"{"content":[{"type":"resource_link","uri":"a:2"}]}"#,
    );
    nothing(&(session.clone() + &resources + &templates("") + &link + &read));
    // What is named afterwards was not named when it was read.
    let late = session.clone() + &resources + &templates("") + &read + &link;
    only(&late, "resource-not-listed", 4);
    // One text may name several, and each read is judged by itself.
    let other = |uri: &str| answered(5, "resources/read", &format!(r#"{{"uri":"{uri}"}}"#), "{}");
    let longer = link.replace("a:2", "a:22");
    let both = session.clone() + &resources + &templates("") + &longer + &read + &other("a:22");
    nothing(&both);
    let third = session + &resources + &templates("") + &longer + &read + &other("a:3");
    only(&third, "resource-not-listed", 6);
}
