//! 2026-07-28: an error that does not say what the client needs to go on.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::jsonrpc::pick;
use crate::protocol::model::Kind;
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "error-data-missing",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/versioning",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for said in story.said().filter(|said| said.message.kind == Kind::Error) {
        let key = match said.message.rpc_code {
            Some(-32_022) => "supported",
            Some(-32_021) => "requiredCapabilities",
            _ => continue,
        };
        let data = said.error().and_then(|error| pick(error, ["data"])).and_then(|[data]| data);
        let there = data.and_then(|data| pick(data, [key])).is_some_and(|[value]| value.is_some());
        if there || story.view_of(&said).is_none_or(|view| view.era() == Era::Other) {
            continue;
        }
        let code = said.message.rpc_code.unwrap_or_default();
        found.report(said.finding(
            format!("error {code} does not say `data.{key}`"),
            format!("\"data\":{}", quote(data.unwrap_or("(none)"))),
            format!("put `{key}` into the error's data: without it the client cannot choose what to try next"),
        ));
    }
}
