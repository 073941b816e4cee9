//! The index: under which keys an exchange is found, and which keys a query asks for.
//!
//! A [`Key`] is a hash of a kind and a text, `method` and `tools/call`. The store keeps, under each
//! key, the exchanges that bear it. A [`Plan`] is what a query makes of its terms: lists of keys,
//! of each of which an exchange bears at least one. A key promises too much rather than too little:
//! whoever follows a plan tests what it finds, so that two texts of one hash, or a summary that
//! lists not all of its methods, cost time and nothing else.
//!
//! To know the session of a hit, only its [`Kin`] are read: an exchange's session depends on those
//! that share its group, and on the legs that led to them. That is what keeps `find` from folding
//! a whole store for a hundred hits.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::model::Summary;
pub use super::session::Kin;
use crate::capture::{ExchangeId, Outcome, Timestamp};

/// A term of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(u64);

/// An exchange's messages come within so long after the time in its id, in milliseconds, unless it
/// is astray: an hour.
const REACH: u64 = 3_600_000;

const NS_IN_MS: u64 = 1_000_000;

/// What can hold of exchanges that a plan finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// An exchange bears a key of each of these.
    pub all: Vec<Vec<Key>>,
    /// Its id lies between these two, both included.
    pub within: Option<(ExchangeId, ExchangeId)>,
    /// The time in its id lies between these two, both included, or it bears [`Key::astray`].
    pub during: Option<(ExchangeId, ExchangeId)>,
}

impl Plan {
    /// What bears this key.
    #[must_use]
    pub fn of(key: Key) -> Self {
        Self { all: vec![vec![key]], ..Self::default() }
    }

    /// The exchanges whose id begins with this text; none where no id does.
    #[must_use]
    pub fn beginning(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .bytes()
            .filter(|byte| *byte != b'-')
            .map(|byte| u8::try_from(char::from(byte).to_digit(16)?).ok())
            .collect::<Option<_>>()?;
        let bound = |filler: u8| {
            let mut bytes = [0_u8; 16];
            for (place, byte) in bytes.iter_mut().enumerate() {
                let digit = |at: usize| digits.get(at).copied().unwrap_or(filler);
                *byte = digit(2 * place) << 4 | digit(2 * place + 1);
            }
            ExchangeId::from_bytes(bytes)
        };
        let within = Some((bound(0), bound(15)));
        (digits.len() <= 32).then(|| Self { within, ..Self::default() })
    }

    /// The same by the summary alone: for what no index holds.
    #[must_use]
    pub fn admits(&self, summary: &Summary) -> bool {
        if self.within.is_some_and(|(from, to)| summary.id < from || summary.id > to) {
            return false;
        }
        let lies = |(from, to): (ExchangeId, ExchangeId)| from <= summary.id && summary.id <= to;
        if self.during.is_some_and(|during| !lies(during) && !is_astray(summary)) {
            return false;
        }
        if self.all.is_empty() {
            return true;
        }
        let mut own = Vec::new();
        keys(summary, &mut own);
        self.all.iter().all(|any| any.iter().any(|key| own.contains(key)))
    }
}

