//! 2026-07-28: a server that sends requests.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::Kind;
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "modern-server-request",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern) {
        for said in view.got().filter(|said| said.message.kind == Kind::Request) {
            found.report(said.finding(
                format!("the server sent `{}` as a request: the client has no way to answer", quote(said.method())),
                format!("id {}", quote(said.message.rpc_id.as_deref().unwrap_or_default())),
                "answer the client's request with `resultType` input_required and `inputRequests` instead",
            ));
        }
    }
}
