//! Arguments that the tool's schema does not allow.

use super::{Findings, Plain, Severity, Story, schemas::Schemas, tools::Tools};
use crate::protocol::{
    model::{Direction, Kind},
    seen::quote,
};

pub(super) static RULE: Plain = Plain {
    id: "arguments-invalid",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 server/tools",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let tools = Tools::of(story);
    let mut schemas = Schemas::default();
    for said in story.said() {
        if said.message.kind != Kind::Request
            || said.message.direction != Direction::ClientToServer
            || said.method() != "tools/call"
        {
            continue;
        }
        let Some(name) = said.message.name.as_deref() else { continue };
        let Some(schema) = tools.at(name, said.message.at).and_then(|tool| tool.input) else {
            continue;
        };
        let arguments = said.param("arguments").unwrap_or("{}");
        let Some(violations) = schemas.violations(schema, arguments) else { continue };
        found.report(said.finding(
            format!("the arguments of `{}` do not fit its inputSchema", quote(name)),
            violations,
            "send what tools/list describes; where a model made them up, say more in the tool's description",
        ));
    }
}
