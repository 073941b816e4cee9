//! A text as one reads it rather than as it stands on the wire: strings without their escapes,
//! deltas put together over frames, percent-encoding undone. Each view knows where its bytes come
//! from, so that what is found in it can be replaced in the text itself.

use std::{collections::HashMap, ops::Range};

use foldhash::fast::RandomState;
use memchr::{memchr, memchr2};

use super::{
    bytes,
    json::{Scalar, Step, Visit, walk},
};

/// Runs of one view. A text that needs more cannot be looked through: it is left out
/// ([`Tangled`]). 8 million are 128 MiB, and more than 60 MiB of JSON inside JSON has.
const MAX_RUNS: usize = 8 << 20;

/// A text has more escapes than are looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tangled;

/// A text made of pieces of another.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) text: Vec<u8>,
    runs: Vec<Run>,
    piece: u32,
    /// It may hold quotes: JSON in a string has escapes.
    pub(super) may_quote: bool,
    /// More may follow in the text: it is looked at for its beginning.
    pub(super) is_cut: bool,
}

/// Bytes of the view that come from one place. Equal lengths: they are the same bytes.
#[derive(Clone, Copy, Debug)]
struct Run {
    at: u32,
    from: u32,
    length: u32,
    piece: u32,
}

impl View {
    fn push(&mut self, bytes: &[u8], from: &Range<usize>) -> Result<(), Tangled> {
        let small = |number: usize| u32::try_from(number).map_err(|_| Tangled);
        let (at, length) = (small(self.text.len())?, small(from.len())?);
        if bytes.is_empty() || self.runs.len() >= MAX_RUNS {
            return if bytes.is_empty() { Ok(()) } else { Err(Tangled) };
        }
        self.runs.push(Run { at, from: small(from.start)?, length, piece: self.piece });
        self.text.extend_from_slice(bytes);
        Ok(())
    }

    /// Where a part of the view comes from: a range for each piece.
    pub(super) fn sources(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        let first = self.runs.partition_point(|run| (run.at as usize) <= range.start);
        let mut sources: Vec<(u32, Range<usize>)> = Vec::new();
        for (place, run) in self.runs.iter().enumerate().skip(first.saturating_sub(1)) {
            let at = run.at as usize;
            if at >= range.end {
                break;
            }
            let next = self.runs.get(place + 1).map_or(self.text.len(), |next| next.at as usize);
            let (from, length) = (run.from as usize, run.length as usize);
            let part = if next - at == length {
                let start = range.start.saturating_sub(at).min(length);
                let end = (range.end - at).min(length);
                from + start..from + end
            } else {
                from..from + length
            };
            match sources.last_mut() {
                Some((piece, before)) if *piece == run.piece => before.end = part.end,
                _ => sources.push((run.piece, part)),
            }
        }
        sources.into_iter().map(|(_, range)| range).filter(|range| !range.is_empty()).collect()
    }
}

/// Of a text only the beginning is looked at: what is put together begins there, and goes on for as
/// long as what is looked for may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    /// Its bytes.
    pub(super) most: usize,
    /// Bytes behind it that are looked at too.
    pub(super) ahead: usize,
    /// Its strings hide nothing, whatever follows: there is no known secret that could go on in
    /// another one, and no escape, so that no name in quotes begins in one.
    pub(super) is_plain: bool,
}

/// Pieces that are put together.
#[derive(Debug, Default)]
struct Pieces {
    ranges: Vec<Range<usize>>,
    /// Bytes of them behind the beginning.
    ahead: usize,
    is_cut: bool,
}

impl Pieces {
    /// The next piece.
    fn add(&mut self, range: Range<usize>, beginning: Option<&Beginning>) {
        let Some(Beginning { most, ahead, .. }) = beginning else {
            return self.ranges.push(range);
        };
        let behind = range.end.saturating_sub(range.start.max(*most));
        let over = behind.saturating_sub(ahead.saturating_sub(self.ahead));
        self.is_cut |= over > 0;
        self.ahead += behind - over;
        if over < range.len() {
            self.ranges.push(range.start..range.end - over);
        }
    }

