//! JSON read and changed by its text: what is not changed keeps its spelling, numbers included.

use crate::replay::{
    compare::{Difference, Kind},
    value::{Value, canonical_number, same_number},
};

/// Deeper values are compared as spelled.
const DEPTH_CAP: usize = 64;

/// Differences named of one request; the first ones say what is wrong.
const DIFFERENCES: usize = 20;

/// What says who asks, or differs from request to request, and not what is asked for. RFC 6901 from
/// `params`.
const LEFT_OUT: [&str; 10] = [
    "/_meta/progressToken",
    "/_meta/traceparent",
    "/_meta/tracestate",
    "/_meta/baggage",
    "/_meta/sessionId",
    "/metadata/sessionId",
    "/_meta/io.modelcontextprotocol~1protocolVersion",
    "/_meta/io.modelcontextprotocol~1clientInfo",
    "/_meta/io.modelcontextprotocol~1clientCapabilities",
    "/_meta/io.modelcontextprotocol~1logLevel",
];

/// Where an empty object says as much as none.
const NONE_IF_EMPTY: [&str; 3] = ["/_meta", "/metadata", "/arguments"];

/// The value at some keys, one within the other, as it stands in the text.
pub(super) fn at<'a>(json: &'a str, keys: &[&str]) -> Option<&'a str> {
    keys.iter().try_fold(json, |json, key| match Value::of(json) {
        Value::Object(members) => members.get(*key).map(|value| value.get()),
        _ => None,
    })
}

/// A change of a part of a text.
#[derive(Debug)]
pub(super) struct Edit {
    from: usize,
    to: usize,
    text: String,
}

impl Edit {
    /// Puts `text` where `part`, a part of `whole`, stands; none where it is no part of it.
    pub(super) fn of(whole: &str, part: &str, text: &str) -> Option<Self> {
        let from = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
        let to = from.checked_add(part.len())?;
        (whole.get(from..to)? == part).then(|| Self { from, to, text: text.to_owned() })
    }
}

/// The text with its changes; those that overlap an earlier one are left out.
pub(super) fn splice(whole: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.from);
    let (mut text, mut done) = (String::with_capacity(whole.len() + 64), 0);
    for edit in edits.iter().filter(|edit| edit.from <= edit.to) {
        let Some(before) = whole.get(done..edit.from) else { continue };
        text.push_str(before);
        text.push_str(&edit.text);
        done = edit.to;
    }
    text.push_str(whole.get(done..).unwrap_or_default());
    text
}

/// One spelling for all `params` that ask for the same: keys sorted, numbers by value, and without
/// what says who asks.
pub(super) fn canonical(params: Option<&str>) -> String {
    let mut text = String::new();
    write("", params.unwrap_or("{}"), 0, &mut text);
    text
}

fn write(path: &str, json: &str, depth: usize, text: &mut String) {
    if depth > DEPTH_CAP {
        return text.push_str(json);
    }
    match Value::of(json) {
        Value::Object(members) => {
            text.push('{');
            let from = text.len();
            for (key, value) in members {
                let path = format!("{path}/{}", step(&key));
                if LEFT_OUT.contains(&path.as_str()) {
                    continue;
                }
                let before = text.len();
                if before > from {
                    text.push(',');
                }
                text.push_str(&serde_json::Value::from(key).to_string());
                text.push(':');
                let value_from = text.len();
                write(&path, value.get(), depth + 1, text);
                let is_empty = text.get(value_from..) == Some("{}");
                if is_empty && NONE_IF_EMPTY.contains(&path.as_str()) {
                    text.truncate(before);
                }
            }
            text.push('}');
        }
        Value::Array(members) => {
            text.push('[');
            for (place, value) in members.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(&format!("{path}/{place}"), value.get(), depth + 1, text);
            }
            text.push(']');
        }
        Value::Text(value) => text.push_str(&serde_json::Value::from(value).to_string()),
        Value::Number(number) => text.push_str(&canonical_number(number)),
        Value::Word(word) => text.push_str(word),
    }
}

fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Where two canonical texts differ. A recorded text in which a placeholder of the tape's
/// redaction stands is like every text that has the rest of it (issue 4, Serve).
pub(super) fn differences(recorded: &str, sent: &str, placeholders: &[String]) -> Vec<Difference> {
    let mut held = Held { placeholders, found: Vec::new() };
    held.hold("/params", recorded, sent, 0);
    held.found
}

struct Held<'p> {
    placeholders: &'p [String],
    found: Vec<Difference>,
}

impl Held<'_> {
    fn hold(&mut self, path: &str, recorded: &str, sent: &str, depth: usize) {
        if recorded == sent || self.found.len() >= DIFFERENCES {
            return;
        }
        if depth > DEPTH_CAP {
            return self.differs(path, Kind::Value, Some(recorded), Some(sent));
        }
        let (own, its) = (Value::of(recorded), Value::of(sent));
        match (&own, &its) {
            (Value::Object(own), Value::Object(its)) => {
                for (key, value) in own {
                    let path = format!("{path}/{}", step(key));
                    match its.get(key) {
                        Some(other) => self.hold(&path, value.get(), other.get(), depth + 1),
                        None => self.differs(&path, Kind::Removed, Some(value.get()), None),
                    }
                }
                for (key, value) in its.iter().filter(|(key, _)| !own.contains_key(*key)) {
                    let path = format!("{path}/{}", step(key));
                    self.differs(&path, Kind::Added, None, Some(value.get()));
                }
            }
            (Value::Array(own), Value::Array(its)) => {
                for place in 0..own.len().max(its.len()) {
                    let path = format!("{path}/{place}");
                    match (own.get(place), its.get(place)) {
                        (Some(own), Some(its)) => {
                            self.hold(&path, own.get(), its.get(), depth + 1);
                        }
                        (Some(own), None) => {
                            self.differs(&path, Kind::Removed, Some(own.get()), None);
                        }
                        (_, its) => {
                            self.differs(&path, Kind::Added, None, its.map(|its| its.get()));
                        }
                    }
                }
            }
            (Value::Text(own), Value::Text(its)) if stands_for(own, its, self.placeholders) => {}
            (Value::Number(own), Value::Number(its)) if same_number(own, its) => {}
            _ => {
                let kind = if own.is_like(&its) { Kind::Value } else { Kind::Type };
                self.differs(path, kind, Some(recorded), Some(sent));
            }
        }
    }

    fn differs(&mut self, path: &str, kind: Kind, recorded: Option<&str>, sent: Option<&str>) {
        if self.found.len() < DIFFERENCES {
            self.found.push(Difference {
                path: path.to_owned(),
                kind,
                recorded: recorded.map(str::to_owned),
                replayed: sent.map(str::to_owned),
                message: None,
            });
        }
    }
}

