//! What may be a handle: a token that no person would have thought of, by its look.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
};

/// The longest token that is looked for, in bytes; longer values are bound only where the protocol
/// names them.
pub(super) const TOKEN_CAP: usize = 512;

/// What has a digit or mixed case may be as short.
const SHORTEST: usize = 6;

/// What has neither is at least as long.
const SHORTEST_PLAIN: usize = 12;

/// How long the words of a name are on average, at least.
const SHORTEST_HUMP: usize = 3;

/// Letters and digits of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// What stands around a token in prose, markup and code.
const AROUND: &[char] =
    &['"', '\'', '`', '<', '>', '(', ')', '[', ']', '{', '}', ',', ';', '|', '\\'];

/// A text's place in a set.
pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The runs of letters and digits.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Everything in a text that may be a token: the whole of it, what blanks and quotes part, the
/// pieces of URLs and paths, and UUIDs within longer words.
pub(super) fn spans<'t>(text: &'t str, each: &mut impl FnMut(&'t str)) {
    let mut tell = |span: &'t str| {
        if (SHORTEST..=TOKEN_CAP).contains(&span.len()) {
            each(span);
        }
    };
    let whole = text.trim();
    tell(whole);
    for word in whole.split(|c: char| c.is_whitespace() || AROUND.contains(&c)) {
        let word = word.trim_end_matches(['.', ':', '!', '?']);
        if word.len() < whole.len() {
            tell(word);
        }
        if !word.contains(|c: char| !is_plain(c)) {
            uuids(word, &mut tell);
            continue;
        }
        for piece in word.split(|c: char| "/?&=#:@".contains(c)) {
            if piece.len() < word.len() {
                tell(piece);
            }
            for run in piece.split(|c: char| !is_plain(c)) {
                if run.len() < piece.len() {
                    tell(run);
                }
                uuids(run, &mut tell);
            }
        }
    }
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// The UUIDs in a word that has more than that.
fn uuids<'t>(word: &'t str, tell: &mut impl FnMut(&'t str)) {
    const LENGTH: usize = 36;
    if word.len() <= LENGTH {
        return;
    }
    let starts = word.char_indices().map(|(at, _)| at);
    let begins = starts.filter(|at| *at == 0 || word.as_bytes().get(at - 1) == Some(&b'-'));
    let begins = begins.chain(word.match_indices('_').map(|(at, _)| at + 1));
    for at in begins {
        if let Some(uuid) = word.get(at..at + LENGTH).filter(|uuid| is_uuid(uuid)) {
            tell(uuid);
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let mut parts = text.split('-');
    UUID.iter().all(|length| {
        parts.next().is_some_and(|part| {
            part.len() == *length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }) && parts.next().is_none()
}

/// A text looks like a handle.
pub(super) fn is_token(text: &str) -> bool {
    if !(SHORTEST..=TOKEN_CAP).contains(&text.len()) || text.contains(char::is_whitespace) {
        return false;
    }
    if is_date(text) || is_address(text) {
        return false;
    }
    let letters_and_digits = words(text).map(str::len).sum::<usize>();
    if text.contains(|c: char| c.is_ascii_digit()) {
        return letters_and_digits >= SHORTEST;
    }
    let humps = humps(text);
    let is_long = humps.len() * SHORTEST_HUMP <= letters_and_digits;
    if is_long && humps.iter().all(|hump| reads_like_a_word(hump)) {
        // Words: a handle only where they are joined, like `brave-purple-fox` or a URI.
        let joined = words(text).count() > 1;
        return joined && text.len() >= SHORTEST_PLAIN;
    }
    letters_and_digits >= SHORTEST
}

/// Letters and digits that one of two names must have of its own to be another run's, not another's.
const MINTED: usize = 8;

/// Two names differ in one part alone, and that part was minted by its look, on both sides: a
/// `report-2025` that became `report-2026` is another report. What a redaction hid may be anything.
pub(crate) fn is_minted_anew(recorded: &str, fresh: &str) -> bool {
    let differs = |(own, its): &((usize, char), char)| own.1 != *its;
    let start = recorded.char_indices().zip(fresh.chars()).find(differs);
    let Some(((start, _), _)) = start else { return false };
    let start = recorded.get(..start).unwrap_or_default();
    let start = start.trim_end_matches(char::is_alphanumeric).len();
    let (own, its) = (recorded.get(start..), fresh.get(start..));
    let (own, its) = (own.unwrap_or_default(), its.unwrap_or_default());
    let alike = own.chars().rev().zip(its.chars().rev()).take_while(|(own, its)| own == its);
    let alike: usize = alike.map(|(own, _)| own.len_utf8()).sum();
    let alike = own.get(own.len() - alike..).unwrap_or_default();
    let end = alike.trim_start_matches(char::is_alphanumeric).len();
    let part = |text: &str| text.get(..text.len().saturating_sub(end)).map(str::to_owned);
    let is_minted = |part: &str| {
        let length: usize = words(part).map(str::len).sum();
        part.contains(|c: char| c.is_ascii_digit()) && length >= MINTED && is_token(part)
    };
    let (own, its) = (part(own).unwrap_or_default(), part(its).unwrap_or_default());
    is_minted(&its) && (is_minted(&own) || own.contains("{{"))
}

/// `2025-11-25`: a date or a revision of the protocol.
fn is_date(text: &str) -> bool {
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let lengths = text.split('-').map(|part| if is_digits(part) { part.len() } else { 0 });
    lengths.eq([4, 2, 2])
}

/// `127.0.0.1:3000` or `localhost:3000`: where a server is, not what it minted.
fn is_address(text: &str) -> bool {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let port = port.bytes().all(|byte| byte.is_ascii_digit());
    port && (host == "localhost" || host.parse::<std::net::IpAddr>().is_ok())
}

/// `toolsListChanged` is `tools`, `List`, `Changed`; what parts words parts humps too.
fn humps(text: &str) -> Vec<&str> {
    let mut humps = Vec::new();
    for word in words(text) {
        let (mut start, mut lower) = (0, false);
        for (at, c) in word.char_indices() {
            if lower && c.is_uppercase() {
                humps.extend(word.get(start..at));
                start = at;
            }
            lower = c.is_lowercase();
        }
        humps.extend(word.get(start..));
    }
    humps
}

/// It has as many vowels as words have, and its consonants can be spoken.
fn reads_like_a_word(hump: &str) -> bool {
    const MOST_CONSONANTS: usize = 5;
    let is_vowel = |c: char| !c.is_ascii() || "aeiouyAEIOUY".contains(c);
    let cased =
        hump.chars().skip(1).all(char::is_lowercase) || hump.chars().all(char::is_uppercase);
    let length = hump.chars().count();
    let runs = hump.split(is_vowel).map(str::len).max().unwrap_or_default();
    cased && (length < 4 || hump.contains(is_vowel)) && runs <= MOST_CONSONANTS
}

/// Where within a text a token stands, with neither a letter nor a digit beside it.
pub(super) fn is_bounded(text: &str, range: &Range<usize>) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let within = text.get(range.clone()).unwrap_or_default();
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let after = text.get(range.end..).and_then(|after| after.chars().next());
    let (opens, closes) = (within.chars().next(), within.chars().next_back());
    !(is_letter(opens) && is_letter(before) || is_letter(closes) && is_letter(after))
}
