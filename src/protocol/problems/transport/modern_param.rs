//! 2026-07-28: `Mcp-Param-*` does not mirror the arguments as the tool's schema asks.

use super::mirror::{compare, mirrored, value};
use super::tools::Tools;
use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "param-header-mismatch",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let tools = Tools::of(story);
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_post()) {
        for said in view.requests().filter(|said| said.method() == "tools/call") {
            let Some(name) = said.message.name.as_deref() else { continue };
            let Some(tool) = tools.at(name, said.message.at) else { continue };
            let Some(mirrored) = tool.input.and_then(mirrored) else { continue };
            let arguments = said.param("arguments").unwrap_or("{}");
            for (header, path) in mirrored {
                let name = format!("mcp-param-{header}");
                let Err(what) = compare(view.asked(&name), value(arguments, &path)) else {
                    continue;
                };
                found.report(said.finding(
                    format!("the header Mcp-Param-{header} does not mirror its argument"),
                    format!("{what}: Mcp-Param-{header} against arguments.{}", path.join(".")),
                    "send the argument's value in the header its schema names, none for null or absent; servers answer 400 and -32020",
                ));
            }
        }
    }
}
