//! A stream is resumed after an event that was never sent.

use std::collections::HashSet;

use super::{Check, Finding, Findings, Look, Severity, view::is_whole};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "resume-unknown-event",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports, resumability",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    if !is_whole(story) {
        return;
    }
    let frames = story.exchanges.iter().flat_map(|told| &told.reading.frames);
    let sent: HashSet<&str> = frames.filter_map(|frame| frame.id.as_deref()).collect();
    for told in story.exchanges.iter().filter(|told| told.open.method == "GET") {
        let id = told.open.headers.text("last-event-id").filter(|id| !id.is_empty());
        let Some(id) = id.filter(|id| !sent.contains(id)) else { continue };
        found.report(Finding {
            exchange: Some(told.id()),
            text: "the client resumes after an event id that no stream of the session sent"
                .to_owned(),
            evidence: format!("Last-Event-ID {id}"),
            remedy: "keep the `id` of the last event as it came, for each session and stream"
                .to_owned(),
            ..Finding::default()
        });
    }
}
