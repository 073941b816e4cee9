//! An `endpoint` event that leads to another origin.

use url::Url;

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::View;

pub(super) static RULE: Plain = Plain {
    id: "endpoint-other-origin",
    severity: Severity::Error,
    source: "MCP 2024-11-05 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(View::is_get) {
        let Some(frame) =
            view.events().iter().find(|frame| frame.event.as_deref() == Some("endpoint"))
        else {
            continue;
        };
        let own = Url::parse(&view.told.open.url);
        let (Ok(own), Ok(target)) = (own, std::str::from_utf8(&frame.data)) else { continue };
        let Ok(named) = own.join(target.trim()) else { continue };
        if named.origin() == own.origin() {
            continue;
        }
        found.report(view.finding(
            "the `endpoint` event names another origin, which the official clients refuse",
            format!("{} on a stream of {}", named.origin().ascii_serialization(), own.origin().ascii_serialization()),
            "send a path instead of a URL, or make the server know its public address (forwarded host and scheme)",
        ));
    }
}
