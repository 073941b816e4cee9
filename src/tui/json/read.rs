//! Single values of a JSON text: where they begin and end, what they say, the way to them.

use std::fmt::Write as _;

use super::Index;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true`
    True,
    /// `false`
    False,
    /// A number.
    Number,
    /// A string.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonKind {
    pub(super) const ALL: [Self; 7] =
        [Self::Null, Self::True, Self::False, Self::Number, Self::Text, Self::Array, Self::Object];

    /// An array or an object.
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(self, Self::Array | Self::Object)
    }
}

/// Where a string ends that begins at `at`: after its quote. None where it breaks off, or holds what
/// no string may.
pub(super) fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        let rest = text.get(at..)?;
        let stop = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
        at += stop;
        match rest.get(stop)? {
            b'"' => return Some(at + 1),
            b'\\' => match rest.get(stop + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' => {
                    let digits = rest.get(stop + 2..stop + 6)?;
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    at += 6;
                }
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// Which literal a word is.
pub(super) fn is_literal(word: &[u8]) -> Option<JsonKind> {
    match word {
        b"null" => Some(JsonKind::Null),
        b"true" => Some(JsonKind::True),
        b"false" => Some(JsonKind::False),
        _ => None,
    }
}

/// Whether a word is a number as RFC 8259 spells it.
pub(super) fn is_number(word: &[u8]) -> bool {
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let (whole, rest) = digits(word);
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with(b"0")) {
        return false;
    }
    let rest = match rest.strip_prefix(b".") {
        Some(rest) => match digits(rest) {
            ([], _) => return false,
            (_, rest) => rest,
        },
        None => rest,
    };
    let Some(power) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) else {
        return rest.is_empty();
    };
    let power = power.strip_prefix(b"+").or_else(|| power.strip_prefix(b"-")).unwrap_or(power);
    matches!(digits(power), ([_, ..], []))
}

fn digits(word: &[u8]) -> (&[u8], &[u8]) {
    word.split_at(word.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// A node's key as spelled, quotes and all, and where its value begins.
#[must_use]
pub fn value_start<'a>(text: &'a [u8], index: &Index, node: usize) -> (Option<&'a [u8]>, usize) {
    let Some(node) = index.nodes.get(node) else { return (None, 0) };
    let start = node.start as usize;
    if !node.has_key() {
        return (None, start);
    }
    let Some(end) = string_end(text, start) else { return (None, start) };
    let rest = text.get(end..).unwrap_or_default();
    let skip = rest.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b':').count();
    (text.get(start..end), end + skip)
}

/// Where a node's value ends.
#[must_use]
pub fn value_end(text: &[u8], index: &Index, node: usize) -> usize {
    let (_, start) = value_start(text, index, node);
    let Some(found) = index.nodes.get(node) else { return start };
    match found.kind() {
        JsonKind::Text => string_end(text, start).unwrap_or(text.len()),
        JsonKind::Object | JsonKind::Array => {
            // From the last value in it on only brackets that close and blanks are left.
            let last = (found.next as usize).saturating_sub(1).max(node);
            let mut at = scalar_end(text, index, last);
            let Some(inner) = index.nodes.get(last) else { return at };
            let mut closes =
                inner.depth().saturating_sub(found.depth()) + u32::from(inner.kind().holds());
            while closes > 0 {
                match text.get(at) {
                    Some(b']' | b'}') => closes -= 1,
                    Some(b) if b.is_ascii_whitespace() => {}
                    _ => break,
                }
                at += 1;
            }
            at
        }
        _ => scalar_end(text, index, node),
    }
}

/// Where a value ends that holds nothing; of an empty container after its first bracket.
fn scalar_end(text: &[u8], index: &Index, node: usize) -> usize {
    let (_, start) = value_start(text, index, node);
    match index.nodes.get(node).map(super::Node::kind) {
        Some(JsonKind::Text) => string_end(text, start).unwrap_or(text.len()),
        Some(JsonKind::Object | JsonKind::Array) => start + 1,
        _ => {
            let rest = text.get(start..).unwrap_or_default();
            let stop = |byte: &u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
            start + rest.iter().position(stop).unwrap_or(rest.len())
        }
    }
}

/// What a string says: its spelling without quotes, escapes undone. What is no escape stays as it is,
/// and so does one that is cut.
#[must_use]
pub fn unescape(spelled: &[u8]) -> String {
    let inner = spelled.strip_prefix(b"\"").unwrap_or(spelled);
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let text = String::from_utf8_lossy(inner);
    if !text.contains('\\') {
        return text.into_owned();
    }
    let mut said = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\\') {
        said.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let (c, long) = escape(rest);
        if let Some(c) = c {
            said.push(c);
        } else {
            said.push_str(rest.get(..long).unwrap_or_default());
        }
        rest = rest.get(long..).unwrap_or_default();
    }
    said.push_str(rest);
    said
}

/// The character of an escape and the length of its spelling.
fn escape(text: &str) -> (Option<char>, usize) {
    let c = match text.as_bytes().get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let Some(high) = unit(text) else { return (None, 1) };
            if let Some(c) = char::from_u32(high) {
                return (Some(c), 6);
            }
            let low = text.get(6..).and_then(unit).filter(|low| (0xdc00..0xe000).contains(low));
            return match low {
                Some(low) if high < 0xdc00 => {
                    (char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 12)
                }
                _ => (None, 6),
            };
        }
        _ => return (None, 1),
    };
    (Some(c), 2)
}

fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// The way to a node as RFC 9535 spells it: `$.result.content[0].text`.
#[must_use]
pub fn path(text: &[u8], index: &Index, node: usize) -> String {
    let mut steps = Vec::new();
    let mut at = node;
    while let Some(found) = index.nodes.get(at) {
        let parent = found.parent as usize;
        if parent >= at {
            break;
        }
        if let (Some(key), _) = value_start(text, index, at) {
            let key = unescape(key);
            let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            steps.push(if plain {
                format!(".{key}")
            } else {
                format!("['{}']", key.replace('\\', "\\\\").replace('\'', "\\'"))
            });
        } else {
            let mut place = 0_usize;
            let mut before = parent + 1;
            while before < at {
                before = index.nodes.get(before).map_or(at, |node| node.next as usize);
                place += 1;
            }
            steps.push(format!("[{place}]"));
        }
        at = parent;
    }
    let mut path = "$".to_owned();
    for step in steps.iter().rev() {
        let _ = write!(path, "{step}");
    }
    path
}
