//! The connection breaks while a call waits for its answer.

use super::{
    Check, Finding, Findings, Look, Severity,
    pending::{Ending, ended},
};
use crate::protocol::story::{Story, Told};

pub(super) static RULE: Check = Check {
    id: "call-cut-off",
    severity: Severity::Error,
    source: "design.md, outcome",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for pending in ended(story, Ending::Cut) {
        let method = pending.request.method.clone().unwrap_or_default();
        let id = pending.request.rpc_id.clone().unwrap_or_default();
        let evidence = evidence(pending.last, &id);
        found.report(Finding {
            exchange: Some(pending.last.id()),
            message: Some(pending.request.id()),
            text: format!("the connection broke before `{method}` was answered"),
            evidence,
            remedy: "look at the server's log and at what is between; give events ids so that a client can resume with `Last-Event-ID`"
                .to_owned(),
            ..Finding::default()
        });
    }
}

fn evidence(last: &Told, id: &str) -> String {
    let outcome = last.end.as_ref().map_or("", |end| end.outcome.as_str());
    let why = last.end.as_ref().and_then(|end| end.error.as_deref()).unwrap_or_default();
    let why = super::view::quote(why);
    let colon = if why.is_empty() { "" } else { ": " };
    format!("request id {id}; the exchange ended {outcome}{colon}{why}")
}
