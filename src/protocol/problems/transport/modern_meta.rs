//! 2026-07-28: a request without the `_meta` that it must have.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "request-meta-missing",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic",
    check,
};

const KEYS: [&str; 2] =
    ["io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities"];

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_post()) {
        for said in view.requests() {
            let missing: Vec<&str> =
                KEYS.iter().copied().filter(|key| said.meta(key).is_none()).collect();
            if missing.is_empty() {
                continue;
            }
            found.report(said.finding(
                "the request's `_meta` lacks what every request must say",
                format!("`{}` without {}", quote(said.method()), missing.join(" and ")),
                "put revision and client capabilities into `params._meta` of every request; servers answer 400 and -32602",
            ));
        }
    }
}
