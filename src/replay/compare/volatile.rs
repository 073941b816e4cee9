//! What differs from run to run and means nothing (protocol.md §7), by its place in a message.
//!
//! Places are RFC 6901 paths; `*` stands for any one step. Nothing below `/params/arguments` and
//! `/result/structuredContent` is in the table: those are the user's.

use super::value::{Value, canonical_number};

/// How a place is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Not at all.
    Ignored,
    /// Both have it or neither has.
    Presence,
    /// An array without order: its members are told by this key.
    ByKey(&'static str),
}

use How::{ByKey, Ignored, Presence};

/// The table.
const PLACES: &[(&str, How)] = &[
    ("/params/_meta/progressToken", Presence),
    ("/params/progressToken", Presence),
    ("/params/requestId", Presence),
    ("/params/cursor", Presence),
    ("/result/nextCursor", Presence),
    ("/params/requestState", Presence),
    ("/result/requestState", Presence),
    ("/params/taskId", Presence),
    ("/result/taskId", Presence),
    ("/result/createdAt", Ignored),
    ("/result/lastUpdatedAt", Ignored),
    ("/result/ttl", Ignored),
    ("/result/ttlMs", Ignored),
    ("/result/cacheScope", Ignored),
    ("/result/pollInterval", Ignored),
    ("/result/pollIntervalMs", Ignored),
    ("/result/task/taskId", Presence),
    ("/result/task/createdAt", Ignored),
    ("/result/task/lastUpdatedAt", Ignored),
    ("/result/task/ttl", Ignored),
    ("/result/task/pollInterval", Ignored),
    ("/params/_meta/io.modelcontextprotocol~1related-task/taskId", Presence),
    ("/result/_meta/io.modelcontextprotocol~1related-task/taskId", Presence),
    ("/params/_meta/io.modelcontextprotocol~1subscriptionId", Presence),
    ("/result/_meta/io.modelcontextprotocol~1subscriptionId", Presence),
    ("/params/_meta/sessionId", Presence),
    ("/params/metadata/sessionId", Presence),
    ("/params/_meta/traceparent", Ignored),
    ("/params/_meta/tracestate", Ignored),
    ("/params/elicitationId", Presence),
    ("/error/data/elicitations/*/elicitationId", Presence),
    ("/error/data/elicitations/*/url", Presence),
    ("/result/serverInfo/version", Ignored),
    ("/result/_meta/io.modelcontextprotocol~1serverInfo/version", Ignored),
    ("/result/tools", ByKey("name")),
    ("/result/prompts", ByKey("name")),
    ("/result/resources", ByKey("uri")),
    ("/result/resourceTemplates", ByKey("uriTemplate")),
    ("/result/roots", ByKey("uri")),
];

/// Texts that often hold JSON.
const TEXTS: &[&str] =
    &["/result/content/*/text", "/result/contents/*/text", "/result/messages/*/content/text"];

/// How the value at a path is compared, and the line of the table that says so; none where it is
/// compared as it is.
pub(super) fn how(path: &str) -> Option<(&'static str, How)> {
    PLACES.iter().find(|(place, _)| fits(place, path)).copied()
}

/// The value at this path, where it is a string, may be JSON.
pub(super) fn may_hold_json(path: &str) -> bool {
    TEXTS.iter().any(|place| fits(place, path))
}

fn fits(place: &str, path: &str) -> bool {
    let (mut place, mut path) = (place.split('/'), path.split('/'));
    loop {
        match (place.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(step)) if wanted == "*" || wanted == step => {}
            _ => return false,
        }
    }
}

/// A key as a step of a path (RFC 6901 3).
pub(super) fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Deeper values are matched as spelled.
const DEPTH_CAP: usize = 64;

/// One spelling for all values that match: keys sorted, numbers by value, volatile values left out.
pub(super) fn canonical(part: &str, json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    write(&format!("/{part}"), json, 0, &mut text);
    text
}

fn write(path: &str, json: &str, depth: usize, text: &mut String) {
    match (how(path), Value::of(json)) {
        (Some((_, Ignored)), _) => {}
        (Some((_, Presence)), _) => text.push('*'),
        (_, _) if depth > DEPTH_CAP => text.push_str(json),
        (_, Value::Object(members)) => {
            text.push('{');
            for (key, value) in members {
                let path = format!("{path}/{}", step(&key));
                if !matches!(how(&path), Some((_, Ignored))) {
                    text.push_str(&serde_json::Value::from(key).to_string());
                    text.push(':');
                    write(&path, value.get(), depth + 1, text);
                    text.push(',');
                }
            }
            text.push('}');
        }
        (_, Value::Array(members)) => {
            text.push('[');
            for (place, value) in members.into_iter().enumerate() {
                write(&format!("{path}/{place}"), value.get(), depth + 1, text);
                text.push(',');
            }
            text.push(']');
        }
        (_, Value::Text(value)) => text.push_str(&serde_json::Value::from(value).to_string()),
        (_, Value::Number(number)) => text.push_str(&canonical_number(number)),
        (_, Value::Word(word)) => text.push_str(word),
    }
}
