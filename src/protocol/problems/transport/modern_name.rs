//! 2026-07-28: `Mcp-Name` is not the tool, prompt, resource or task of the body.

use super::mirror::{decoded, differs_by_redaction};
use super::{Findings, Plain, Severity, Story};
use crate::protocol::jsonrpc::string;
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "name-header-mismatch",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_post()) {
        for said in view.requests() {
            let key = match said.method() {
                "tools/call" | "prompts/get" => "name",
                "resources/read" => "uri",
                "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
                _ => continue,
            };
            let Some(name) = said.param(key).and_then(string) else { continue };
            let header = view.asked("mcp-name");
            let plain = header.and_then(decoded);
            if plain.as_deref() == Some(name.as_str())
                || header.is_some_and(|header| differs_by_redaction(header, &name))
            {
                continue;
            }
            // A URI or task id may hold a secret; a name does not.
            let evidence = match (header, key) {
                (None, _) => format!("no Mcp-Name; the body has params.{key}"),
                (Some(header), "name") => {
                    format!("Mcp-Name: {}; the body says {}", quote(header), quote(&name))
                }
                _ => format!("Mcp-Name and params.{key} are not the same"),
            };
            found.report(said.finding(
                format!("the Mcp-Name header is not the body's params.{key}"),
                evidence,
                "send the same value in Mcp-Name, as `=?base64?…?=` where it is not plain visible ASCII; servers answer 400 and -32020",
            ));
        }
    }
}
