//! 2026-07-28: a result without a known `resultType`.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::Kind;
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain =
    Plain { id: "result-type", severity: Severity::Warning, source: "MCP 2026-07-28 basic", check };

const KNOWN: [&str; 3] = ["\"complete\"", "\"input_required\"", "\"task\""];

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern) {
        for said in view.got().filter(|said| said.message.kind == Kind::Response) {
            let kind = said.in_result("resultType");
            let text = match kind {
                Some(kind) if KNOWN.contains(&kind) => continue,
                Some(_) => {
                    "the result's `resultType` is of no known kind: clients take it for invalid"
                }
                None => "the result has no `resultType`",
            };
            found.report(said.finding(
                text,
                format!("the answer to `{}`: resultType {}", quote(said.method()), quote(kind.unwrap_or("missing"))),
                "say `\"resultType\":\"complete\"`, `input_required`, or the value of an extension that both sides declared",
            ));
        }
    }
}
