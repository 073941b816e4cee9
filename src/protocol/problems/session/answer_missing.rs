//! A call is never answered, though nothing broke.

use super::{
    Check, Finding, Findings, Look, Severity,
    pending::{Ending, ended},
    view::answered,
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "answer-missing",
    severity: Severity::Error,
    source: "MCP 2025-11-25 basic/transports, sending messages",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for pending in ended(story, Ending::Missing) {
        let method = pending.request.method.clone().unwrap_or_default();
        let id = pending.request.rpc_id.clone().unwrap_or_default();
        let evidence = format!("request id {id}; {}, and its stream ended", answered(pending.last));
        found.report(Finding {
            exchange: Some(pending.last.id()),
            message: Some(pending.request.id()),
            text: format!("`{method}` was never answered"),
            evidence,
            remedy: "answer every request before its stream ends; where the stream is ended on purpose, give its events ids so that the client can resume"
                .to_owned(),
            ..Finding::default()
        });
    }
}
