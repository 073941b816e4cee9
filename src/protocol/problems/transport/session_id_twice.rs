//! A session id that stands twice in a head, or is two joined by a comma.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "session-id-duplicated",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        let response = view.told.head.as_ref().map(|head| (&head.headers, "response"));
        for (headers, side) in [(&view.told.open.headers, "request")].into_iter().chain(response) {
            let values: Vec<String> = headers
                .all("mcp-session-id")
                .map(|value| String::from_utf8_lossy(value).trim().to_owned())
                .collect();
            let joined = values.iter().any(|value| is_joined(value));
            if values.len() < 2 && !joined {
                continue;
            }
            found.report(view.finding(
                format!("the {side} has more than one Mcp-Session-Id"),
                quote(&values.join(" | ")),
                "send the header once; a proxy or a framework adds it again, and clients join the two to `a, a`, which no server knows",
            ));
        }
    }
}

/// `a, a`: the same id again after a comma.
fn is_joined(value: &str) -> bool {
    value.split_once(',').is_some_and(|(first, rest)| {
        let first = first.trim();
        !first.is_empty() && rest.split(',').all(|other| other.trim() == first)
    })
}
