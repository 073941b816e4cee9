//! Finds secrets in a text by looking at its tokens, without parsing the whole: JSON, SSE, NDJSON,
//! URLs and anything that contains them, also JSON inside JSON strings, also cut off in the middle.
//! It only finds; every byte that is no secret stays where it is.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::{
    bytes,
    placeholders::placeholder,
    rules::{Keys, LONGEST_KEY},
};

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its first byte.
    pub(super) start: usize,
    /// The byte after its last.
    pub(super) end: usize,
    /// The word of its placeholder.
    pub(super) kind: &'static str,
    /// How it is written there.
    pub(super) spelling: Spelling,
}

/// How a secret is written, so that two spellings of one secret get one placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// In a JSON string, with its escapes.
    Json,
    /// Percent-encoded.
    Percent,
}

impl Hit {
    /// The secret itself.
    pub(super) fn secret<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let raw = text.get(self.start..self.end).unwrap_or_default();
        match self.spelling {
            Spelling::Percent => percent_decode(raw).into(),
            Spelling::Json if raw.contains(&b'\\') => {
                let quoted = [b"\"", raw, b"\""].concat();
                serde_json::from_slice::<String>(&quoted)
                    .map_or(Cow::Borrowed(raw), |text| Cow::Owned(text.into_bytes()))
            }
            Spelling::Json => Cow::Borrowed(raw),
        }
    }
}

/// The secrets in a text, ascending, without overlap. `json` are the keys that are secret in JSON;
/// those of URLs are always the long list.
pub(super) fn scan(text: &[u8], json: Keys) -> Vec<Hit> {
    let url = Keys { oauth: true, ..json };
    let mut hits: Vec<Hit> = Vec::new();
    let (mut at, mut done) = (0, 0);
    while let Some((sign, byte)) = next_sign(text, at) {
        at = sign + 1;
        let hit = match byte {
            b':' => json_pair(text, sign, done, json).or_else(|| userinfo(text, sign)),
            _ => url_pair(text, at, url),
        };
        if let Some(hit) = hit {
            (at, done) = (hit.end, hit.end);
            hits.push(hit);
        }
    }
    hits
}

/// Bytes at which a name ends or a credential begins; of a large text most are none. A name in JSON
/// is found by its colon: there are four times as many quotes.
const SIGNS: [bool; 256] = bytes::table(b"?&#:");

/// The next such byte, and where it stands.
fn next_sign(text: &[u8], at: usize) -> Option<(usize, u8)> {
    let rest = text.get(at..)?;
    let found = rest.iter().position(|byte| SIGNS[usize::from(*byte)])?;
    Some((at + found, *rest.get(found)?))
}

/// The secrets of a form body.
pub(super) fn scan_form(text: &[u8], keys: Keys) -> Vec<Hit> {
    let starts = std::iter::once(0).chain(
        text.iter().enumerate().filter(|(_, byte)| **byte == b'&').map(|(place, _)| place + 1),
    );
    starts.filter_map(|start| url_pair(text, start, keys)).collect()
}

/// `"key" : "value"`, its colon at `colon`, the closing quote of the key not before `from`.
///
/// Inside a JSON string the quotes of an inner document carry backslashes: one for the first
/// depth, three for the second. The quotes of one pair all carry the same number.
fn json_pair(text: &[u8], colon: usize, from: usize, keys: Keys) -> Option<Hit> {
    let quote = skip_blanks_back(text, colon).checked_sub(1)?;
    if quote < from || text.get(quote) != Some(&b'"') {
        return None;
    }
    // The value before the key: most are no strings.
    let value = skip_blanks(text, colon + 1);
    if !matches!(text.get(value), Some(b'"' | b'\\')) {
        return None;
    }
    let depth = backslashes_before(text, quote);
    let key_end = quote - depth;
    let longest = key_end.saturating_sub(LONGEST_KEY + 1);
    let open = text.get(longest..key_end)?.iter().rposition(|byte| *byte == b'"')? + longest;
    if backslashes_before(text, open) != depth {
        return None;
    }
    let kind = keys.kind(text.get(open + 1..key_end)?)?;
    let start = value + depth + 1;
    let opening = text.get(value..start)?;
    if !opening.iter().take(depth).all(|byte| *byte == b'\\') || opening.last() != Some(&b'"') {
        return None;
    }
    let end = string_end(text, start, depth);
    (end > start).then_some(Hit { start, end, kind, spelling: Spelling::Json })
}

