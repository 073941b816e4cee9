//! A stream is resumed and brings nothing.

use std::collections::HashSet;

use super::{
    Check, Finding, Findings, Look, Severity,
    pending::{Ending, ended},
    view::{ByExchange, answered, succeeded, was_cut},
};
use crate::{
    capture::{ExchangeId, Outcome},
    protocol::story::{Story, Told},
};

pub(super) static RULE: Check = Check {
    id: "resume-brought-nothing",
    severity: Severity::Error,
    source: "houses.md 4",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    calls(story, found);
    listening(story, found);
}

/// A call waited for its answer.
fn calls(story: &Story, found: &mut Findings<'_>) {
    for pending in ended(story, Ending::Nothing) {
        let method = pending.request.method.clone().unwrap_or_default();
        let id = pending.request.rpc_id.clone().unwrap_or_default();
        let headers = &pending.last.open.headers;
        let after = headers.text("last-event-id").or(headers.text("mcp-sequence"));
        let evidence = format!(
            "request id {id}; resumed after {}, {}, no message",
            after.unwrap_or_default(),
            answered(pending.last)
        );
        found.report(Finding {
            exchange: Some(pending.last.id()),
            message: Some(pending.request.id()),
            text: format!("the resumed stream brought nothing, and `{method}` stays without its answer"),
            evidence,
            remedy: "keep what was sent after each event id until the session ends, and send it again on a resume"
                .to_owned(),
            ..Finding::default()
        });
    }
}

/// Nobody waited for anything in particular, but a stream that broke is not over: a server that
/// ends its resume at once has kept nothing of it. What nobody missed is no more than a warning.
fn listening(story: &Story, found: &mut Findings<'_>) {
    let messages = ByExchange::of(story);
    let calls: HashSet<ExchangeId> =
        ended(story, Ending::Nothing).map(|pending| pending.last.id()).collect();
    for told in story.exchanges.iter().filter(|told| !calls.contains(&told.id())) {
        let after = told.reading.summary.last_event_id.as_deref();
        let Some(after) = after.filter(|id| broke(story, told, id)) else { continue };
        let over = told.end.as_ref().is_some_and(|end| end.outcome == Outcome::Completed);
        if !over || !succeeded(told) || !messages.get(told).is_empty() {
            continue;
        }
        found.report(Finding {
            severity: Some(Severity::Warning),
            exchange: Some(told.id()),
            text: "the resumed stream brought nothing and ended".to_owned(),
            evidence: format!("resumed after {after}, {}, no message", answered(told)),
            remedy: "keep what was sent after each event id until the session ends, and keep a \
                     resumed stream open"
                .to_owned(),
            ..Finding::default()
        });
    }
}

/// The listen stream that gave this id broke before the resume.
fn broke(story: &Story, resume: &Told, id: &str) -> bool {
    let before = story.exchanges.iter().rev().filter(|told| told.id() < resume.id());
    let mut gave = before
        .filter(|told| told.reading.frames.iter().any(|frame| frame.id.as_deref() == Some(id)));
    gave.next().is_some_and(|told| was_cut(told) && told.open.method == "GET")
}
