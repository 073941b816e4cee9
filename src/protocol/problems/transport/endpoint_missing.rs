//! HTTP+SSE whose stream never names its endpoint.

use std::collections::HashSet;

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "endpoint-missing",
    severity: Severity::Error,
    source: "MCP 2024-11-05 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let mut refused = HashSet::new();
    for view in story.views() {
        let url = view.told.open.url.as_str();
        let asks = view.requests().any(|said| said.method() == "initialize");
        if asks && matches!(view.status(), Some(400 | 404 | 405)) {
            refused.insert(url);
        }
        let falls_back = view.is_get()
            && view.is_ok()
            && view.session_id().is_none()
            && view.media_type().as_deref() == Some("text/event-stream")
            && refused.contains(url);
        // While the stream goes on, the event may still come, unless another came first.
        let first = view.events().iter().find(|frame| frame.complete && frame.has_data);
        let seen = first.map(|frame| frame.event.as_deref().unwrap_or("message"));
        if !falls_back || seen == Some("endpoint") || seen.is_none() && view.outcome().is_none() {
            continue;
        }
        found.report(view.finding(
            "the stream of HTTP+SSE did not begin with an `endpoint` event: the client knows nowhere to post",
            seen.map_or("no event came".to_owned(), |event| format!("its first event is `{}`", quote(event))),
            "send `event: endpoint` with the URL for POST as the first event; look for a proxy that holds the stream back",
        ));
    }
}
