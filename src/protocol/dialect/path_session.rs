//! The path-session host: a hosted gateway whose URL bears the session id, and whose refusals are
//! documents of its own (houses.md §1).

use super::Dialect;
use crate::{
    capture::{Head, Side},
    protocol::{
        facts::Facts,
        jsonrpc::{pick, string},
        model::{RefusalReason, Summary},
    },
};

pub(crate) struct PathSession;

/// The id in the URL has so many hex digits.
const DIGITS: usize = 14;

impl Dialect for PathSession {
    fn name(&self) -> &'static str {
        "path-session"
    }

    /// The platform's own headers.
    fn response(&self, head: &Head, facts: &mut Facts) {
        let own = |name: &str| name.get(..5).is_some_and(|n| n.eq_ignore_ascii_case("x-fc-"));
        if head.headers.iter().any(|(name, _)| own(name)) {
            facts.shows(self.name());
        }
    }

    /// `{"code":"SessionExpired","message":"session f39aba069a8140 is expired"}`.
    fn document(&self, side: Side, json: &str, facts: &mut Facts) {
        if side != Side::Response {
            return;
        }
        let Some([Some(code), message]) = pick(json, ["code", "message"]) else { return };
        let message = message.and_then(string).unwrap_or_default();
        let reason = match string(code).as_deref() {
            Some("SessionExpired") => RefusalReason::UnknownSession,
            Some("InvalidArgument") if message.contains("mcp-session-id") => {
                RefusalReason::NoSessionId
            }
            _ => return,
        };
        facts.shows(self.name());
        facts.refused(reason, &string(code).unwrap_or_default(), &message);
    }

    fn shown_by(&self, summary: &Summary) -> bool {
        let path = summary.path.strip_prefix('/').and_then(|path| path.strip_suffix("/mcp"));
        path.is_some_and(|id| {
            let letters = id.bytes().filter(u8::is_ascii_alphabetic).count();
            id.len() == DIGITS && letters > 0 && id.bytes().all(|b| b.is_ascii_hexdigit())
        })
    }
}
