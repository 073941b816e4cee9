//! A client that cancels `initialize`.

use std::collections::HashSet;

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::{Direction, Kind};
use crate::protocol::pair::id_key;
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "initialize-cancelled",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/utilities/cancellation",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let mut asked = HashSet::new();
    for said in story.said().filter(|said| said.message.direction == Direction::ClientToServer) {
        match said.method() {
            "initialize" => asked.extend(said.message.rpc_id.as_deref().and_then(id_key)),
            "notifications/cancelled" => {
                let id = said.param("requestId").and_then(id_key);
                if id.is_some_and(|id| asked.contains(&id)) {
                    found.report(said.finding(
                        "the client cancelled `initialize`",
                        format!("requestId {}", quote(said.param("requestId").unwrap_or_default())),
                        "close the connection instead: `initialize` must not be cancelled",
                    ));
                }
            }
            // The id may come again in a session without ids on the wire.
            _ if said.message.kind == Kind::Request => {
                if let Some(id) = said.message.rpc_id.as_deref().and_then(id_key) {
                    asked.remove(&id);
                }
            }
            _ => {}
        }
    }
}
