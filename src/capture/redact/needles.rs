//! Known secrets, found wherever they stand and however they are spelled.
//!
//! The scan by names finds a token under `access_token`; a tool that echoes that token finds it
//! again in a text where no name says so. So an export first learns every secret, then looks for
//! each of them everywhere.

use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
    sync::Arc,
};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is shorter is replaced only under its name: it would hit by accident.
const SHORTEST: usize = 8;

/// From here on one kind of letter is enough: no word of a protocol is that long.
const SURELY_RANDOM: usize = 20;

/// How much of secrets is looked for, in bytes over all. An export with more is refused
/// ([`TooManySecrets`]): it could not be promised that none is left.
const MAX_BYTES: usize = 16 << 20;

/// RFC 3986, unreserved characters stay.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An export has more secrets than can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "these sessions hold more secrets than can be looked for everywhere\nhint: export fewer sessions at once"
)]
pub struct TooManySecrets;

/// Secrets that a screen looks for, the latest ones. A recording with more at a time masks the
/// older ones only under their names.
const MAX_RECENT: usize = 1024;

/// New ones for which a small finder is made each time; with more, the large one is made anew.
const MAX_FRESH: usize = 32;

/// Secrets as they are learnt, with the word of their placeholder.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    kinds: HashMap<Vec<u8>, String>,
    bytes: usize,
    /// In their order, where only the latest are kept.
    recent: Option<VecDeque<Vec<u8>>>,
    /// Those that `settled` does not find yet.
    fresh: HashMap<Vec<u8>, String>,
    settled: Option<Arc<Tier>>,
}

impl Learnt {
    /// Keeps only the latest.
    pub(super) fn recent() -> Self {
        Self { recent: Some(VecDeque::new()), ..Self::default() }
    }

    /// Remembers a secret that is worth looking for; whether it is new.
    pub(super) fn add(&mut self, kind: &str, secret: &[u8]) -> bool {
        is_needle(secret) && self.insert(kind, secret, false)
    }

    /// Remembers a secret that somebody named: a plain word too.
    pub(super) fn add_named(&mut self, kind: &str, secret: &[u8]) -> bool {
        secret.len() >= SHORTEST && !is_number(secret) && self.insert(kind, secret, true)
    }

    /// What is `named` is never forgotten.
    fn insert(&mut self, kind: &str, secret: &[u8], named: bool) -> bool {
        if self.kinds.contains_key(secret) {
            if let Some(recent) = &mut self.recent
                && let Some(place) = recent.iter().position(|known| known == secret)
                && let Some(used) = recent.remove(place)
            {
                recent.push_back(used);
            }
            return false;
        }
        self.bytes += secret.len();
        match &mut self.recent {
            // The error of too many secrets is told when they are looked for.
            None if self.bytes > MAX_BYTES => return true,
            Some(recent) if !named => {
                recent.push_back(secret.to_vec());
                if recent.len() > MAX_RECENT
                    && let Some(oldest) = recent.pop_front()
                {
                    self.kinds.remove(&oldest);
                }
                self.bytes = 0;
            }
            _ => {}
        }
        if self.recent.is_some() {
            self.fresh.insert(secret.to_vec(), kind.to_owned());
        }
        self.kinds.insert(secret.to_vec(), kind.to_owned());
        true
    }

    /// What finds them.
    pub(super) fn needles(&mut self) -> Result<Needles, TooManySecrets> {
        if self.bytes > MAX_BYTES {
            return Err(TooManySecrets);
        }
        // A finder of nothing costs as much to make as one of some.
        if self.kinds.is_empty() {
            return Ok(Needles { tiers: Vec::new() });
        }
        if self.recent.is_none() {
            return Ok(Needles { tiers: vec![Arc::new(Tier::of(&self.kinds)?)] });
        }
        if self.fresh.len() > MAX_FRESH || self.settled.is_none() {
            self.fresh.clear();
            self.settled = Some(Arc::new(Tier::of(&self.kinds)?));
        }
        let mut tiers: Vec<Arc<Tier>> = self.settled.iter().cloned().collect();
        if !self.fresh.is_empty() {
            tiers.push(Arc::new(Tier::of(&self.fresh)?));
        }
        Ok(Needles { tiers })
    }
}

/// A known secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known<'n> {
    pub(super) range: Range<usize>,
    pub(super) kind: &'n str,
    pub(super) secret: &'n [u8],
}

/// Finds known secrets in any text.
#[derive(Debug)]
pub struct Needles {
    tiers: Vec<Arc<Tier>>,
}

/// One automaton for many secrets.
#[derive(Debug)]
struct Tier {
    finder: AhoCorasick,
    of_pattern: Vec<usize>,
    secrets: Vec<(Vec<u8>, String)>,
}

