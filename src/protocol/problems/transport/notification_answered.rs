//! A notification that was answered with a message.

use super::notification_status::brings_no_request;
use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "notification-answered",
    severity: Severity::Warning,
    source: "JSON-RPC 2.0 4.1",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.is_streamable() && view.is_post()) {
        if !brings_no_request(&view) || !view.is_ok() {
            continue;
        }
        let Some(said) = view.got().next() else { continue };
        found.report(said.finding(
            "the server answered a POST of nothing but notifications or responses with a message",
            format!(
                "HTTP {} with {}",
                view.status().unwrap_or_default(),
                quote(&String::from_utf8_lossy(&said.message.payload))
            ),
            "answer 202 without a body: nobody waits for this message",
        ));
    }
}