    /// One piece hides nothing that it does not show itself; more may come where it is cut.
    fn hides(&self) -> bool {
        self.ranges.len() > 1 || self.is_cut
    }

    fn view(
        self,
        mut push: impl FnMut(Range<usize>, &mut View) -> Result<(), Tangled>,
    ) -> Result<View, Tangled> {
        let mut view = View { is_cut: self.is_cut, ..View::default() };
        for range in self.ranges {
            push(range, &mut view)?;
            view.piece = view.piece.saturating_add(1);
        }
        Ok(view)
    }
}

/// The strings of a text that stand under one key, put together in their order, and what stands on
/// `data:` lines that are no JSON. Only what has several pieces is told: one piece hides nothing
/// that it does not show itself.
pub(super) fn joined(text: &[u8], beginning: Option<&Beginning>) -> Result<Vec<View>, Tangled> {
    let mut strings = Strings { text, beginning, of_key: HashMap::default(), lists: Vec::new() };
    if !beginning.is_some_and(|beginning| beginning.is_plain) {
        walk(text, &mut strings);
    }
    let mut views = Vec::new();
    for pieces in strings.lists.into_iter().filter(Pieces::hides) {
        views.push(pieces.view(|range, view| unescape(text, range, view))?);
    }
    let plain = data_lines(text, beginning);
    if plain.hides() {
        let data = |range: Range<usize>| text.get(range).unwrap_or_default();
        let mut view = plain.view(|range, view| view.push(data(range.clone()), &range))?;
        view.may_quote = true;
        views.push(view);
    }
    Ok(views)
}

struct Strings<'t, 'b> {
    text: &'t [u8],
    beginning: Option<&'b Beginning>,
    /// The place of a key's list.
    of_key: HashMap<&'t [u8], usize, RandomState>,
    /// By where their first piece stands.
    lists: Vec<Pieces>,
}

impl Visit for Strings<'_, '_> {
    fn scalar(&mut self, way: &[Step], scalar: Scalar) {
        if !scalar.is_string || scalar.range.is_empty() {
            return;
        }
        let key = way.iter().rev().find_map(|step| match step {
            Step::Key(range) => self.text.get(range.clone()),
            Step::Index(_) => None,
        });
        let key = key.unwrap_or_default();
        let begins = self.beginning.is_none_or(|beginning| scalar.range.start < beginning.most);
        let next = self.lists.len();
        let place = match self.of_key.get(key) {
            Some(place) => *place,
            None if begins => *self.of_key.entry(key).or_insert(next),
            None => return,
        };
        if place == next {
            self.lists.push(Pieces::default());
        }
        if let Some(pieces) = self.lists.get_mut(place) {
            pieces.add(scalar.range, self.beginning);
        }
    }
}

/// The inside of a JSON string without its escapes.
fn unescape(text: &[u8], range: Range<usize>, view: &mut View) -> Result<(), Tangled> {
    let mut at = range.start;
    while at < range.end {
        let rest = text.get(at..range.end).unwrap_or_default();
        let plain = memchr(b'\\', rest).unwrap_or(rest.len());
        view.push(rest.get(..plain).unwrap_or_default(), &(at..at + plain))?;
        at += plain;
        if at >= range.end {
            break;
        }
        view.may_quote = true;
        let (length, letter) = escape(text.get(at..range.end).unwrap_or_default());
        let mut bytes = [0; 4];
        let bytes = letter.map(|letter| letter.encode_utf8(&mut bytes).as_bytes());
        let raw = text.get(at..at + length).unwrap_or_default();
        view.push(bytes.unwrap_or(raw), &(at..at + length))?;
        at += length;
    }
    Ok(())
}

/// The longest spelling of one byte: `\u0041`.
pub(super) const LONGEST_ESCAPE: usize = 6;

