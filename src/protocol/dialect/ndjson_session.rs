//! The router bridge: newline-delimited JSON whose first line is the session, and session ids in
//! message metadata (houses.md §2).

use super::{Dialect, Spoken};
use crate::protocol::{
    facts::Facts,
    jsonrpc::{pick, string},
    model::{Direction, Frame, Transport},
};

pub(crate) struct NdjsonSession;

impl Dialect for NdjsonSession {
    fn frame(&self, frame: &Frame, facts: &mut Facts) {
        if frame.index != 0 || frame.event.is_some() || !frame.data.starts_with(b"{") {
            return;
        }
        let line = String::from_utf8_lossy(&frame.data);
        let Some([Some("\"session\""), Some(id)]) = pick(&line, ["type", "sessionId"]) else {
            return;
        };
        facts.shows_mcp();
        facts.transport(Transport::Ndjson);
        if let Some(id) = string(id) {
            facts.candidate("ndjson", &id, true);
        }
    }

    fn message(&self, spoken: &Spoken<'_>, facts: &mut Facts) {
        if spoken.direction != Direction::ClientToServer {
            return;
        }
        if let Some(id) = metadata(spoken.envelope.text) {
            facts.candidate("metadata", &id, false);
        }
    }
}

/// `metadata.sessionId`, `params.metadata.sessionId` or `params._meta.sessionId`.
fn metadata(text: &str) -> Option<String> {
    let [own, params] = pick(text, ["metadata", "params"])?;
    let [of_params, meta] = params.and_then(|p| pick(p, ["metadata", "_meta"])).unwrap_or_default();
    [own, of_params, meta].into_iter().flatten().find_map(|place| {
        let [id] = pick(place, ["sessionId"])?;
        string(id?)
    })
}
