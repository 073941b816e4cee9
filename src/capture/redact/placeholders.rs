//! Which secret got which placeholder.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// How many secrets are remembered. One beyond them gets a new placeholder at each appearance: it
/// stays secret, but its equality is lost.
const MAX_SECRETS: usize = 1 << 20;

/// The longest word and number of a placeholder that is taken for one.
const MAX_KIND: usize = 64;

/// A placeholder and what it stands for, without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Redaction {
    /// `{{authorization:1}}`.
    pub placeholder: String,
    /// `authorization`.
    pub kind: String,
    /// How often it stands in what was redacted.
    pub count: u64,
}

/// Braces, colon and number of a placeholder are not longer.
const LONGEST_NUMBER: usize = 32;

/// Numbers each secret of a kind by first appearance. Secrets are remembered by hash.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    of_secret: HashMap<[u8; 16], usize>,
    of_text: HashMap<String, usize>,
    last_number: HashMap<String, u64>,
    seen: Vec<Redaction>,
}

impl Placeholders {
    /// The placeholder for a secret; a placeholder stands for itself. The kind is that of the
    /// secret's first appearance.
    pub(super) fn of(&mut self, kind: &str, secret: &[u8]) -> String {
        let index = match placeholder(secret) {
            Some((kind, number)) => self.kept(kind, number),
            None => self.numbered(kind, secret),
        };
        match self.seen.get_mut(index) {
            Some(redaction) => {
                redaction.count += 1;
                redaction.placeholder.clone()
            }
            None => format!("{{{{{kind}:0}}}}"),
        }
    }

    /// Gives the number of this placeholder to no secret.
    pub(super) fn reserve(&mut self, text: &str) {
        if let Some((kind, number)) = placeholder(text.as_bytes()) {
            let last = self.last_number.entry(kind.to_owned()).or_default();
            *last = (*last).max(number);
        }
    }

    /// Whether a secret has its placeholder.
    pub(super) fn knows(&self, secret: &[u8]) -> bool {
        !secret.is_empty()
            && !self.of_secret.is_empty()
            && self.of_secret.contains_key(&hash(secret))
    }

    /// All placeholders by first appearance.
    pub(super) fn list(&self) -> Vec<Redaction> {
        self.seen.clone()
    }

    /// A placeholder that was there already. Its number is taken.
    fn kept(&mut self, kind: &str, number: u64) -> usize {
        let last = self.last_number.entry(kind.to_owned()).or_default();
        *last = (*last).max(number);
        self.entry(kind, number)
    }

    fn numbered(&mut self, kind: &str, secret: &[u8]) -> usize {
        let key = hash(secret);
        if let Some(index) = self.of_secret.get(&key) {
            return *index;
        }
        let kind: String = kind.chars().map(|c| if is_kind(c) { c } else { '-' }).collect();
        let last = self.last_number.entry(kind.clone()).or_default();
        *last = last.saturating_add(1);
        let number = *last;
        let index = self.entry(&kind, number);
        if self.of_secret.len() < MAX_SECRETS {
            self.of_secret.insert(key, index);
        }
        index
    }

    fn entry(&mut self, kind: &str, number: u64) -> usize {
        let text = format!("{{{{{kind}:{number}}}}}");
        if let Some(index) = self.of_text.get(&text) {
            return *index;
        }
        let index = self.seen.len();
        self.of_text.insert(text.clone(), index);
        self.seen.push(Redaction { placeholder: text, kind: kind.to_owned(), count: 0 });
        index
    }
}

fn hash(secret: &[u8]) -> [u8; 16] {
    let whole: [u8; 32] = Sha256::digest(secret).into();
    let (half, _) = whole.split_first_chunk::<16>().expect("32 bytes have 16");
    *half
}

/// The kind and number of a text that is a placeholder.
pub(super) fn placeholder(text: &[u8]) -> Option<(&str, u64)> {
    let inner = text.strip_prefix(b"{{")?.strip_suffix(b"}}")?;
    let (kind, number) = std::str::from_utf8(inner).ok()?.rsplit_once(':')?;
    let fits = !kind.is_empty() && kind.len() <= MAX_KIND && kind.chars().all(is_kind);
    let number = number.parse::<u64>().ok().filter(|n| n.to_string() == number)?;
    fits.then_some((kind, number))
}

/// Whether a text is a placeholder of a kind that may stand where no name says so: on a tape that
/// was redacted before, nothing else tells it from other text.
#[must_use]
pub fn stands_alone(text: &str) -> bool {
    const ALONE: [&str; 4] = ["environment", "mirrored", "redacted", "path"];
    placeholder(text.as_bytes())
        .is_some_and(|(kind, _)| ALONE.contains(&kind) || super::rules::is_kind(kind))
}

/// Every placeholder that stands in a text.
pub fn placeholders_in(text: &[u8]) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += text.get(at..)?.windows(2).position(|pair| pair == b"{{")?;
            let rest = text.get(at..)?;
            let rest = rest.get(..MAX_KIND + LONGEST_NUMBER).unwrap_or(rest);
            let end = rest.windows(2).position(|pair| pair == b"}}");
            let found = end.and_then(|end| text.get(at..at + end + 2));
            match found.filter(|found| placeholder(found).is_some()) {
                Some(found) => {
                    at += found.len();
                    return std::str::from_utf8(found).ok();
                }
                None => at += 1,
            }
        }
    })
}

fn is_kind(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_'
}
