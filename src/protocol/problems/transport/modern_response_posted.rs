//! 2026-07-28: a client that posts answers.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::Kind;
use crate::protocol::seen::{Era, MODERN, quote};

pub(super) static RULE: Plain = Plain {
    id: "modern-response-posted",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_post()) {
        for said in
            view.sent().filter(|said| matches!(said.message.kind, Kind::Response | Kind::Error))
        {
            found.report(said.finding(
                format!(
                    "the client posted an answer, which {} does not have",
                    view.revision().unwrap_or(MODERN)
                ),
                format!("id {}", quote(said.message.rpc_id.as_deref().unwrap_or("(none)"))),
                "send `params.inputResponses` with a retry of the request instead",
            ));
        }
    }
}
