//! Progress is told of what nobody asked progress for.

use super::{
    Check, Finding, Findings, Look, Severity,
    progress::{Wrong, wrong},
    view::is_whole,
};
use crate::protocol::story::Story;

pub(super) static RULE: Check = Check {
    id: "progress-unknown-token",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/utilities/progress",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    let whole = is_whole(story);
    for step in wrong(story).into_iter().filter(|step| step.wrong == Wrong::Unknown) {
        // Before the recording began a request may have had the token.
        let own = story.exchange(step.message.exchange).map(|told| told.open.method == "POST");
        if !whole && own != Some(true) {
            continue;
        }
        found.report(Finding {
            exchange: Some(step.message.exchange),
            message: Some(step.message.id()),
            text: "progress is told with a token that no request has".to_owned(),
            evidence: format!("progressToken {}", step.token),
            remedy: "tell progress only where the request's `_meta` has a `progressToken`, and \
                     give that back as it came, its type too"
                .to_owned(),
            ..Finding::default()
        });
    }
}
