//! A request that names another revision than the negotiated one.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "protocol-version-differs",
    severity: Severity::Warning,
    source: "MCP 2025-06-18 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Legacy) {
        let (Some(negotiated), Some(header)) =
            (view.negotiated(), view.asked("mcp-protocol-version"))
        else {
            continue;
        };
        if header == negotiated || view.requests().any(|said| said.method() == "initialize") {
            continue;
        }
        found.report(view.finding(
            "the request's MCP-Protocol-Version is not the negotiated revision",
            format!("MCP-Protocol-Version: {}; negotiated is {negotiated}", quote(header)),
            format!("send the revision that the server chose in its answer to `initialize`: {negotiated}"),
        ));
    }
}
