//! 2026-07-28: another HTTP method than POST.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, MODERN};

pub(super) static RULE: Plain = Plain {
    id: "modern-http-method",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern) {
        if !matches!(view.told.open.method.as_str(), "GET" | "DELETE") {
            continue;
        }
        found.report(view.finding(
            format!("the client used {}, which {} does not have", view.told.open.method, view.revision().unwrap_or(MODERN)),
            format!("answered {}", view.status().map_or("not yet".to_owned(), |status| format!("HTTP {status}"))),
            "use POST alone: `subscriptions/listen` takes the place of the GET stream, and there is no session to DELETE",
        ));
    }
}
