//! Events that are not UTF-8.

use super::{Findings, Plain, Severity, Story};

pub(super) static RULE: Plain = Plain {
    id: "sse-not-utf8",
    severity: Severity::Warning,
    source: "WHATWG HTML, server-sent events 9.2.6",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        for frame in view.events().iter().filter(|frame| frame.complete) {
            let Err(error) = std::str::from_utf8(&frame.raw) else { continue };
            found.report(view.finding(
                "an event is not UTF-8: clients put replacement characters in its place",
                format!("frame {}, byte {}", frame.index, error.valid_up_to()),
                "encode the stream as UTF-8, and do not cut a text inside a character",
            ));
        }
    }
}