/// A recorded text with placeholders fits another one: what stands between them is there in order.
fn stands_for(recorded: &str, sent: &str, placeholders: &[String]) -> bool {
    let mut parts = vec![recorded];
    for placeholder in placeholders.iter().filter(|placeholder| !placeholder.is_empty()) {
        parts = parts.into_iter().flat_map(|part| part.split(placeholder.as_str())).collect();
    }
    let [first, between @ .., last] = parts.as_slice() else { return recorded == sent };
    let Some(mut rest) = sent.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    for part in between {
        let Some(place) = rest.find(part) else { return false };
        rest = rest.get(place + part.len()..).unwrap_or_default();
    }
    true
}

/// Replaces a text where it stands as a word: with no letter or digit right beside it.
pub(super) fn replace_word(text: &str, from: &str, to: &str) -> String {
    let (mut out, mut rest, mut before) = (String::with_capacity(text.len()), text, None);
    let is_beside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    while let Some(place) = rest.find(from).filter(|_| !from.is_empty()) {
        let (head, found) = rest.split_at(place);
        let tail = found.get(from.len()..).unwrap_or_default();
        let own = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let glued = own(from.chars().next()) && is_beside(head.chars().next_back().or(before))
            || own(from.chars().next_back()) && is_beside(tail.chars().next());
        out.push_str(head);
        out.push_str(if glued { from } else { to });
        before = from.chars().next_back();
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_for_the_same_have_one_spelling() {
        let same = [
            (Some(r#"{"name":"a","arguments":{}}"#), Some(r#"{"name":"a"}"#)),
            (Some(r#"{"b":1.0,"a":[true]}"#), Some(r#"{"a":[true],"b":1}"#)),
            (Some(r#"{"_meta":{"progressToken":3}}"#), None),
            (Some(r#"{"x":"\u0061"}"#), Some(r#"{ "x" : "a" }"#)),
        ];
        for (one, other) in same {
            assert_eq!(canonical(one), canonical(other), "{one:?} {other:?}");
        }
        let other = [
            (Some(r#"{"_meta":{"tenant":"a"}}"#), None),
            (Some(r#"{"cursor":"a"}"#), Some(r#"{"cursor":"b"}"#)),
            (Some(r#"{"arguments":{"_meta":{"progressToken":3}}}"#), Some(r#"{"arguments":{}}"#)),
        ];
        for (one, other) in other {
            assert_ne!(canonical(one), canonical(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn differences_name_their_place_and_placeholders_are_any_text() {
        let placeholders = ["{{api_key:1}}".to_owned()];
        let told = |recorded: &str, sent: &str| -> Vec<String> {
            let found = differences(recorded, sent, &placeholders).into_iter();
            found.map(|found| format!("{} {}", found.path, found.kind.as_str())).collect()
        };
        assert_eq!(
            told(r#"{"a":1,"b":[1,2],"c":"x"}"#, r#"{"a":"1","b":[1,3,4],"d":0}"#),
            [
                "/params/a type",
                "/params/b/1 value",
                "/params/b/2 added",
                "/params/c removed",
                "/params/d added"
            ]
        );
        let nothing: [&str; 0] = [];
        assert_eq!(told(r#"{"k":"Bearer {{api_key:1}}!"}"#, r#"{"k":"Bearer abc!"}"#), nothing);
        assert_eq!(told(r#"{"k":"{{api_key:1}}"}"#, r#"{"k":7}"#), ["/params/k type"]);
        assert_eq!(told(r#"{"k":"{{other:1}}"}"#, r#"{"k":"z"}"#), ["/params/k value"]);
    }

    #[test]
    fn a_change_keeps_the_rest_as_spelled() {
        let text = r#"{"id": 1.50e3, "params":{"_meta":{"progressToken":"t"}}}"#;
        let id = at(text, &["id"]).and_then(|part| Edit::of(text, part, "\"x\""));
        let token = at(text, &["params", "_meta", "progressToken"]);
        let token = token.and_then(|part| Edit::of(text, part, "7"));
        let changed = splice(text, token.into_iter().chain(id).collect());
        assert_eq!(changed, r#"{"id": "x", "params":{"_meta":{"progressToken":7}}}"#);
        assert!(at(text, &["params", "none"]).is_none());
    }

    #[test]
    fn words_are_replaced_whole() {
        let cases = [
            ("a=ab&b=ab", "ab", "X", "a=X&b=X"),
            ("abc ab", "ab", "X", "abc X"),
            ("http://h:80/x http://h:801", "http://h:80", "U", "U/x http://h:801"),
            ("{{s:1}}{{s:1}}", "{{s:1}}", "i", "ii"),
        ];
        for (text, from, to, expected) in cases {
            assert_eq!(replace_word(text, from, to), expected);
        }
    }
}
