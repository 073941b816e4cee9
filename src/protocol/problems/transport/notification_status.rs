//! A notification that was taken with another status than 202.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::View;

pub(super) static RULE: Plain = Plain {
    id: "notification-not-202",
    severity: Severity::Info,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.is_streamable() && view.is_post()) {
        if !brings_no_request(&view) || !view.is_ok() || view.status() == Some(202) {
            continue;
        }
        let status = view.status().unwrap_or_default();
        found.report(view.finding(
            "a POST of nothing but notifications or responses was not answered 202",
            format!("HTTP {status}"),
            "answer 202 without a body; clients put up with 200 and 204, older ones did not",
        ));
    }
}

/// It carries messages, and none that asks for an answer.
pub(super) fn brings_no_request(view: &View<'_>) -> bool {
    view.sent().next().is_some() && view.requests().next().is_none()
}
