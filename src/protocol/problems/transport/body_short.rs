//! A response shorter than it said.

use super::{Findings, Plain, Severity, Story};
use crate::capture::Outcome;

pub(super) static RULE: Plain = Plain {
    id: "body-shorter-than-declared",
    severity: Severity::Error,
    source: "RFC 9110 8.6",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.told.open.method != "HEAD") {
        let (Some(end), Some(length)) = (&view.told.end, view.answered("content-length")) else {
            continue;
        };
        let Ok(length) = length.parse::<u64>() else { continue };
        let bodiless = matches!(view.status(), Some(204 | 304));
        if bodiless
            || end.response_bytes >= length
            || matches!(end.outcome, Outcome::ClientClosed | Outcome::ProxyError)
        {
            continue;
        }
        found.report(view.finding(
            "the response ended before the length that its head declares",
            format!("Content-Length: {length}; {} bytes came, outcome {}", end.response_bytes, end.outcome.as_str()),
            "look for what cut the connection, or for a length that was counted before the body was changed",
        ));
    }
}
