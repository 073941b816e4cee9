//! The session-manager server: an Express host of the TypeScript SDK that keeps one server and one
//! transport a session, at `/mcp/{combination_id}`, and answers in JSON (houses.md §3).

use super::Dialect;
use crate::{
    capture::Side,
    protocol::{
        facts::Facts,
        jsonrpc::{pick, string},
        model::{RefusalReason, Summary},
    },
};

pub(crate) struct SessionManager;

impl Dialect for SessionManager {
    fn name(&self) -> &'static str {
        "session-manager"
    }

    /// `SESSION_NOT_FOUND`, at the top or under `error`.
    fn document(&self, side: Side, json: &str, facts: &mut Facts) {
        if side != Side::Response {
            return;
        }
        let Some([code, message, error]) = pick(json, ["code", "message", "error"]) else { return };
        let [inner, inner_message] =
            error.and_then(|error| pick(error, ["code", "message"])).unwrap_or_default();
        let code = code.or(inner).or(error).and_then(string);
        if code.as_deref() != Some("SESSION_NOT_FOUND") {
            return;
        }
        facts.shows(self.name());
        let text = message.or(inner_message).and_then(string).unwrap_or_default();
        facts.refused(RefusalReason::UnknownSession, "SESSION_NOT_FOUND", &text);
    }

    /// Its handshake: `/mcp/{combination_id}` behind a bearer, answered in JSON with a UUID.
    fn shown_by(&self, summary: &Summary) -> bool {
        let tenant = summary.path.strip_prefix("/mcp/").is_some_and(|tenant| {
            !tenant.is_empty() && !tenant.contains('/') && !tenant.starts_with("message")
        });
        let answered = summary.initialize.as_ref().is_some_and(|initialize| initialize.answered);
        let issued = || {
            let header = |source: &str| source == "header:mcp-session-id";
            summary.candidates.iter().any(|c| c.in_response && header(&c.source))
        };
        tenant && answered && summary.auth.is_some() && !summary.streaming && issued()
    }
}
