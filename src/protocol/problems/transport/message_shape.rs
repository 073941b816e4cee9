//! `params`, `result` or `error` of the wrong type.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::jsonrpc::pick;
use crate::protocol::model::Kind;
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "message-shape",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for said in story.said() {
        let wrong = match said.message.kind {
            Kind::Request | Kind::Notification => {
                said.params().filter(|params| !is_object(params)).map(|text| ("params", text))
            }
            Kind::Response => {
                said.result().filter(|result| !is_object(result)).map(|text| ("result", text))
            }
            Kind::Error => {
                said.error().filter(|error| !is_error(error)).map(|text| ("error", text))
            }
        };
        let Some((part, text)) = wrong else { continue };
        let (should, remedy) = match part {
            "error" => (
                "an object with an integer `code` and a text `message`",
                "write `{\"code\":-32603,\"message\":\"…\"}`",
            ),
            _ => (
                "an object",
                "write an object, also an empty one; leave `params` out where there are none",
            ),
        };
        found.report(said.finding(
            format!("the message's `{part}` is not {should}"),
            format!("\"{part}\":{}", quote(text)),
            remedy,
        ));
    }
}

fn is_object(text: &str) -> bool {
    text.starts_with('{')
}

fn is_error(text: &str) -> bool {
    let Some([Some(code), Some(message)]) = pick(text, ["code", "message"]) else { return false };
    code.parse::<i64>().is_ok() && message.starts_with('"')
}
