//! 2026-07-28: a request for input that asks for nothing.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::Kind;
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "input-required-empty",
    severity: Severity::Error,
    source: "MCP 2026-07-28 basic/patterns/mrtr",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern) {
        for said in view.got().filter(|said| said.message.kind == Kind::Response) {
            if said.in_result("resultType") != Some("\"input_required\"")
                || said.in_result("inputRequests").is_some()
                || said.in_result("requestState").is_some()
            {
                continue;
            }
            found.report(said.finding(
                "the result asks for input and says neither what nor how to go on",
                "resultType input_required without inputRequests and requestState",
                "send at least one of `inputRequests` and `requestState`",
            ));
        }
    }
}
