//! Which tools may be called again: those that a server says only read, and those that the user
//! allows (issue 4, side-effect guard).

use std::collections::HashMap;

use wildmatch::WildMatch;

use super::{edit, value::Value};
use crate::protocol::Catalogue;

/// What the user allows.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Every tool (`--allow-side-effects`).
    pub all: bool,
    /// These tools (`--allow-tool`): globs.
    pub tools: Vec<String>,
}

/// What servers say of their tools: whether `readOnlyHint` is true, by name.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    by_tool: HashMap<String, bool>,
    schemas: HashMap<String, String>,
}

impl Guard {
    /// Why a tool is not called; none where it may be. What the live server says of a tool goes
    /// over what was recorded.
    #[must_use]
    pub fn refuses(&self, tool: &str, recorded: &Hints, live: &Hints) -> Option<String> {
        let named = || self.tools.iter().any(|glob| WildMatch::new(glob).matches(tool));
        let reads = || live.reads(tool).or_else(|| recorded.reads(tool)) == Some(true);
        (!self.all && !named() && !reads()).then(|| {
            format!(
                "the tool may have side effects: no `readOnlyHint`; allow it with --allow-tool \
                 '{tool}', or all with --allow-side-effects"
            )
        })
    }
}

impl Hints {
    /// Those of a recorded session.
    #[must_use]
    pub fn recorded(catalogue: &Catalogue) -> Self {
        let mut hints = Self::default();
        for offer in &catalogue.tools.offers {
            hints.tool(&offer.key, &String::from_utf8_lossy(&offer.json));
        }
        hints
    }

    /// Learns from the result of a `tools/list`.
    pub fn listed(&mut self, result: &str) {
        let Some(Value::Array(tools)) = edit::get(result, "/tools").map(Value::of) else { return };
        for tool in tools {
            if let Some(name) = edit::text(tool.get(), "/name") {
                self.tool(&name, tool.get());
            }
        }
    }

    /// The input schema of a tool.
    #[must_use]
    pub fn schema(&self, tool: &str) -> Option<&str> {
        self.schemas.get(tool).map(String::as_str)
    }

    fn tool(&mut self, name: &str, json: &str) {
        let reads = edit::get(json, "/annotations/readOnlyHint") == Some("true");
        self.by_tool.insert(name.to_owned(), reads);
        // Only `Mcp-Param-*` asks for it.
        if let Some(schema) = edit::get(json, "/inputSchema")
            && schema.contains("x-mcp-header")
        {
            self.schemas.insert(name.to_owned(), schema.to_owned());
        }
    }

    fn reads(&self, tool: &str) -> Option<bool> {
        self.by_tool.get(tool).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_or_is_allowed_is_called() {
        let (mut recorded, mut live) = (Hints::default(), Hints::default());
        recorded.listed(
            r#"{"tools":[{"name":"read","annotations":{"readOnlyHint":true}},{"name":"write"},
                {"name":"turned","annotations":{"readOnlyHint":true}}]}"#,
        );
        live.listed(r#"{"tools":[{"name":"turned"}]}"#);
        let guard = |all: bool, tools: &[&str]| Guard {
            all,
            tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
        };
        let table = [
            ("read", guard(false, &[]), true),
            ("write", guard(false, &[]), false),
            ("unlisted", guard(false, &[]), false),
            ("turned", guard(false, &[]), false),
            ("write", guard(false, &["wr*"]), true),
            ("read2", guard(false, &["wr*"]), false),
            ("write", guard(true, &[]), true),
        ];
        for (tool, guard, allowed) in table {
            assert_eq!(guard.refuses(tool, &recorded, &live).is_none(), allowed, "{tool}");
        }
    }
}
