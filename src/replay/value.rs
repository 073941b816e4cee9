//! One level of a JSON text: its members stay as spelled, so that numbers keep their digits.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// What a JSON text is.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    /// By key; of duplicate keys the last.
    Object(BTreeMap<String, &'a RawValue>),
    Array(Vec<&'a RawValue>),
    Text(String),
    /// A number, as spelled.
    Number(&'a str),
    /// `true`, `false`, `null`; and what cannot be read: a string with a lone surrogate.
    Word(&'a str),
}

impl<'a> Value<'a> {
    pub(crate) fn of(json: &'a str) -> Self {
        let json = json.trim_ascii();
        let read = match json.as_bytes().first() {
            Some(b'{') => serde_json::from_str(json).map(Self::Object),
            Some(b'[') => serde_json::from_str(json).map(Self::Array),
            Some(b'"') => serde_json::from_str(json).map(Self::Text),
            Some(b'-' | b'0'..=b'9') => Ok(Self::Number(json)),
            _ => Ok(Self::Word(json)),
        };
        read.unwrap_or(Self::Word(json))
    }

    /// A member of an object, as spelled.
    pub(crate) fn at(&self, key: &str) -> Option<&'a str> {
        let Self::Object(members) = self else { return None };
        members.get(key).map(|raw| raw.get())
    }

    /// A member of an object that is a string.
    pub(crate) fn text_at(&self, key: &str) -> Option<String> {
        match Self::of(self.at(key)?) {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Both are of one JSON type.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let boolean = |word: &str| matches!(word, "true" | "false");
        match (self, other) {
            (Self::Word(own), Self::Word(its)) => own == its || boolean(own) && boolean(its),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// Numbers are equal as values where that is sure: `1`, `1.0` and `1e0` are, digits beyond what a
/// double holds are compared as spelled.
pub(crate) fn same_number(own: &str, its: &str) -> bool {
    const SURE_DIGITS: usize = 15;
    let sure = |text: &str| text.bytes().filter(u8::is_ascii_digit).count() <= SURE_DIGITS;
    let value = |text: &str| text.parse::<f64>().ok();
    own == its || sure(own) && sure(its) && value(own).is_some_and(|own| value(its) == Some(own))
}

/// A number's one spelling, for matching.
pub(crate) fn canonical_number(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(value) if same_number(text, &value.to_string()) => value.to_string(),
        _ => text.to_owned(),
    }
}
