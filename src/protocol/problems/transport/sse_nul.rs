//! An event id with a NUL in it.

use super::{Findings, Plain, Severity, Story};

pub(super) static RULE: Plain = Plain {
    id: "sse-id-nul",
    severity: Severity::Warning,
    source: "WHATWG HTML, server-sent events 9.2.6",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views() {
        for frame in view.events() {
            let nul = |line: &[u8]| line.starts_with(b"id:") && line.contains(&0);
            if !frame.raw.contains(&0) || !frame.raw.split(|b| matches!(b, b'\n' | b'\r')).any(nul)
            {
                continue;
            }
            found.report(view.finding(
                "an event's id holds a NUL: clients ignore it and cannot resume after it",
                format!("frame {}", frame.index),
                "use visible characters in event ids",
            ));
        }
    }
}
