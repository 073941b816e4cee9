//! A structured result that the tool's schema does not allow.

use super::{Findings, Plain, Severity, Story, schemas::Schemas, tools::Tools};
use crate::protocol::{
    model::{Direction, Kind},
    seen::{Said, quote},
};

pub(super) static RULE: Plain = Plain {
    id: "structured-content-invalid",
    severity: Severity::Error,
    source: "MCP 2025-11-25 server/tools",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let tools = Tools::of(story);
    let mut schemas = Schemas::default();
    for said in story.said().filter(is_tool_result) {
        let Some(name) = said.message.name.as_deref() else { continue };
        let Some(schema) = tools.at(name, said.message.at).and_then(|tool| tool.output) else {
            continue;
        };
        let evidence = match said.in_result("structuredContent") {
            Some(content) => schemas.violations(schema, content),
            None => Some("the result has no structuredContent".to_owned()),
        };
        let Some(evidence) = evidence else { continue };
        found.report(said.finding(
            format!(
                "the result of `{}` does not fit its outputSchema: clients refuse it",
                quote(name)
            ),
            evidence,
            "return structuredContent as the tool's outputSchema says, or change the schema",
        ));
    }
}

/// The whole result of a call that went well; not a task's receipt, nor a question.
fn is_tool_result(said: &Said<'_>) -> bool {
    said.message.kind == Kind::Response
        && said.message.direction == Direction::ServerToClient
        && said.method() == "tools/call"
        && !said.message.tool_error
        && said.in_result("task").is_none()
        && said.in_result("resultType").is_none_or(|kind| kind == "\"complete\"")
}
