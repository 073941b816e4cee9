//! A request whose `Accept` does not admit what the server may answer with.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, View, quote};

pub(super) static RULE: Plain = Plain {
    id: "accept-incomplete",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(View::is_streamable) {
        let wanted: &[&str] = if view.is_post() && view.sent().next().is_some() {
            &["application/json", "text/event-stream"]
        } else if view.is_get() && view.era() == Era::Legacy {
            &["text/event-stream"]
        } else {
            continue;
        };
        let missing: Vec<&str> =
            wanted.iter().copied().filter(|media| !admits(&view, media)).collect();
        if missing.is_empty() {
            continue;
        }
        let accept = view.asked("accept").unwrap_or("(none)");
        found.report(view.finding(
            format!("the request's Accept does not list {}", missing.join(" and ")),
            format!("{} with Accept: {}", view.told.open.method, quote(accept)),
            "send `Accept: application/json, text/event-stream` with a POST, `text/event-stream` with a GET",
        ));
    }
}

/// Wildcards count: they admit the type, and servers take them.
fn admits(view: &View<'_>, media: &str) -> bool {
    let family = media.split('/').next().unwrap_or_default();
    let listed = |item: &str| {
        let item = item.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        item == media || item == "*/*" || item.strip_suffix("/*") == Some(family)
    };
    let values = view.told.open.headers.all("accept");
    values
        .filter_map(|value| std::str::from_utf8(value).ok())
        .any(|value| value.split(',').any(listed))
}
