//! JSON text walked without a tree: every string, number and key with its place, so that a text
//! can be changed at some places and stay as it is, byte for byte, everywhere else.

use std::ops::Range;

use memchr::memchr2;
use serde_json::value::RawValue;

use super::{coded::unquoted, path::Path};

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Text,
    Number,
    Key,
}

/// A place that the walk came by.
pub(super) struct Leaf<'p> {
    pub(super) what: What,
    /// The bytes: of a string and a key those between the quotes.
    pub(super) raw: Range<usize>,
    /// Where; for a key the place of its value.
    pub(super) path: &'p Path,
}

/// Tells every string, number and key of a JSON text, in its order.
pub(super) fn leaves(text: &str, each: &mut dyn FnMut(&Leaf<'_>)) {
    let bytes = text.as_bytes();
    let (mut path, mut at) = (Path::default(), 0);
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'"' => {
                let raw = at + 1..string_end(bytes, at + 1);
                let after = bytes.get(raw.end + 1..).unwrap_or_default();
                let colon = after.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                let what = if colon && path.is_in_object() { What::Key } else { What::Text };
                if what == What::Key {
                    path.name(&unquoted(text.get(raw.clone()).unwrap_or_default()).text);
                }
                each(&Leaf { what, raw: raw.clone(), path: &path });
                raw.end + 1
            }
            b'-' | b'0'..=b'9' => {
                let raw = at..word_end(bytes, at);
                each(&Leaf { what: What::Number, raw: raw.clone(), path: &path });
                raw.end.max(at + 1)
            }
            byte if byte.is_ascii_alphabetic() => word_end(bytes, at).max(at + 1),
            _ => {
                path.pass(byte);
                at + 1
            }
        };
    }
}

/// Where the string that begins here has its closing quote, or the text's end.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

/// Where a number or another bare word ends.
fn word_end(bytes: &[u8], start: usize) -> usize {
    let ends = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    let rest = bytes.get(start..).unwrap_or_default();
    rest.iter().position(ends).map_or(bytes.len(), |length| start + length)
}

/// The text is a JSON object or array.
pub(super) fn holds_json(text: &str) -> bool {
    let begins = text.trim_ascii_start().starts_with(['{', '[']);
    begins && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// The text is a JSON number.
pub(super) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text)
}
