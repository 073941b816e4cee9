//! A request of a session without `MCP-Protocol-Version`.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "protocol-version-missing",
    severity: Severity::Warning,
    source: "MCP 2025-06-18 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Legacy) {
        let Some(negotiated) = view.negotiated().filter(|version| *version >= "2025-06-18") else {
            continue;
        };
        if !matches!(view.told.open.method.as_str(), "POST" | "GET" | "DELETE")
            || view.asked("mcp-protocol-version").is_some()
            || view.requests().any(|said| said.method() == "initialize")
        {
            continue;
        }
        found.report(view.finding(
            "a request after `initialize` has no MCP-Protocol-Version header",
            format!("{} without it; negotiated is {negotiated}", view.told.open.method),
            format!("send `MCP-Protocol-Version: {negotiated}` with every request after `initialize`; servers that cannot tell assume 2025-03-26"),
        ));
    }
}