/// How long the escape at the beginning is, and what it stands for; none where it is none.
fn escape(rest: &[u8]) -> (usize, Option<char>) {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let simple = match rest.get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
        Some(b'u') => {
            let Some(high) = unit(0) else { return (1, None) };
            if let Some(letter) = char::from_u32(high) {
                return (6, Some(letter));
            }
            let pair = unit(6).filter(|low| (0xDC00..0xE000).contains(low));
            let letter = pair
                .filter(|_| (0xD800..0xDC00).contains(&high))
                .and_then(|low| char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + low - 0xDC00));
            return if letter.is_some() { (12, letter) } else { (6, None) };
        }
        _ => return (1, None),
    };
    (2, Some(simple))
}

/// What stands on the `data:` lines of an SSE stream that are no JSON.
fn data_lines(text: &[u8], beginning: Option<&Beginning>) -> Pieces {
    let mut pieces = Pieces::default();
    let mut start = 0;
    while start < text.len() {
        let is_over = beginning.is_some_and(|beginning| {
            start >= beginning.most && (pieces.ranges.is_empty() || pieces.is_cut)
        });
        if is_over {
            break;
        }
        let rest = text.get(start..).unwrap_or_default();
        let length = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        if let Some(data) = line.strip_prefix(b"data:") {
            let data = data.strip_prefix(b" ").unwrap_or(data);
            let end = start + length;
            if !matches!(data.trim_ascii_start().first(), None | Some(b'{' | b'[')) {
                pieces.add(end - data.len()..end, beginning);
            }
        }
        start += length + 1;
    }
    pieces
}

/// Every stretch of a text that has percent-encoding in it, with that undone.
pub(super) fn percent_decoded(text: &[u8]) -> Result<Vec<View>, Tangled> {
    let mut views = Vec::new();
    let mut done = 0;
    while let Some(found) = text.get(done..).and_then(|rest| memchr(b'%', rest)) {
        let sign = done + found;
        let before = text.get(done..sign).unwrap_or_default();
        let start = done + before.iter().rposition(|b| ends_stretch(*b)).map_or(0, |end| end + 1);
        let rest = text.get(sign..).unwrap_or_default();
        let end = sign + rest.iter().position(|b| ends_stretch(*b)).unwrap_or(rest.len());
        views.extend(decoded(text, start..end)?);
        done = end;
    }
    Ok(views)
}

pub(super) fn ends_stretch(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'\\' | b'<' | b'>' | 0..=b' ')
}

/// None where nothing is encoded.
fn decoded(text: &[u8], range: Range<usize>) -> Result<Option<View>, Tangled> {
    let mut view = View::default();
    let mut at = range.start;
    let mut is_encoded = false;
    while at < range.end {
        let rest = text.get(at..range.end).unwrap_or_default();
        if let Some(byte) = percent(rest) {
            view.push(&[byte], &(at..at + 3))?;
            is_encoded = true;
            at += 3;
        } else {
            let next = rest.iter().skip(1).position(|b| *b == b'%').map_or(rest.len(), |n| n + 1);
            view.push(rest.get(..next).unwrap_or_default(), &(at..at + next))?;
            at += next;
        }
    }
    Ok(is_encoded.then_some(view))
}

/// The byte that `%XX` at the beginning stands for.
fn percent(rest: &[u8]) -> Option<u8> {
    let digits = rest.get(..3)?.strip_prefix(b"%")?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let byte = digits.iter().try_fold(0, |byte, one| Some(byte * 16 + digit(one)?))?;
    u8::try_from(byte).ok()
}

/// The shortest stretch of letters that is taken for base64: what is shorter holds no name and
/// value.
const SHORTEST_BASE64: usize = 16;

