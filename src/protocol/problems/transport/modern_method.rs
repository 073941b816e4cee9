//! 2026-07-28: `Mcp-Method` is not the body's method.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "method-header-mismatch",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_post()) {
        let header = view.asked("mcp-method");
        for said in view.requests().filter(|said| header != Some(said.method())) {
            found.report(said.finding(
                "the Mcp-Method header is not the body's method",
                format!(
                    "Mcp-Method: {}; the body says {}",
                    quote(header.unwrap_or("(none)")),
                    quote(said.method())
                ),
                "send the method of the body in Mcp-Method; servers answer 400 and -32020",
            ));
        }
    }
}
