//! The router bridge: two transports on one service, messages to `/mcp/message`, and in its
//! streamable one newline-delimited JSON whose first line is the session (houses.md §2).

use super::Dialect;
use crate::protocol::{
    facts::Facts,
    jsonrpc::{pick, string},
    model::{Frame, Summary, Transport},
};

pub(crate) struct RouterBridge;

impl Dialect for RouterBridge {
    fn name(&self) -> &'static str {
        "router-bridge"
    }

    fn frame(&self, frame: &Frame, facts: &mut Facts) {
        if frame.index != 0 {
            return;
        }
        if frame.event.is_some() {
            return self.endpoint(frame, facts);
        }
        if !frame.data.starts_with(b"{") {
            return;
        }
        let line = String::from_utf8_lossy(&frame.data);
        let Some([Some("\"session\""), Some(id)]) = pick(&line, ["type", "sessionId"]) else {
            return;
        };
        facts.shows_mcp();
        facts.shows(self.name());
        facts.transport(Transport::Ndjson);
        if let Some(id) = string(id) {
            facts.candidate("ndjson", &id, true);
        }
    }

    fn shown_by(&self, summary: &Summary) -> bool {
        summary.path == "/mcp/message"
    }
}

impl RouterBridge {
    /// Its other transport: an `endpoint` event that leads to the same path.
    fn endpoint(&self, frame: &Frame, facts: &mut Facts) {
        let target = std::str::from_utf8(&frame.data).ok().and_then(|t| facts.resolve(t.trim()));
        let leads = target.is_some_and(|url| url.path() == "/mcp/message");
        if leads && frame.event.as_deref() == Some("endpoint") {
            facts.shows(self.name());
        }
    }
}
