//! What every house's server can do once a session stands, and the messages that clients send.

use serde_json::{Value, json};

/// The answer to a message; none for a notification or an answer.
pub(super) fn answer(message: &Value, server: &str, revision: &str) -> Option<Value> {
    let id = message.get("id").filter(|_| message.get("method").is_some())?;
    let result = match message["method"].as_str()? {
        "initialize" => json!({
            "protocolVersion": revision, "capabilities": {"tools": {}},
            "serverInfo": {"name": server, "version": "1"},
        }),
        "tools/list" => json!({"tools": [{
            "name": "echo", "description": "says it again",
            "inputSchema": {
                "type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"],
            },
        }]}),
        "tools/call" => json!({"content": [
            {"type": "text", "text": message["params"]["arguments"]["text"]},
        ]}),
        "ping" => json!({}),
        method => {
            let error = json!({"code": -32601, "message": format!("no {method}")});
            return Some(json!({"jsonrpc": "2.0", "id": id, "error": error}));
        }
    };
    Some(json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

/// An error that answers no request.
pub(super) fn refusal(code: i64, message: &str) -> String {
    json!({"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": null}).to_string()
}

pub(super) fn initialize(id: u32, client: &str, revision: &str) -> String {
    let params = json!({
        "protocolVersion": revision, "capabilities": {},
        "clientInfo": {"name": client, "version": "1"},
    });
    request(id, "initialize", &params)
}

pub(super) fn initialized() -> String {
    json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string()
}

pub(super) fn list(id: u32) -> String {
    request(id, "tools/list", &json!({}))
}

pub(super) fn call(id: u32, text: &str) -> String {
    request(id, "tools/call", &json!({"name": "echo", "arguments": {"text": text}}))
}

pub(super) fn request(id: u32, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}
