//! A body posted to an MCP endpoint that holds no message.

use serde::de::IgnoredAny;

use super::{Findings, Plain, Severity, Story};
use crate::capture::{Outcome, Side};
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "not-json-rpc",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.is_post() && view.era() != Era::Other) {
        let Some(end) = view.told.end.as_ref().filter(|end| end.outcome == Outcome::Completed)
        else {
            continue;
        };
        if end.request_bytes == 0 || view.sent().next().is_some() || view.is_partial(Side::Request)
        {
            continue;
        }
        let document = view.told.reading.documents.iter().find(|d| d.side == Side::Request);
        let whole = document.is_some_and(|d| {
            std::str::from_utf8(&d.json)
                .is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
        });
        let what = match (document, whole) {
            (Some(_), true) => "JSON without a JSON-RPC message",
            (Some(_), false) => "broken JSON",
            (None, _) => "no JSON",
        };
        found.report(view.finding(
            "a POST to the MCP endpoint brought no JSON-RPC message",
            format!(
                "{} bytes, {what}; answered {}",
                end.request_bytes,
                view.status().unwrap_or_default()
            ),
            "post one object with `\"jsonrpc\":\"2.0\"` and a method, a result or an error",
        ));
    }
}
