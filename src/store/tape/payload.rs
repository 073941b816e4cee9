//! Body bytes in JSON: as themselves where they are compact JSON, as text, or as base64.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Longer bytes are always base64: as text, escapes could make six times as much of them and a
/// line longer than is read.
const LONGEST_TEXT: usize = 16 << 20;

/// A body's fields on its line: its bytes in exactly one of three, and where its chunks begin.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Payload<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    base64: Option<Cow<'a, str>>,
    /// Offset, time and number of every chunk but the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) cuts: Vec<(u64, i128, u32)>,
    /// What `--max-body` left out after the last chunk, in bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) cut: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A body that is the JSON value `null` is there all the same.
fn present<'de, D: Deserializer<'de>>(json: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(json).map(Some)
}

impl<'a> Payload<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let none = Self::default();
        let short = (bytes.len() <= LONGEST_TEXT).then_some(bytes);
        match short.and_then(|bytes| std::str::from_utf8(bytes).ok()) {
            Some(text) => match compact_json(text) {
                Some(json) => Self { json: Some(json), ..none },
                None => Self { text: Some(Cow::Borrowed(text)), ..none },
            },
            None => Self { base64: Some(Cow::Owned(STANDARD.encode(bytes))), ..none },
        }
    }

    /// The bytes, exactly.
    pub(super) fn bytes(self) -> Result<Bytes, String> {
        match (self.json, self.text, self.base64) {
            (Some(json), None, None) => Ok(Bytes::copy_from_slice(json.get().as_bytes())),
            (None, Some(text), None) => Ok(text.into_owned().into()),
            (None, None, Some(text)) => from_base64(&text),
            _ => Err("a body has one of `json`, `text` and `base64`".to_owned()),
        }
    }
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn from_base64(text: &str) -> Result<Bytes, String> {
    STANDARD.decode(text).map(Bytes::from).map_err(|error| format!("`base64`: {error}"))
}

/// The text as a JSON value that is written back letter by letter. Blanks between tokens would
/// survive here too, but not the next tool that reads the tape and writes it.
fn compact_json(text: &str) -> Option<&RawValue> {
    if !text.starts_with(['{', '[', '"', '-', 't', 'f', 'n']) && !starts_with_digit(text) {
        return None;
    }
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b' ' | b'\t' | b'\n' | b'\r' if !in_string => return None,
            _ => {}
        }
    }
    serde_json::from_str(text).ok()
}

fn starts_with_digit(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(bytes: &[u8]) -> String {
        serde_json::to_string(&Payload::of(bytes)).expect("a payload serialises")
    }

    #[test]
    fn each_kind_of_bytes_has_its_field() {
        for (bytes, expected) in [
            (
                &b"{\"a\":[1.0,1e400,12345678901234567890123]}"[..],
                "{\"json\":{\"a\":[1.0,1e400,12345678901234567890123]}}",
            ),
            (b"\"a b\\\" c\"", "{\"json\":\"a b\\\" c\"}"),
            (b"null", "{\"json\":null}"),
            (b"{\"a\": 1}", "{\"text\":\"{\\\"a\\\": 1}\"}"),
            (b"{\"a\":1}\n", "{\"text\":\"{\\\"a\\\":1}\\n\"}"),
            (b"{\"a\":", "{\"text\":\"{\\\"a\\\":\"}"),
            (b"", "{\"text\":\"\"}"),
            (b"\xff", "{\"base64\":\"/w==\"}"),
            ("é".as_bytes().get(..1).unwrap(), "{\"base64\":\"ww==\"}"),
        ] {
            let text = json(bytes);
            assert_eq!(text, expected);
            let back: Payload<'_> = serde_json::from_str(&text).expect("our own text");
            assert_eq!(back.bytes().expect("one field"), bytes);
        }
    }

    #[test]
    fn deep_json_is_no_deep_call() {
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert!(json(deep.as_bytes()).starts_with("{\"json\":[[["));
    }
}
