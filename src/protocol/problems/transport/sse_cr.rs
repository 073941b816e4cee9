//! A stream whose lines end in CR alone.

use super::{Findings, Plain, Severity, Story};

pub(super) static RULE: Plain = Plain {
    id: "sse-cr-lines",
    severity: Severity::Warning,
    source: "WHATWG HTML, server-sent events 9.2.6",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        let Some(frame) =
            view.events().iter().find(|frame| frame.has_data && is_cr_only(&frame.raw))
        else {
            continue;
        };
        found.report(view.finding(
            "the stream's lines end in CR alone, on which clients in the field wait for ever",
            format!("frame {} and those after it", frame.index),
            "end lines with LF or CRLF",
        ));
    }
}

fn is_cr_only(raw: &[u8]) -> bool {
    raw.contains(&b'\r') && !raw.contains(&b'\n')
}