/// The ids that are of messages between these times, save of what is astray.
pub(super) fn during(
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> (ExchangeId, ExchangeId) {
    let bytes = |ms: u64, rest: u128| {
        ExchangeId::from_bytes((u128::from(ms.min((1 << 48) - 1)) << 80 | rest).to_be_bytes())
    };
    let from = since.map_or(0, |since| (since.0 / NS_IN_MS).saturating_sub(REACH));
    let to = until.map_or(u64::MAX, |until| (until.0 / NS_IN_MS).saturating_add(REACH));
    (bytes(from, 0), bytes(to, (1 << 80) - 1))
}

/// It goes on long after it began, or its id tells another time than it.
fn is_astray(summary: &Summary) -> bool {
    let id = u128::from_be_bytes(*summary.id.as_bytes()) >> 80;
    let id = u64::try_from(id).unwrap_or(u64::MAX);
    let (from, to) = (summary.started_at.0 / NS_IN_MS, summary.last_at.0 / NS_IN_MS);
    to > id.saturating_add(REACH) || from.saturating_add(REACH) < id
}

impl Key {
    /// The key of a text.
    #[must_use]
    pub fn of(kind: &str, text: &str) -> Self {
        let mut hash = Stable::default();
        hash.text(kind);
        hash.text(text);
        hash.key()
    }

    /// Its bytes, in the order that sorts as the keys do.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    pub(super) fn method(method: &str) -> Self {
        Self::of("method", method)
    }

    pub(super) fn name(name: &str) -> Self {
        Self::of("name", name)
    }

    pub(super) fn http(status: u16) -> Self {
        Self::of("http", &status.to_string())
    }

    pub(super) fn outcome(outcome: Outcome) -> Self {
        Self::of("outcome", outcome.as_str())
    }

    /// Not all of its methods and names are known from its summary.
    pub(super) fn unlisted() -> Self {
        Self::of("subject", "unlisted")
    }

    /// When it was does not show from its id.
    #[must_use]
    pub fn astray() -> Self {
        Self::of("time", "astray")
    }

    /// Something in it failed.
    pub(super) fn failed() -> Self {
        Self::of("status", "error")
    }

    /// How a call of it came out shows elsewhere, or does not show yet.
    pub(super) fn undecided() -> Self {
        Self::of("status", "undecided")
    }
}

/// Every key that an exchange bears.
pub fn keys(summary: &Summary, into: &mut Vec<Key>) {
    into.extend(summary.methods.iter().map(|method| Key::method(method)));
    into.extend(summary.names.iter().map(|name| Key::name(name)));
    if is_unlisted(summary) {
        into.push(Key::unlisted());
    }
    if may_have_failed(summary) {
        into.push(Key::failed());
    }
    if is_undecided(summary) {
        into.push(Key::undecided());
    }
    if is_astray(summary) {
        into.push(Key::astray());
    }
    if let Some(status) = summary.status.filter(|status| is_indexed(*status)) {
        into.push(Key::http(status));
    }
    if let Some(outcome) = summary.outcome.filter(|outcome| *outcome != Outcome::Completed) {
        into.push(Key::outcome(outcome));
    }
    let kin = Kin::of(summary);
    into.push(kin.group);
    into.extend(kin.keys());
}

/// 200 is nearly everything: nothing is won by listing it.
pub(super) fn is_indexed(status: u16) -> bool {
    status != 200
}

/// Methods and names may be in it that its summary does not list.
pub(super) fn is_unlisted(summary: &Summary) -> bool {
    summary.more || summary.answers_elsewhere
}

/// It holds a failure of any kind.
pub(super) fn may_have_failed(summary: &Summary) -> bool {
    summary.counts.errors > 0
        || summary.status.is_some_and(|status| status >= 400)
        || summary.outcome.is_some_and(Outcome::is_fault)
}

/// What became of its calls, or of itself, cannot be told from its summary.
pub(super) fn is_undecided(summary: &Summary) -> bool {
    summary.answers_elsewhere || summary.awaits || summary.status.is_none()
}

/// A hash of 64 bits: the same in every build and on every machine, which the standard library's
/// hashers do not promise. Eight bytes are a step: multiplied, and the upper half folded down, for a
/// product's lower bits never hear of what is above them.
pub(super) struct Stable(u64);

impl Default for Stable {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Stable {
    /// What was hashed.
    pub(super) fn key(&self) -> Key {
        Key(self.0)
    }

    /// A text with its length, so that no two lists of texts are one.
    pub(super) fn text(&mut self, text: &str) {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        for word in words {
            self.number(u64::from_le_bytes(*word));
        }
        let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
        self.number(last);
        self.number(text.len() as u64);
    }

    /// A text that may not be there.
    pub(super) fn maybe(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    /// A number, or a part of a text.
    pub(super) fn number(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }
}
