//! Where a session id may stand in an exchange, whatever the dialect: headers, query, message
//! metadata, path, cookie. The `endpoint` event and the NDJSON session line are their dialects'
//! own. Which candidate wins is the session fold's affair.

use url::Url;

use super::Spoken;
use crate::{
    capture::{Head, Headers, Open},
    protocol::{
        facts::{Facts, fingerprint, with_placeholders},
        jsonrpc::{pick, string},
        model::Direction,
    },
};

/// The headers that bear a session id in the field, the specification's first (houses.md §2).
const HEADERS: [(&str, &str); 5] = [
    ("mcp-session-id", "header:mcp-session-id"),
    ("x-mcp-session-id", "header:x-mcp-session-id"),
    ("x-mcp-session", "header:x-mcp-session"),
    ("session-id", "header:session-id"),
    ("x-session-id", "header:x-session-id"),
];

/// TypeScript's and Python's spelling, as query parameter and as candidate.
const QUERY: [(&str, &str); 2] =
    [("sessionId", "query:sessionId"), ("session_id", "query:session_id")];

/// What stands behind a session id in a path: `/{id}/mcp`, `/{id}/sse`, `/sse/{id}/messages/`. What
/// stands behind `/mcp/` is a tenant (houses.md §3).
const BEHIND: [&str; 4] = ["mcp", "sse", "messages", "message"];

/// Cookies looked at; further ones are left out.
const COOKIES_CAP: usize = 64;

pub(super) fn request(open: &Open, url: Option<&Url>, facts: &mut Facts) {
    headers(&open.headers, false, facts);
    if let Some(url) = url {
        if let Some((source, id)) = in_query(url) {
            facts.candidate(source, &id, false);
        }
        if let Some(id) = in_path(url) {
            facts.candidate("path", &id, false);
        }
    }
    let cookies = open.headers.all("cookie").flat_map(|value| value.split(|byte| *byte == b';'));
    for cookie in cookies.take(COOKIES_CAP) {
        affinity(cookie, false, facts);
    }
}

pub(super) fn response(head: &Head, facts: &mut Facts) {
    headers(&head.headers, true, facts);
    for value in head.headers.all("set-cookie").take(COOKIES_CAP) {
        let cookie = value.split(|byte| *byte == b';').next().unwrap_or_default();
        affinity(cookie, true, facts);
    }
}

/// `metadata.sessionId`, `params.metadata.sessionId` or `params._meta.sessionId` (houses.md §2).
pub(super) fn message(spoken: &Spoken<'_>, facts: &mut Facts) {
    let text = spoken.envelope.text;
    if spoken.direction != Direction::ClientToServer || !text.contains("sessionId") {
        return;
    }
    let Some([own, params]) = pick(text, ["metadata", "params"]) else { return };
    let [of_params, meta] = params.and_then(|p| pick(p, ["metadata", "_meta"])).unwrap_or_default();
    let id = [own, of_params, meta].into_iter().flatten().find_map(|place| {
        let [id] = pick(place, ["sessionId"])?;
        string(id?)
    });
    if let Some(id) = id {
        facts.candidate("metadata", &id, false);
    }
}

/// The id in a URL's query, and the rule that it stands there by.
pub(super) fn in_query(url: &Url) -> Option<(&'static str, String)> {
    QUERY.iter().find_map(|(parameter, source)| {
        let (_, id) = url.query_pairs().find(|(name, _)| name == parameter)?;
        (!id.is_empty()).then(|| (*source, id.into_owned()))
    })
}

/// The id in a URL's path.
pub(super) fn in_path(url: &Url) -> Option<String> {
    let mut segments = url.path_segments()?.peekable();
    while let Some(segment) = segments.next() {
        if segments.peek().is_some_and(|behind| BEHIND.contains(behind)) {
            let segment = with_placeholders(segment);
            if looks_like_id(&segment) {
                return Some(segment.into_owned());
            }
        }
    }
    None
}

/// 12 hex digits and more, a UUID, 20 and more letters and digits mixed; and what an export puts
/// in their place, so that a redacted tape keeps its sessions. A name, a number or a version is none.
fn looks_like_id(segment: &str) -> bool {
    let bytes = segment.as_bytes();
    let count = |is: fn(&u8) -> bool| bytes.iter().filter(|byte| is(byte)).count();
    let (digits, letters) = (count(u8::is_ascii_digit), count(u8::is_ascii_alphabetic));
    let hex = bytes.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let uuid = hex && bytes.len() == 36 && digits + letters == 32;
    let plain = digits + letters == bytes.len() && digits >= 2 && letters >= 1;
    uuid || plain && (hex && bytes.len() >= 12 || bytes.len() >= 20)
        || segment.starts_with("{{session:")
        || segment.starts_with("{{path:")
}

/// A cookie that a server or balancer may tell clients apart by: its name says so.
fn affinity(cookie: &[u8], in_response: bool, facts: &mut Facts) {
    const SIGNS: [&str; 5] = ["session", "sessid", "affinity", "sticky", "mcp"];
    // `connect.sid` of Express.
    const WHOLE: [&str; 2] = ["sid", "connect.sid"];
    let Some((name, value)) = std::str::from_utf8(cookie).ok().and_then(|c| c.split_once('='))
    else {
        return;
    };
    let (name, value) = (name.trim(), value.trim().trim_matches('"'));
    let lower = name.to_ascii_lowercase();
    if SIGNS.iter().any(|sign| lower.contains(sign)) || WHOLE.contains(&lower.as_str()) {
        // Candidates are shown whole, and a cookie is a secret: only which ones are equal is noted.
        let value = format!("{:016x}", fingerprint(value.as_bytes()));
        facts.candidate(&format!("cookie:{name}"), &value, in_response);
    }
}

fn headers(headers: &Headers, in_response: bool, facts: &mut Facts) {
    for (name, source) in HEADERS {
        if let Some(id) = headers.text(name) {
            facts.candidate(source, id, in_response);
        }
    }
    // design.md, What is intercepted and kept: an `Mcp-*` header.
    if headers.iter().any(|(name, _)| name.get(..4).is_some_and(|n| n.eq_ignore_ascii_case("mcp-")))
    {
        facts.shows_mcp();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_a_path_stands_before_the_endpoint_and_looks_like_one() {
        let id =
            |path: &str| Url::parse(&format!("http://h{path}")).ok().as_ref().and_then(in_path);
        let found = [
            ("/f39aba069a8140/mcp", "f39aba069a8140"),
            (
                "/sse/6e3f0ad3-0ba9-4cc2-8eb3-5d5f6a7b8c9d/messages/",
                "6e3f0ad3-0ba9-4cc2-8eb3-5d5f6a7b8c9d",
            ),
            ("/api/0123456789ab/sse", "0123456789ab"),
            ("/{{session:1}}/mcp", "{{session:1}}"),
        ];
        for (path, expected) in found {
            assert_eq!(id(path).as_deref(), Some(expected), "{path}");
        }
        for path in [
            "/mcp",
            "/mcp/6e3f0ad3-0ba9-4cc2-8eb3-5d5f6a7b8c9d",
            "/mcp/message",
            "/123456789012/mcp",
            "/workspace/mcp",
            "/2025-11-25/mcp",
            "/f39aba069a8140/assets",
            "/",
        ] {
            assert_eq!(id(path), None, "{path}");
        }
    }
}
