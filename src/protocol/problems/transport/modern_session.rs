//! 2026-07-28: a server that issues a session id.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, MODERN, quote};

pub(super) static RULE: Plain = Plain {
    id: "modern-session-id",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_ok()) {
        let Some(id) = view.answered("mcp-session-id") else { continue };
        found.report(view.finding(
            format!("the server issued a session id, which {} does not have", view.revision().unwrap_or(MODERN)),
            format!("Mcp-Session-Id: {}", quote(id)),
            "do not send Mcp-Session-Id to requests of this revision; give handles as tool results instead",
        ));
    }
}
