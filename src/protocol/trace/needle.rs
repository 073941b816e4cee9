//! The value looked for, and how it may be spelled.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;

/// The value.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    value: String,
    /// Its first and last characters are such that a neighbour may continue them.
    opens: bool,
    closes: bool,
}

impl Needle {
    pub(super) fn new(value: &str) -> Option<Self> {
        let opens = value.chars().next()?.is_alphanumeric();
        let closes = value.chars().next_back()?.is_alphanumeric();
        Some(Self { value: value.to_owned(), opens, closes })
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether a text mentions it, percent-decoded too: `Some(true)` where it is the whole of it.
    pub(super) fn is_in(&self, text: &str) -> Option<bool> {
        if text == self.value {
            return Some(true);
        }
        if self.stands_in(text) {
            return Some(false);
        }
        let decoded = text.contains('%').then(|| percent_decode_str(text).decode_utf8_lossy())?;
        self.stands_in(&decoded).then(|| decoded == self.value)
    }

    /// Whether a number or another bare word of JSON is the value.
    pub(super) fn is(&self, word: &str) -> bool {
        word == self.value
    }

    /// Whether a header's value mentions it, also as `=?base64?…?=` and in Basic credentials.
    pub(super) fn is_in_header(&self, text: &str) -> Option<bool> {
        self.is_in(text).or_else(|| {
            let sentinel = text.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
            if let Some(coded) = sentinel {
                return self.is_in(&decode(coded)?);
            }
            let (scheme, credentials) = text.split_once(' ')?;
            let basic = scheme.eq_ignore_ascii_case("basic");
            basic.then(|| self.is_in(&decode(credentials.trim())?)).flatten().map(|_| false)
        })
    }

    /// Whether a JSON text is worth a walk: without escapes its strings stand there as they are.
    pub(super) fn may_be_in_json(&self, json: &str) -> bool {
        json.contains(['\\', '%']) || json.contains(&self.value)
    }

    /// Whether the value stands in a text as a token.
    fn stands_in(&self, text: &str) -> bool {
        let continues = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        let is_token = |(start, found): (usize, &str)| {
            let before = text.get(..start).and_then(|before| before.chars().next_back());
            let after = text.get(start + found.len()..).and_then(|after| after.chars().next());
            !(self.opens && continues(before) || self.closes && continues(after))
        };
        text.match_indices(&self.value).any(is_token)
    }
}

/// What base64 stands for, as text.
fn decode(coded: &str) -> Option<Cow<'static, str>> {
    let bytes = STANDARD.decode(coded).ok()?;
    Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
}
