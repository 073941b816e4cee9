//! An id that is neither text nor a whole number.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::Kind;
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "rpc-id-invalid",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for said in story.said() {
        let Some(id) = said.message.rpc_id.as_deref() else { continue };
        // An error may not know whose it is.
        if is_valid(id) || said.message.kind == Kind::Error && id == "null" {
            continue;
        }
        found.report(said.finding(
            "the message's id is neither a string nor an integer",
            format!("\"id\":{}", quote(id)),
            "use a string or an integer; null and fractions are not allowed",
        ));
    }
}

fn is_valid(id: &str) -> bool {
    match id.as_bytes().first() {
        Some(b'"') => true,
        Some(b'-' | b'0'..=b'9') => {
            // Without fraction or exponent it is whole, however large.
            id.bytes().skip(1).all(|byte| byte.is_ascii_digit())
                || id.parse::<f64>().is_ok_and(|number| number.fract() == 0.0)
        }
        _ => false,
    }
}
