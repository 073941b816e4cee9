//! 2026-07-28: an error code under another status than its own.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::Kind;
use crate::protocol::seen::Era;

pub(super) static RULE: Plain = Plain {
    id: "error-status-mismatch",
    severity: Severity::Warning,
    source: "MCP 2026-07-28 basic/transports/streamable-http",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() == Era::Modern && view.is_post()) {
        // Once a stream has begun its status is said.
        let Some(status) = view.status().filter(|_| view.told.reading.frames.is_empty()) else {
            continue;
        };
        for said in view.got().filter(|said| said.message.kind == Kind::Error) {
            let wanted = match said.message.rpc_code {
                Some(-32_022..=-32_020) => 400,
                Some(-32_601) => 404,
                _ => continue,
            };
            if status == wanted {
                continue;
            }
            let code = said.message.rpc_code.unwrap_or_default();
            found.report(said.finding(
                format!("error {code} came under HTTP {status} instead of {wanted}"),
                format!("HTTP {status} with code {code}"),
                format!("answer HTTP {wanted}: clients of both eras tell by it how to go on"),
            ));
        }
    }
}
