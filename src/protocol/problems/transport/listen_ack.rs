//! 2026-07-28: a listen stream that does not begin with its acknowledgement.

use super::{Findings, Plain, Severity, Story};
use crate::capture::Outcome;
use crate::protocol::model::Kind;
use crate::protocol::seen::{Era, Said, quote};

pub(super) static RULE: Plain = Plain {
    id: "listen-not-acknowledged",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/utilities/subscriptions",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_ok()) {
        let Some(listen) = view.requests().find(|said| said.method() == "subscriptions/listen")
        else {
            continue;
        };
        let first = view.got().next();
        let refused = first.as_ref().is_some_and(|said| said.message.kind == Kind::Error);
        let method = first.as_ref().map(Said::method);
        if refused
            || method == Some("notifications/subscriptions/acknowledged")
            || method.is_none() && view.outcome() != Some(Outcome::Completed)
        {
            continue;
        }
        found.report(listen.finding(
            "the listen stream does not begin with notifications/subscriptions/acknowledged",
            method.map_or("nothing came on it".to_owned(), |method| format!("first came `{}`", quote(method))),
            "acknowledge first, with the subset that is honoured: until then the client does not know what it listens to",
        ));
    }
}
