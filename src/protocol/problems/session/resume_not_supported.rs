//! A server gives event ids and will not resume.

use super::{
    Check, Finding, Findings, Look, Severity,
    pending::{Ending, ended},
    view::answered,
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "resume-not-supported",
    severity: Severity::Error,
    source: "MCP 2025-11-25 basic/transports, resumability",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for pending in ended(story, Ending::Refused) {
        let method = pending.request.method.clone().unwrap_or_default();
        let id = pending.request.rpc_id.clone().unwrap_or_default();
        let headers = &pending.last.open.headers;
        let after = headers.text("last-event-id").or(headers.text("mcp-sequence"));
        let evidence = format!(
            "request id {id}; resume after {}: {}",
            after.unwrap_or_default(),
            answered(pending.last)
        );
        found.report(Finding {
            exchange: Some(pending.last.id()),
            message: Some(pending.request.id()),
            text: format!("the server would not resume the stream, and `{method}` stays without its answer"),
            evidence,
            remedy: "answer a GET with `Last-Event-ID` by what came after that event; give no ids to events that cannot be sent again"
                .to_owned(),
            ..Finding::default()
        });
    }
}
