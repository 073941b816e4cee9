//! How servers say that they will not serve a request for its session: the texts of the official
//! SDKs and of hosts in the field (protocol.md §3, Statuses seen; houses.md). A house's own
//! documents are read by its dialect.

use super::Spoken;
use crate::protocol::{
    facts::Facts,
    jsonrpc::{pick, string},
    model::{Direction, Kind, RefusalReason},
};

/// Texts, lower case, and what they say; the first that is found decides.
const TEXTS: [(&str, RefusalReason); 17] = [
    ("already started", RefusalReason::AlreadyStarted),
    ("already connected to a transport", RefusalReason::AlreadyStarted),
    ("already initialized", RefusalReason::AlreadyInitialized),
    ("not initialized", RefusalReason::NotInitialized),
    ("before initialization was complete", RefusalReason::NotInitialized),
    ("session not found", RefusalReason::UnknownSession),
    ("session expired", RefusalReason::UnknownSession),
    ("could not find session", RefusalReason::UnknownSession),
    ("invalid session id", RefusalReason::UnknownSession),
    ("invalid or expired session", RefusalReason::UnknownSession),
    ("session has been terminated", RefusalReason::UnknownSession),
    // Said of an id that is not there and of one that is not known.
    ("no valid session id", RefusalReason::UnknownSession),
    ("mcp-session-id header is required", RefusalReason::NoSessionId),
    ("missing session id", RefusalReason::NoSessionId),
    ("missing sessionid", RefusalReason::NoSessionId),
    ("session_id is required", RefusalReason::NoSessionId),
    ("session id is required", RefusalReason::NoSessionId),
];

/// Longest text that is looked through; a longer one tells of something else.
const TEXT_CAP: usize = 1_024;

/// The server answered with a JSON-RPC error.
pub(super) fn message(spoken: &Spoken<'_>, facts: &mut Facts) {
    if spoken.envelope.kind != Kind::Error || spoken.direction != Direction::ServerToClient {
        return;
    }
    let Some([Some(error)]) = pick(spoken.envelope.text, ["error"]) else { return };
    let Some([code, text]) = pick(error, ["code", "message"]) else { return };
    let Some(text) = text.and_then(string) else { return };
    // An answer of 200 is the application's unless it has the SDKs' own codes.
    let code = code.unwrap_or_default();
    let own = matches!(code, "-32000" | "-32001" | "-32600");
    if !own && facts.summary.status.is_none_or(|status| status < 400) {
        return;
    }
    if let Some(reason) = says(&text) {
        facts.refused(reason, code, &text);
    }
}

/// The server answered with JSON that is no JSON-RPC: `{"error":"Session not found"}`.
pub(super) fn document(json: &str, facts: &mut Facts) {
    if facts.summary.status.is_none_or(|status| status < 400) {
        return;
    }
    let Some([code, message, error, detail]) = pick(json, ["code", "message", "error", "detail"])
    else {
        return;
    };
    let Some(text) = [message, error, detail].into_iter().flatten().find_map(string) else {
        return;
    };
    if let Some(reason) = says(&text) {
        let code = code.map(|code| string(code).unwrap_or_else(|| code.to_owned()));
        facts.refused(reason, &code.unwrap_or_default(), &text);
    }
}

/// What a server's words say.
pub(crate) fn says(text: &str) -> Option<RefusalReason> {
    if text.len() > TEXT_CAP {
        return None;
    }
    let text = text.to_ascii_lowercase();
    TEXTS.iter().find(|(part, _)| text.contains(part)).map(|(_, reason)| *reason)
}
