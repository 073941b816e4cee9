//! 2026-07-28: the version's header and `_meta` disagree.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "version-header-mismatch",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_post()) {
        let header = view.asked("mcp-protocol-version");
        for said in view.sent() {
            let meta = said.meta_revision();
            let evidence = match (header, &meta) {
                (None, Some(meta)) => {
                    format!("no MCP-Protocol-Version; `_meta` says {}", quote(meta))
                }
                (Some(header), Some(meta)) if header != meta => {
                    format!("MCP-Protocol-Version: {}; `_meta` says {}", quote(header), quote(meta))
                }
                _ => continue,
            };
            found.report(said.finding(
                "the MCP-Protocol-Version header is not what `_meta` says",
                evidence,
                "send the revision of `_meta` in the header of every POST; servers answer 400 and -32020",
            ));
        }
    }
}
