//! Cookies, taken apart for those who read HAR; the headers hold them as they were.

use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use crate::capture::{Headers, Timestamp};

/// A cookie.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cookie {
    name: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secure: Option<bool>,
}

/// Those of a request.
pub(super) fn sent(headers: &Headers) -> Vec<Cookie> {
    let values: Vec<_> =
        headers.all("cookie").map(|value| String::from_utf8_lossy(value)).collect();
    let pieces = values.iter().flat_map(|value| value.split(';'));
    pieces
        .filter_map(pair)
        .map(|(name, value)| Cookie { name, value, ..Cookie::default() })
        .collect()
}

/// Those that a response sets.
pub(super) fn set(headers: &Headers) -> Vec<Cookie> {
    headers.all("set-cookie").filter_map(|value| one(&String::from_utf8_lossy(value))).collect()
}

fn one(text: &str) -> Option<Cookie> {
    let mut pieces = text.split(';');
    let (name, value) = pair(pieces.next()?)?;
    let mut cookie = Cookie { name, value, ..Cookie::default() };
    cookie.http_only = Some(false);
    cookie.secure = Some(false);
    for piece in pieces {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "path" => cookie.path = Some(value.to_owned()),
            "domain" => cookie.domain = Some(value.to_owned()),
            "expires" => cookie.expires = date(value),
            "httponly" => cookie.http_only = Some(true),
            "secure" => cookie.secure = Some(true),
            _ => {}
        }
    }
    Some(cookie)
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

/// HTTP's date as HAR's; none for what is no date.
fn date(text: &str) -> Option<String> {
    let text = text.replace('-', " ");
    let at = OffsetDateTime::parse(&text, &Rfc2822).ok()?;
    Some(Timestamp(u64::try_from(at.unix_timestamp_nanos()).ok()?).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_taken_apart() {
        let headers = Headers::from_iter([
            ("Cookie", "a=1; b=x=y"),
            (
                "Set-Cookie",
                "sid=z; Path=/mcp; Secure; HttpOnly; Expires=Wed, 21-Oct-2026 07:28:00 GMT",
            ),
            ("Set-Cookie", "none"),
        ]);
        let request: Vec<_> = sent(&headers).into_iter().map(|c| (c.name, c.value)).collect();
        assert_eq!(request, [("a".into(), "1".into()), ("b".into(), "x=y".into())]);
        let response = serde_json::to_string(&set(&headers)).expect("texts");
        assert_eq!(
            response,
            "[{\"name\":\"sid\",\"value\":\"z\",\"path\":\"/mcp\",\
             \"expires\":\"2026-10-21T07:28:00.000000000Z\",\"httpOnly\":true,\"secure\":true}]"
        );
    }
}
