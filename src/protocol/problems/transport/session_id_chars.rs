//! A session id with characters that no header may carry.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "session-id-characters",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        let Some(head) = &view.told.head else { continue };
        let Some(id) =
            head.headers.get("mcp-session-id").filter(|id| !is_visible(id) && !id.contains(&b','))
        else {
            continue;
        };
        found.report(view.finding(
            "the server issued a session id that is not visible ASCII",
            format!(
                "Mcp-Session-Id: {}",
                quote(&String::from_utf8_lossy(id).escape_debug().to_string())
            ),
            "use characters from 0x21 to 0x7E only, best a UUID; clients cannot send others back",
        ));
    }
}

/// What is joined by a comma is another rule's.
fn is_visible(id: &[u8]) -> bool {
    let id = id.trim_ascii();
    !id.is_empty() && id.iter().all(u8::is_ascii_graphic)
}
