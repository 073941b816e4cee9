//! An answer that is both result and error.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::quote;

pub(super) static RULE: Plain =
    Plain { id: "result-and-error", severity: Severity::Warning, source: "JSON-RPC 2.0 5", check };

fn check(story: &Story, found: &mut Findings<'_>) {
    for said in story.said() {
        let (Some(result), Some(error)) = (said.result(), said.error()) else { continue };
        found.report(said.finding(
            "the answer has both `result` and `error`",
            format!("\"result\":{}, \"error\":{}", quote(result), quote(error)),
            "leave the key out that does not apply, also one that is null",
        ));
    }
}
