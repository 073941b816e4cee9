//! The JSON-RPC envelope, read over the text: ids, numbers and payloads keep their spelling.
//!
//! Values are skipped as raw text, so depth costs no stack and no tree is built (crates.md 6.2).
//! `Deserialize` is not derived: it refuses duplicate keys, takes arrays for structs and cannot
//! tell `"id":null` from none.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::model::Kind;

/// How many messages of one batch are read; the rest of it is passed over.
pub(crate) const BATCH_CAP: usize = 10_000;

/// A payload as text, with replacement characters for what is not UTF-8. What is UTF-8 takes the
/// fast way of the standard library, which the lossy one has not.
pub(crate) fn text(payload: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(payload) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(payload),
    }
}

/// One message, borrowed from the text it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope<'a> {
    /// The whole message.
    pub(crate) text: &'a str,
    /// What it is.
    pub(crate) kind: Kind,
    /// `id` as spelled; none where the key is absent.
    pub(crate) id: Option<&'a str>,
    method: Option<&'a str>,
    /// `params` as spelled.
    pub(crate) params: Option<&'a str>,
    /// `result` as spelled.
    pub(crate) result: Option<&'a str>,
    error: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// The message that `text` is; none where it is no JSON object of JSON-RPC.
    ///
    /// The key `jsonrpc` is asked for, whatever its value: without it the error object of an OAuth
    /// server would pass for a message. Otherwise key presence decides (protocol.md §6).
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let [jsonrpc, id, method, params, result, error] =
            pick(text, ["jsonrpc", "id", "method", "params", "result", "error"])?;
        jsonrpc?;
        let kind = match (method, result, error) {
            (Some(_), ..) if id.is_some() => Kind::Request,
            (Some(_), ..) => Kind::Notification,
            // Some servers send both keys, the other one null.
            (None, Some(result), Some(_)) if result != "null" => Kind::Response,
            (None, _, Some(_)) => Kind::Error,
            (None, Some(_), None) => Kind::Response,
            (None, None, None) => return None,
        };
        Some(Self { text, kind, id, method, params, result, error })
    }

    /// The method.
    pub(crate) fn method(&self) -> Option<String> {
        self.method.map(|raw| string(raw).unwrap_or_else(|| raw.to_owned()))
    }

    /// `error.code`; none where it is no integer.
    pub(crate) fn code(&self) -> Option<i64> {
        let [code] = pick(self.error?, ["code"])?;
        code?.parse().ok()
    }

    /// `result.isError`.
    pub(crate) fn is_tool_error(&self) -> bool {
        self.result.and_then(|result| pick(result, ["isError"])) == Some([Some("true")])
    }

    /// What the message is about: tool, prompt, resource URI or task (faces.md, message).
    pub(crate) fn subject(&self, method: &str) -> Option<String> {
        let [name, uri, task] = pick(self.params?, ["name", "uri", "taskId"])?;
        let raw = match method {
            "tools/call" | "prompts/get" => name,
            "notifications/tasks" | "notifications/tasks/status" => task,
            _ if method.starts_with("tasks/") => task,
            _ if method.starts_with("resources/") => uri,
            _ if method.starts_with("notifications/resources/") => uri,
            _ => None,
        };
        string(raw?)
    }
}

/// The messages in a JSON text: one object, or a batch of them.
pub(crate) fn messages<'a>(text: &'a str, mut each: impl FnMut(Envelope<'a>)) {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('[') {
        let mut left = BATCH_CAP;
        let elements = Elements(&mut |element: &'a str| {
            if let Some(envelope) = (left > 0).then(|| Envelope::read(element)).flatten() {
                left -= 1;
                each(envelope);
            }
        });
        // A batch that breaks off has said what it said.
        let _ = serde_json::Deserializer::from_str(text).deserialize_seq(elements);
    } else if let Some(envelope) = Envelope::read(text) {
        each(envelope);
    }
}

/// The values of some keys of a JSON object, as spelled; none where `text` is no JSON object.
/// Of duplicate keys the last counts, as in every client's parser.
pub(crate) fn pick<'a, const N: usize>(
    text: &'a str,
    keys: [&str; N],
) -> Option<[Option<&'a str>; N]> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let values = deserializer.deserialize_map(Fields(keys)).ok()?;
    deserializer.end().ok()?;
    Some(values)
}

/// The value of a JSON string; none for anything else.
pub(crate) fn string(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

struct Fields<'k, const N: usize>([&'k str; N]);

impl<'de, const N: usize> Visitor<'de> for Fields<'_, N> {
    type Value = [Option<&'de str>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = [None; N];
        while let Some(place) = map.next_key_seed(Place(&self.0))? {
            match place.and_then(|place| values.get_mut(place)) {
                Some(value) => *value = Some(map.next_value::<&RawValue>()?.get()),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// Which of the wanted keys a key is. Read as bytes: a lone surrogate in a key is no error.
struct Place<'k>(&'k [&'k str]);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E: de::Error>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|wanted| wanted.as_bytes() == key))
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        self.visit_bytes(key.as_bytes())
    }
}

struct Elements<'f, 'de>(&'f mut dyn FnMut(&'de str));

impl<'de> Visitor<'de> for Elements<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<&RawValue>()? {
            (self.0)(element.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
