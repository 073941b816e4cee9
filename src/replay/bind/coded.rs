//! How texts are spelled: JSON escapes, percent signs, base64. What is decoded remembers where it
//! stood, so that a part of it can be replaced and the rest keeps its spelling.

use std::{borrow::Cow, fmt::Write as _, ops::Range};

use base64::{
    Engine as _,
    engine::general_purpose::{
        GeneralPurpose, STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD,
    },
};

/// The shortest run of letters that is looked at as base64.
const SHORTEST_BASE64: usize = 8;

/// A text decoded.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    /// Where pieces begin that are spelled as they read: in the decoded text, in the raw one.
    pieces: Vec<(usize, usize)>,
}

impl Decoded<'_> {
    /// The raw bytes that a range of the decoded text was spelled by.
    pub(super) fn raw(&self, range: &Range<usize>) -> Range<usize> {
        self.raw_at(range.start)..self.raw_at(range.end)
    }

    fn raw_at(&self, at: usize) -> usize {
        let next = self.pieces.partition_point(|(decoded, _)| *decoded <= at);
        let piece = next.checked_sub(1).and_then(|piece| self.pieces.get(piece));
        piece.map_or(at, |(decoded, raw)| raw + (at - decoded))
    }
}

/// What is between the quotes of a JSON string, decoded. What its escapes do not say, half a
/// surrogate pair, stays as it is spelled.
pub(super) fn unquoted(raw: &str) -> Decoded<'_> {
    let escaped = |rest: &str| {
        let mut bytes = rest.bytes();
        let (_, kind) = (bytes.next()?, bytes.next()?);
        let plain = match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return unicode(rest),
            _ => return None,
        };
        Some((plain, 2))
    };
    decoded(raw, '\\', escaped)
}

/// `\u00e9`, or a surrogate pair.
fn unicode(rest: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
    };
    let first = unit(0)?;
    if let Some(plain) = char::from_u32(u32::from(first)) {
        return Some((plain, 6));
    }
    let pair = char::decode_utf16([first, unit(6)?]).next()?.ok()?;
    Some((pair, 12))
}

/// Percent signs decoded where they spell UTF-8; elsewhere they stay.
pub(super) fn unpercented(raw: &str) -> Decoded<'_> {
    decoded(raw, '%', |rest| {
        let byte = |n: usize| {
            let digits = rest.get(3 * n..3 * n + 3)?.strip_prefix('%')?;
            u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
        };
        let first = byte(0)?;
        let length = match first {
            0..0x80 => 1,
            0xC0..0xE0 => 2,
            0xE0..0xF0 => 3,
            _ => 4,
        };
        let bytes: Vec<u8> = (0..length).map_while(byte).collect();
        let mut chars = std::str::from_utf8(&bytes).ok()?.chars();
        Some((chars.next()?, 3 * length))
    })
}

/// Replaces what `escape` reads at each `sign`: a character, and the bytes that spelled it.
fn decoded(raw: &str, sign: char, escape: impl Fn(&str) -> Option<(char, usize)>) -> Decoded<'_> {
    if !raw.contains(sign) {
        return Decoded { text: Cow::Borrowed(raw), pieces: Vec::new() };
    }
    let (mut text, mut pieces, mut at) = (String::with_capacity(raw.len()), vec![(0, 0)], 0);
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = rest.find(sign).unwrap_or(rest.len());
        text.push_str(rest.get(..plain).unwrap_or_default());
        at += plain;
        let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) else { break };
        if let Some((plain, length)) = escape(rest) {
            pieces.push((text.len(), at));
            text.push(plain);
            at += length;
            pieces.push((text.len(), at));
        } else {
            text.push(sign);
            at += sign.len_utf8();
        }
    }
    Decoded { text: Cow::Owned(text), pieces }
}

/// A text as it stands between the quotes of a JSON string.
pub(super) fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.get(1..json.len() - 1).unwrap_or_default().to_owned()
}

/// A text as it stands in a part of a URL.
pub(super) fn percented(text: &str) -> String {
    let mut coded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            coded.push(char::from(byte));
        } else {
            let _ = write!(coded, "%{byte:02X}");
        }
    }
    coded
}

/// A run of base64 that spells a text.
pub(super) struct Base64 {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    engine: &'static GeneralPurpose,
}

impl Base64 {
    /// Another text in the same spelling.
    pub(super) fn encode(&self, text: &str) -> String {
        self.engine.encode(text)
    }
}

/// The runs of a text that are base64 of UTF-8 without control characters.
pub(super) fn base64_in(text: &str) -> Vec<Base64> {
    let mut found = Vec::new();
    for run in runs(text, |byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte)) {
        if let Some(base64) = spells_text(text, run.clone()) {
            found.push(base64);
            continue;
        }
        // A path: each of its segments may be one; so may a value behind `=`.
        let part = text.get(run.clone()).unwrap_or_default();
        if part.contains(['/', '=']) {
            let pieces = runs(part, |byte| byte.is_ascii_alphanumeric() || b"+-_".contains(&byte));
            let pieces = pieces.map(|piece| {
                let padding = part.get(piece.end..).unwrap_or_default().bytes();
                let padding = padding.take(2).take_while(|byte| *byte == b'=').count();
                run.start + piece.start..run.start + piece.end + padding
            });
            found.extend(pieces.filter_map(|piece| spells_text(text, piece)));
        }
    }
    found
}

/// The longest runs of bytes that are such.
fn runs(text: &str, is: impl Fn(u8) -> bool) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes.get(at..)?.iter().position(|byte| is(*byte))?;
        let length = bytes.get(start..)?.iter().take_while(|byte| is(**byte)).count();
        at = start + length;
        Some(start..at)
    })
}

fn spells_text(text: &str, range: Range<usize>) -> Option<Base64> {
    let run = text.get(range.clone()).filter(|run| run.len() >= SHORTEST_BASE64)?;
    let before = range.start.checked_sub(1).and_then(|at| text.as_bytes().get(at));
    // Where it comes out even, its surroundings tell whether its maker pads: in URLs and JWTs none
    // does. Who does not pad writes for URLs.
    let in_url = matches!(before, Some(b'=' | b'/' | b'.'));
    let is_padded = run.ends_with('=') || run.len().is_multiple_of(4) && !in_url;
    let engine = match (run.contains(['-', '_']), run.contains(['+', '/'])) {
        (true, _) if run.ends_with('=') => &URL_SAFE,
        (false, _) if is_padded => &STANDARD,
        (false, true) => &STANDARD_NO_PAD,
        (true, _) | (false, false) => &URL_SAFE_NO_PAD,
    };
    if !begins_as_text(run, engine) {
        return None;
    }
    let text = String::from_utf8(engine.decode(run).ok()?).ok()?;
    text.chars().all(is_text).then_some(Base64 { range, text, engine })
}

fn is_text(c: char) -> bool {
    !c.is_control() || c.is_ascii_whitespace()
}

/// What a run begins with may be that of a text: most words show here that they are no base64.
fn begins_as_text(run: &str, engine: &GeneralPurpose) -> bool {
    let Some(first) = run.get(..SHORTEST_BASE64).filter(|first| !first.contains('=')) else {
        return true;
    };
    let mut bytes = [0; SHORTEST_BASE64 / 4 * 3];
    if engine.decode_slice(first, &mut bytes).is_err() {
        return false;
    }
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        // Its last letter goes on behind these.
        Err(error) if error.error_len().is_none() => {
            let whole = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(whole).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.chars().all(is_text)
}