/// How many backslashes stand right before a place.
fn backslashes_before(text: &[u8], place: usize) -> usize {
    let before = text.get(..place).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// Blanks, line ends, and the `data:` that SSE puts before each further line of one document.
pub(super) fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    loop {
        match text.get(at) {
            Some(b' ' | b'\t') => at += 1,
            Some(b'\n' | b'\r') => {
                at += 1;
                if text.get(at..).is_some_and(|rest| rest.starts_with(b"data:")) {
                    at += b"data:".len();
                }
            }
            _ => return at,
        }
    }
}

/// Where that begins which [`skip_blanks`] passes over up to `at`.
fn skip_blanks_back(text: &[u8], mut at: usize) -> usize {
    loop {
        let before = text.get(..at).unwrap_or_default();
        match before.last() {
            Some(b' ' | b'\t' | b'\n' | b'\r') => at -= 1,
            Some(b':') if before.ends_with(b"\ndata:") || before.ends_with(b"\rdata:") => {
                at -= b"data:".len();
            }
            _ => return at,
        }
    }
}

/// Where the string that begins at `start` ends: before its closing quote's backslashes, or where
/// the text or the outer string ends.
fn string_end(text: &[u8], start: usize, depth: usize) -> usize {
    let mut run = 0;
    for (offset, byte) in text.get(start..).unwrap_or_default().iter().enumerate() {
        match byte {
            b'\\' => run += 1,
            // An outer string ends: the text was cut before ours did.
            b'"' if run < depth => return start + offset - run,
            // A run that is longer by whole escaped backslashes of this depth still closes.
            b'"' if (run - depth).is_multiple_of(2 * (depth + 1)) => {
                return start + offset - depth;
            }
            b'\n' | b'\r' => return start + offset,
            _ => run = 0,
        }
    }
    text.len()
}

/// `key=value` of a query, fragment or form, the key at `start`.
fn url_pair(text: &[u8], start: usize, keys: Keys) -> Option<Hit> {
    let rest = text.get(start..)?;
    let equals = rest.iter().take(LONGEST_KEY + 1).position(|byte| *byte == b'=')?;
    let key: Cow<'_, [u8]> = percent_decode(rest.get(..equals)?).into();
    let kind = keys.kind(&key)?;
    let start = start + equals + 1;
    let value = text.get(start..)?;
    let length = value.iter().position(|byte| ends_url_value(*byte)).unwrap_or(value.len());
    (length > 0).then_some(Hit { start, end: start + length, kind, spelling: Spelling::Percent })
}

/// What ends a value in a URL or the URL in a text.
fn ends_url_value(byte: u8) -> bool {
    matches!(byte, b'&' | b'#' | b'"' | b'\'' | b'\\' | b'<' | b'>' | b')' | 0..=b' ')
}

/// `://user:password@`, the colon at `colon`.
fn userinfo(text: &[u8], colon: usize) -> Option<Hit> {
    let rest = text.get(colon..)?.strip_prefix(b"://")?;
    let start = colon + 3;
    let authority =
        rest.iter().position(|byte| matches!(byte, b'/' | b'?') || ends_url_value(*byte));
    let authority = rest.get(..authority.unwrap_or(rest.len()))?;
    let length = authority.iter().rposition(|byte| *byte == b'@')?;
    let pair = authority.get(..length)?;
    // A password that was found as a known secret stands behind its user's name as it is.
    let password = pair.iter().position(|byte| *byte == b':').and_then(|at| pair.get(at + 1..));
    let is_done = password.is_some_and(|password| placeholder(password).is_some());
    (length > 0 && !is_done).then_some(Hit {
        start,
        end: start + length,
        kind: "userinfo",
        spelling: Spelling::Percent,
    })
}

#[cfg(test)]
mod tests;