/// Every stretch of a text that is base64 of either alphabet, with what it says.
pub(super) fn base64(text: &[u8]) -> impl Iterator<Item = (Range<usize>, Vec<u8>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            // Looked at from its end, a stretch that is too short is passed over at once.
            let shortest = text.get(at..at + SHORTEST_BASE64)?;
            if let Some(other) = shortest.iter().rposition(|byte| !is_base64(*byte)) {
                at += other + 1;
                continue;
            }
            let rest = text.get(at..)?;
            let length = rest.iter().position(|b| !is_base64(*b)).unwrap_or(rest.len());
            let letters = rest.get(..length)?;
            let padding = rest.iter().skip(length).take(2).take_while(|b| **b == b'=').count();
            let range = at..at + length + padding;
            at = range.end;
            if let Some(plain) = from_base64(letters) {
                return Some((range, plain));
            }
        }
    })
}

const BASE64: [bool; 256] =
    bytes::table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");

fn is_base64(byte: u8) -> bool {
    BASE64[usize::from(byte)]
}

fn from_base64(letters: &[u8]) -> Option<Vec<u8>> {
    use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    let whole = letters.len() - usize::from(letters.len() % 4 == 1);
    let letters: Vec<u8> = letters
        .iter()
        .take(whole)
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    LENIENT.decode(letters).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(views: &[View]) -> Vec<String> {
        views.iter().map(|view| String::from_utf8_lossy(&view.text).into_owned()).collect()
    }

    #[test]
    fn strings_under_one_key_are_put_together() {
        let text = "data: {\"p\":{\"d\":\"a\\n\",\"x\":\"one\"}}\n\ndata: {\"p\":{\"d\":\"\\u00e9b\"}}\n\n";
        let views = joined(text.as_bytes(), None).unwrap();
        assert_eq!(texts(&views), ["a\néb"]);
        let sources = views[0].sources(&(1..4));
        let shown: Vec<&str> = sources.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(shown, ["\\n", "\\u00e9"]);
        let text = "data: ab\ndata: c\nid: 1\n\ndata:d\n\n";
        assert_eq!(texts(&joined(text.as_bytes(), None).unwrap()), ["abcd"]);
    }

    #[test]
    fn percent_encoding_is_undone_where_it_is() {
        let text = r#"{"a":"x?u=%3Ft%3dv&b","c":"100%"}"#;
        let views = percent_decoded(text.as_bytes()).unwrap();
        assert_eq!(texts(&views), ["x?u=?t=v&b"]);
        let at = views[0].text.iter().position(|b| *b == b'v').unwrap();
        assert_eq!(&text[views[0].sources(&(at - 1..at + 1))[0].clone()], "%3dv");
    }

    #[test]
    fn base64_of_both_alphabets() {
        let text = b"a eyJhIjoiPz8_Pz8ifQ, short c3Nob3J0 eyJhIjoiPz8/Pz8ifQ==.";
        let found: Vec<_> = base64(text).map(|(range, plain)| (&text[range], plain)).collect();
        let plain = br#"{"a":"?????"}"#.to_vec();
        assert_eq!(
            found,
            [(&b"eyJhIjoiPz8_Pz8ifQ"[..], plain.clone()), (b"eyJhIjoiPz8/Pz8ifQ==", plain)]
        );
    }

    proptest! {
        #[test]
        fn a_view_says_what_the_string_says(value in "\\PC{0,20}", from in 0_usize..20, length in 0_usize..20) {
            let json = serde_json::to_string(&value).unwrap();
            let inner = 1..json.len() - 1;
            let mut view = View::default();
            unescape(json.as_bytes(), inner, &mut view).unwrap();
            prop_assert_eq!(&view.text, value.as_bytes());
            let range = from.min(value.len())..(from + length).min(value.len());
            for source in view.sources(&range) {
                prop_assert!(json.get(source.start.max(1)..source.end).is_some() || !value.is_ascii());
            }
        }

        #[test]
        fn any_bytes_are_walked(text in prop::collection::vec(prop::sample::select(
            &b"{}[]\":,\\u0%3D\n\rdata: AQ=="[..]), 0..60)) {
            let text: Vec<u8> = text;
            let _ = joined(&text, None);
            let _ = percent_decoded(&text);
            for (range, _) in base64(&text) {
                prop_assert!(range.end <= text.len());
            }
        }
    }
}
