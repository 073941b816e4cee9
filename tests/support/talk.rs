//! A small MCP server that keeps what it was asked, and tapes of sessions with it.

use std::{
    io::Write as _,
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};

use super::{
    origin::{self, Origin, Wire},
    tapes,
};

/// Heads and bodies of requests, in the order of their coming.
type Asked = Vec<(String, Value)>;

/// The server.
pub(crate) struct Talk {
    origin: Origin,
    asked: Arc<Mutex<Asked>>,
}

impl Talk {
    /// With these tools, true for those that only read. What a call says comes of its parameters.
    pub(crate) fn with(
        tools: &'static [(&'static str, bool)],
        says: impl Fn(&Value) -> String + Send + Sync + 'static,
    ) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let origin = Origin::serve(move |request, out| {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            kept.lock().expect("whole").push((request.head.clone(), body.clone()));
            let result = match body["method"].as_str() {
                Some("initialize") => json!({"protocolVersion": "2025-11-25",
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "server", "version": "1"}}),
                Some("tools/list") => {
                    let tool = |(name, reads): &(&str, bool)| {
                        json!({"name": name, "inputSchema": {"type": "object"},
                            "annotations": {"readOnlyHint": reads}})
                    };
                    json!({"tools": tools.iter().map(tool).collect::<Vec<_>>()})
                }
                Some("tools/call") => {
                    json!({"content": [{"type": "text", "text": says(&body["params"])}]})
                }
                _ => {
                    let accepted = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
                    return out.write_all(accepted.as_bytes()).is_ok();
                }
            };
            let answer = json!({"jsonrpc": "2.0", "id": body["id"], "result": result}).to_string();
            let answer = origin::json(&answer, "Mcp-Session-Id: talk-1\r\n");
            out.write_all(answer.as_bytes()).is_ok()
        });
        Self { origin, asked }
    }

    pub(crate) fn url(&self) -> String {
        self.origin.url()
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().expect("whole")
    }

    /// A tape of a session with it: a handshake, the list of tools, calls with these parameters.
    pub(crate) fn tape(&self, calls: &[&str]) -> String {
        let calls = (2..).zip(calls);
        let calls =
            calls.map(|(n, call)| format!(r#""id":{n},"method":"tools/call","params":{call}"#));
        let said: Vec<String> = [
            r#""id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#,
            r#""method":"notifications/initialized""#,
            r#""id":1,"method":"tools/list""#,
        ]
        .map(str::to_owned)
        .into_iter()
        .chain(calls)
        .collect();
        tapes::recorded(&self.url(), &[], |recorder| {
            let mut wire = Wire::to(recorder.reverse());
            for (n, said) in said.iter().enumerate() {
                let own = "Authorization: Bearer sk-hidden-0123456789abcdef\r\n";
                let session = if n == 0 { "" } else { "Mcp-Session-Id: talk-1\r\n" };
                let body = format!(r#"{{"jsonrpc":"2.0",{said}}}"#);
                let there = recorder.reverse().to_string();
                wire.post(&there, "/mcp", &format!("{own}{session}"), &body);
                wire.answer();
            }
        })
    }
}