impl Tier {
    fn of(kinds: &HashMap<Vec<u8>, String>) -> Result<Self, TooManySecrets> {
        let mut secrets: Vec<(Vec<u8>, String)> =
            kinds.iter().map(|(secret, kind)| (secret.clone(), kind.clone())).collect();
        secrets.sort();
        let mut patterns = Vec::new();
        let mut of_pattern = Vec::new();
        for (index, (secret, _)) in secrets.iter().enumerate() {
            for spelling in spellings(secret) {
                patterns.push(spelling);
                of_pattern.push(index);
            }
        }
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns);
        let finder = finder.map_err(|_| TooManySecrets)?;
        Ok(Self { finder, of_pattern, secrets })
    }

    fn all<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Known<'a>> {
        self.finder.find_iter(text).filter_map(|hit| {
            let secret = self.of_pattern.get(hit.pattern().as_usize())?;
            let (secret, kind) = self.secrets.get(*secret)?;
            Some(Known { range: hit.range(), kind, secret })
        })
    }
}

impl Needles {
    /// Whether one of them is in the text, and where.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<Range<usize>> {
        self.tiers.iter().find_map(|tier| tier.finder.find(text)).map(|hit| hit.range())
    }

    /// How long they are at most, however spelled.
    pub(super) fn longest(&self) -> usize {
        self.tiers.iter().map(|tier| tier.finder.max_pattern_len()).max().unwrap_or(0)
    }

    /// Every place of one of them.
    pub(super) fn all<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Known<'a>> {
        self.tiers.iter().flat_map(|tier| tier.all(text))
    }
}

/// Whether finding it elsewhere means something. A number is none: it would hit ids and times, and
/// a replaced number is no JSON. Nor is one plain word: `"password":"password"`.
fn is_needle(secret: &[u8]) -> bool {
    let kinds: [fn(&u8) -> bool; 4] =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit, |b| {
            !b.is_ascii_alphanumeric()
        }];
    let kinds = kinds.iter().filter(|kind| secret.iter().any(kind)).count();
    secret.len() >= SHORTEST
        && !is_number(secret)
        && (kinds >= 2 || secret.len() >= SURELY_RANDOM)
        && super::placeholders::placeholder(secret).is_none()
}

fn is_number(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'))
}

/// A secret as it is, escaped for JSON once and twice, percent-encoded, and inside base64 of
/// something longer, at each of the three places where it may begin there.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![secret.to_vec()];
    if let Ok(text) = std::str::from_utf8(secret) {
        let once = escaped(text);
        all.push(escaped(&once).into_bytes());
        all.push(once.into_bytes());
        let percent = utf8_percent_encode(text, RESERVED).to_string();
        all.push(percent.replace("%20", "+").into_bytes());
        all.push(percent.into_bytes());
    }
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for before in 0..3 {
            let mut padded = vec![0; before];
            padded.extend_from_slice(secret);
            let text = engine.encode(&padded);
            // The letters at the ends carry bits of their neighbours too.
            let first = (before * 8).div_ceil(6);
            let last = padded.len() * 8 / 6;
            if let Some(inner) = text.get(first..last).filter(|inner| inner.len() >= SHORTEST) {
                all.push(inner.as_bytes().to_vec());
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

/// The inside of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(secrets: &[&str]) -> Needles {
        let mut learnt = Learnt::default();
        for secret in secrets {
            learnt.add("secret", secret.as_bytes());
        }
        learnt.needles().expect("few")
    }

    #[test]
    fn every_spelling_is_found() {
        let secret = "s3cr\"t/to en+é";
        let needles = needles(&[secret]);
        let json = serde_json::json!({ "a": secret }).to_string();
        let nested = serde_json::json!({ "a": json }).to_string();
        let encode = |text: &str| STANDARD_NO_PAD.encode(text);
        let table = [
            secret.to_owned(),
            json,
            nested,
            utf8_percent_encode(secret, RESERVED).to_string(),
            encode(secret),
            encode(&format!("a{secret}b")),
            encode(&format!("ab{secret}bcd")),
            encode(&format!("abc{secret}")),
            URL_SAFE_NO_PAD.encode(format!("abcd{secret}!")),
        ];
        for text in table {
            assert!(needles.find(text.as_bytes()).is_some(), "{text}");
        }
        assert!(needles.find(b"s3cr t/to en").is_none());
    }

    #[test]
    fn what_hits_by_accident_is_no_needle() {
        for plain in ["short1", "12345678901", "2025-11-25", "password", "{{session:1}}"] {
            assert!(!is_needle(plain.as_bytes()), "{plain}");
        }
        for secret in ["s3cr3t-t", "correcthorsebatterystaple", "f39aba069a8140"] {
            assert!(is_needle(secret.as_bytes()), "{secret}");
        }
    }
}
