//! Answers on a listen stream that resumes nothing.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::Kind;
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "response-on-listen-stream",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Legacy && view.is_get()) {
        if view.asked("last-event-id").is_some() || !view.is_ok() {
            continue;
        }
        for said in
            view.got().filter(|said| matches!(said.message.kind, Kind::Response | Kind::Error))
        {
            found.report(said.finding(
                "the server sent an answer on the listen stream of a GET",
                format!(
                    "the answer with id {} to `{}`, without Last-Event-ID",
                    quote(said.message.rpc_id.as_deref().unwrap_or("(none)")),
                    quote(said.method())
                ),
                "answer on the POST that asked; on a GET stream answers may come only when it resumes",
            ));
        }
    }
}
