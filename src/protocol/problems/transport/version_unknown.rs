//! A revision in use that was never released.

use std::collections::HashSet;

use super::{Findings, Plain, Severity, Story};
use crate::protocol::jsonrpc::string;
use crate::protocol::model::Kind;
use crate::protocol::seen::{Era, is_revision, quote};

pub(super) static RULE: Plain = Plain {
    id: "protocol-version-unknown",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/lifecycle",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let mut told = HashSet::new();
    for view in story.views().filter(|view| view.era() != Era::Other) {
        let chosen = view
            .got()
            .filter(|said| said.message.kind == Kind::Response && said.method() == "initialize")
            .filter_map(|said| string(said.in_result("protocolVersion")?))
            .map(|version| (version, "the answer to `initialize`"));
        let header = view.asked("mcp-protocol-version").map(str::to_owned);
        let header = header.map(|version| (version, "MCP-Protocol-Version"));
        let meta =
            view.sent().filter_map(|said| said.meta_revision()).map(|version| (version, "`_meta`"));
        for (version, place) in chosen.chain(header).chain(meta) {
            // Once is enough: what was negotiated stands in every request.
            if is_revision(&version) || !told.insert(version.clone()) {
                continue;
            }
            found.report(view.finding(
                format!("{place} names a protocol revision that was never released"),
                quote(&version),
                "negotiate one of 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, or speak 2026-07-28",
            ));
        }
    }
}
