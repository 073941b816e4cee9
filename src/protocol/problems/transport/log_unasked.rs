//! 2026-07-28: log messages that the request did not ask for.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, Said};

pub(super) static RULE: Plain = Plain {
    id: "log-not-asked-for",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 server/utilities/logging",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern) {
        let asked = |said: Said<'_>| said.meta("io.modelcontextprotocol/logLevel").is_some();
        if view.requests().next().is_none() || view.requests().any(asked) {
            continue;
        }
        for said in view.got().filter(|said| said.method() == "notifications/message") {
            found.report(said.finding(
                "the server logs to a request that named no log level",
                "notifications/message, and no `io.modelcontextprotocol/logLevel` in the request",
                "log only to requests whose `_meta` names a level",
            ));
        }
    }
}
