//! A tool whose schema is none.

use std::collections::HashSet;

use super::{
    Findings, Plain, Severity, Story,
    schemas::{Compiled, Schemas},
    tools::Tools,
};
use crate::protocol::{problems::Finding, seen::quote};

pub(super) static RULE: Plain = Plain {
    id: "schema-invalid",
    severity: Severity::Info,
    source: "MCP 2025-11-25 server/tools",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let tools = Tools::of(story);
    let mut schemas = Schemas::default();
    let mut told = HashSet::new();
    let mut listed: Vec<_> = tools.all().collect();
    listed.sort_by_key(|(name, tool)| (tool.exchange, *name));
    for (name, tool) in listed {
        for (key, schema) in [("inputSchema", tool.input), ("outputSchema", tool.output)] {
            let Some(schema) = schema else { continue };
            let Some(Compiled::Invalid(why)) = schemas.get(schema) else { continue };
            if !told.insert((name, key, schema)) {
                continue;
            }
            found.report(Finding {
                exchange: Some(tool.exchange),
                text: format!("the {key} of `{}` is no valid JSON Schema", quote(name)),
                evidence: why.clone(),
                remedy:
                    "correct the schema: clients that compile it drop the tool, or cannot call it"
                        .to_owned(),
                ..Finding::default()
            });
        }
    }
}
