//! A message whose `jsonrpc` is not "2.0".

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::quote;

pub(super) static RULE: Plain =
    Plain { id: "jsonrpc-version", severity: Severity::Warning, source: "JSON-RPC 2.0 4", check };

fn check(story: &Story, found: &mut Findings<'_>) {
    for said in story.said() {
        let Some(version) = said.jsonrpc().filter(|version| *version != "\"2.0\"") else {
            continue;
        };
        found.report(said.finding(
            "the message's `jsonrpc` is not \"2.0\"",
            format!("\"jsonrpc\":{}", quote(version)),
            "write `\"jsonrpc\":\"2.0\"`: the official SDKs refuse anything else",
        ));
    }
}
