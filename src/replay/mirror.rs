//! Headers of 2026-07-28 that mirror the body (MCP 2026-07-28 basic/transports/streamable-http):
//! made anew from the body that is sent, where the recorded one mirrored its own body.

use std::collections::VecDeque;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{edit, value::Value};
use crate::capture::redact::placeholders_in;

/// Properties of a schema that are looked through for `x-mcp-header`; the rest of it is not.
const PROPERTIES_CAP: usize = 1_024;

const VERSION: &str = "/params/_meta/io.modelcontextprotocol~1protocolVersion";

/// What a header that mirrors the body is to say now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mirrored {
    /// It mirrors nothing, or mirrored nothing when it was recorded: as it is.
    AsRecorded,
    /// This value.
    Value(String),
    /// What it mirrored is no longer there.
    Gone,
}

/// A recorded header, the body it came with, the body that is sent now, and the input schema of the
/// tool that is called, where one is known.
pub(crate) fn mirrored(
    (name, value): (&str, &str),
    recorded: &str,
    now: &str,
    schema: Option<&str>,
) -> Mirrored {
    let name = name.to_ascii_lowercase();
    if !is_mirror(&name) {
        return Mirrored::AsRecorded;
    }
    let hidden = placeholders_in(value.as_bytes()).next().is_some();
    let own = said(&name, recorded, schema);
    let faithful = own.as_deref().is_some_and(|own| hidden || is_same(value, own));
    if !faithful {
        return Mirrored::AsRecorded;
    }
    match said(&name, now, schema) {
        Some(text) => Mirrored::Value(encoded(&text)),
        None => Mirrored::Gone,
    }
}

fn is_mirror(name: &str) -> bool {
    matches!(name, "mcp-method" | "mcp-name" | "mcp-protocol-version")
        || name.starts_with("mcp-param-")
}

/// What the body says that a header of this name mirrors.
fn said(name: &str, body: &str, schema: Option<&str>) -> Option<String> {
    match name {
        "mcp-method" => edit::text(body, "/method"),
        "mcp-protocol-version" => edit::text(body, VERSION),
        "mcp-name" => {
            let method = edit::text(body, "/method")?;
            let place = match method.as_str() {
                "resources/read" => "/params/uri",
                method if method.starts_with("tasks/") => "/params/taskId",
                _ => "/params/name",
            };
            edit::text(body, place)
        }
        _ => {
            let place = annotated(schema?, name.strip_prefix("mcp-param-")?)?;
            let raw = edit::get(body, &format!("/params/arguments{place}"))?;
            match Value::of(raw) {
                Value::Text(text) => Some(text),
                Value::Number(number) => Some(number.to_owned()),
                Value::Word(word) => (word != "null").then(|| word.to_owned()),
                Value::Object(_) | Value::Array(_) => None,
            }
        }
    }
}

/// The place in the arguments whose property has `x-mcp-header` of this name.
fn annotated(schema: &str, header: &str) -> Option<String> {
    let mut open = VecDeque::from([(schema, String::new())]);
    let mut left = PROPERTIES_CAP;
    while let Some((schema, place)) = open.pop_front() {
        let own = edit::text(schema, "/x-mcp-header");
        if own.is_some_and(|own| own.eq_ignore_ascii_case(header)) {
            return Some(place);
        }
        let Some(Value::Object(members)) = edit::get(schema, "/properties").map(Value::of) else {
            continue;
        };
        for (key, inner) in members {
            left = left.checked_sub(1)?;
            let step = key.replace('~', "~0").replace('/', "~1");
            open.push_back((inner.get(), format!("{place}/{step}")));
        }
    }
    None
}

/// Plain visible ASCII stands as it is, anything else in base64.
fn encoded(text: &str) -> String {
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let sentinel = text.starts_with("=?base64?") && text.ends_with("?=");
    if plain && !sentinel && text.trim() == text {
        text.to_owned()
    } else {
        format!("=?base64?{}?=", STANDARD.encode(text))
    }
}

/// The header says this text, in whatever spelling.
fn is_same(header: &str, text: &str) -> bool {
    let inner = header.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let plain = inner.and_then(|inner| String::from_utf8(STANDARD.decode(inner).ok()?).ok());
    let plain = plain.as_deref().unwrap_or(header);
    plain == text || super::value::same_number(plain, text) && plain.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"properties":{"where":{"properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}}"#;

    fn body(method: &str, params: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
    }

    #[test]
    fn what_mirrored_the_recorded_body_mirrors_the_new_one() {
        let call = |region: &str| {
            body(
                "tools/call",
                &format!(r#"{{"name":"t","arguments":{{"where":{{"region":{region}}}}}}}"#),
            )
        };
        let task = |id: &str| body("tasks/get", &format!(r#"{{"taskId":"{id}"}}"#));
        let value = |text: &str| Mirrored::Value(text.to_owned());
        let table = [
            (("Mcp-Name", "old"), task("old"), task("new"), value("new")),
            (("mcp-name", "{{task:1}}"), task("{{task:1}}"), task("new"), value("new")),
            (("Mcp-Name", "other"), task("old"), task("new"), Mirrored::AsRecorded),
            (("Mcp-Param-Region", "us"), call("\"us\""), call("\"é\""), value("=?base64?w6k=?=")),
            (("Mcp-Param-Region", "us"), call("\"us\""), call("null"), Mirrored::Gone),
            (("Mcp-Param-Region", "1"), call("1.0"), call("7"), value("7")),
            (("Accept", "old"), task("old"), task("new"), Mirrored::AsRecorded),
        ];
        for (header, recorded, now, expected) in table {
            assert_eq!(mirrored(header, &recorded, &now, Some(SCHEMA)), expected, "{header:?}");
        }
    }

    #[test]
    fn what_is_no_plain_text_is_sent_in_base64() {
        for (text, expected) in [
            ("us-west1", "us-west1"),
            ("two words", "two words"),
            (" blank", "=?base64?IGJsYW5r?="),
            ("=?base64?w6k=?=", "=?base64?PT9iYXNlNjQ/dzZrPT89?="),
        ] {
            assert_eq!(encoded(text), expected);
            assert!(is_same(expected, text));
        }
    }
}
