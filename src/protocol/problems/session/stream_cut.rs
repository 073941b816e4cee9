//! A listen stream breaks and is not resumed: what the server sent meanwhile is lost.

use super::{
    Check, Finding, Findings, Look, Severity,
    view::{answered, succeeded, was_cut},
};
use crate::protocol::story::{Story, Told};

pub(super) static RULE: Check = Check {
    id: "stream-cut",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports, resumability",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for (place, told) in story.exchanges.iter().enumerate() {
        if !listens(told) || !was_cut(told) {
            continue;
        }
        let ended = told.reading.summary.last_at;
        let later = story.exchanges.get(place + 1..).unwrap_or_default();
        let mut after = later.iter().filter(|next| next.reading.summary.started_at >= ended);
        let goes_on = after.clone().any(|next| succeeded(next) && next.open.method == "POST");
        if !goes_on || after.any(|next| resumes(next, told)) {
            continue;
        }
        let last = told.reading.frames.iter().rev().find_map(|frame| frame.id.as_deref());
        found.report(Finding {
            exchange: Some(told.id()),
            text: "the stream broke and was not resumed: what was sent meanwhile is lost"
                .to_owned(),
            evidence: match last {
                Some(id) => format!("{}; its last event id is {id}", answered(told)),
                None => format!("{}; its events have no id", answered(told)),
            },
            remedy: match last {
                Some(_) => "open the stream again with `Last-Event-ID`".to_owned(),
                None => "give events ids, so that a client can resume".to_owned(),
            },
            ..Finding::default()
        });
    }
}

/// A stream for whatever the server has to say.
fn listens(told: &Told) -> bool {
    let summary = &told.reading.summary;
    let listen = summary.methods.iter().any(|method| method == "subscriptions/listen");
    summary.is_mcp && summary.streaming && (summary.method == "GET" || listen)
}

fn resumes(next: &Told, told: &Told) -> bool {
    let after = next.open.headers.text("last-event-id");
    after.is_some_and(|id| told.reading.frames.iter().any(|f| f.id.as_deref() == Some(id)))
        || (next.open.method == "GET" && next.open.headers.get("mcp-sequence").is_some())
        || (next.open.method == "POST" && listens(next))
}
