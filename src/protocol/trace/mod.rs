//! Where a value stands in an exchange: every place that mentions it, from its URL to the last
//! frame of its answer.
//!
//! A mention is a token: the value with neither a letter nor a digit right before or after it. It
//! counts whole and as part of a longer value, and however the place spells it: percent-encoded in
//! URLs and forms, escaped in JSON, as JSON text inside a JSON string, as `=?base64?…?=` in a
//! header (protocol.md §1.1). A mention names the place and never what stands beside the value.

mod body;
mod heads;
mod json;
mod needle;
mod sieve;
#[cfg(test)]
mod tests;

use needle::Needle;
use sieve::Sieve;

use super::reader::read;
use crate::capture::{ExchangeId, Fact, Record, Side, Timestamp};

/// Mentions told of one exchange. Further ones are left out, and [`Mentions::cut`] says so.
const MENTIONS_CAP: usize = 1_000;

/// One value to look for.
#[derive(Clone, Debug)]
pub struct Trace {
    needle: Needle,
    sieve: Sieve,
}

/// One place that mentions the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// When it passed: the last byte of what it stands in.
    pub at: Timestamp,
    /// The exchange.
    pub exchange: ExchangeId,
    /// Whose part of it.
    pub side: Side,
    /// The message that it stands in, `EXCHANGE.N`.
    pub message: Option<String>,
    /// The frame that it stands in.
    pub frame: Option<u32>,
    /// Where, as faces.md spells it: `url`, `cookie:NAME`, `response-body:/a/b`. The path is from
    /// the message, where it stands in one.
    pub place: String,
    /// Where in the JSON text that the string at `place` holds, RFC 6901.
    pub inner: Option<String>,
    /// The place holds the value and nothing else.
    pub whole: bool,
}

/// What one exchange mentions, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// The places.
    pub all: Vec<Mention>,
    /// There were more of them than are told of one exchange.
    pub cut: bool,
}

impl Trace {
    /// Looks for this value, as it is; none where it is empty.
    #[must_use]
    pub fn new(value: &str) -> Option<Self> {
        Some(Self { needle: Needle::new(value)?, sieve: Sieve::of(value) })
    }

    /// Every place of an exchange that mentions the value. `records` are all of the exchange's, in
    /// the order of `n`; without its opening nothing is found.
    #[must_use]
    pub fn mentions(&self, records: &[Record]) -> Mentions {
        let opening = records.iter().find(|record| matches!(record.fact, Fact::Open(_)));
        let Some(exchange) = opening.and_then(|record| record.exchange) else {
            return Mentions::default();
        };
        let mut found = Found { exchange, mentions: Mentions::default() };
        for record in records {
            self.head(record, &mut found);
        }
        if self.sieve.lets_through(records) {
            self.bodies(records, &mut found);
        }
        let mut mentions = found.mentions;
        mentions.all.sort_by_key(|mention| mention.at);
        mentions
    }

    fn bodies(&self, records: &[Record], found: &mut Found) {
        let Some(reading) = read(records) else { return };
        body::messages(&self.needle, &reading, found);
        body::frames(&self.needle, &reading, found);
        body::documents(&self.needle, &reading, found);
        for side in [Side::Request, Side::Response] {
            if body::is_read(&reading, side) || found.has_body_of(side) {
                continue;
            }
            body::unread(&self.needle, records, side, found);
        }
    }

    /// The mentions in a record other than a body's.
    fn head(&self, record: &Record, found: &mut Found) {
        let needle = &self.needle;
        match &record.fact {
            Fact::Open(open) => {
                if let Some(whole) = needle.is_in(&open.url) {
                    found.add(Spot::of(record.at, Side::Request, "url".to_owned(), whole));
                }
                heads::headers(needle, &open.headers, Side::Request, record.at, found);
            }
            Fact::Head(head) => {
                heads::headers(needle, &head.headers, Side::Response, record.at, found);
            }
            Fact::Informational(head) => {
                heads::headers(needle, &head.headers, Side::Response, record.at, found);
            }
            Fact::BodyEnd { side, trailers } => {
                heads::headers(needle, trailers, *side, record.at, found);
            }
            _ => {}
        }
    }
}

/// A mention in the making.
struct Spot {
    at: Timestamp,
    side: Side,
    message: Option<String>,
    frame: Option<u32>,
    place: String,
    inner: Option<String>,
    whole: bool,
}

impl Spot {
    fn of(at: Timestamp, side: Side, place: String, whole: bool) -> Self {
        Self { at, side, message: None, frame: None, place, inner: None, whole }
    }
}

/// Where mentions are gathered.
struct Found {
    exchange: ExchangeId,
    mentions: Mentions,
}

impl Found {
    /// Adds a mention; a place is told once.
    fn add(&mut self, new: Spot) {
        let Spot { at, side, message, frame, place, inner, whole } = new;
        let known = |old: &&mut Mention| {
            old.side == side
                && old.place == place
                && old.message == message
                && old.frame == frame
                && old.inner == inner
        };
        if let Some(old) = self.mentions.all.iter_mut().rev().take(ALIKE).find(known) {
            old.whole |= whole;
        } else if self.mentions.all.len() >= MENTIONS_CAP {
            self.mentions.cut = true;
        } else {
            let exchange = self.exchange;
            let mention = Mention { at, exchange, side, message, frame, place, inner, whole };
            self.mentions.all.push(mention);
        }
    }

    /// Whether a body has been found to mention the value.
    fn has_body_of(&self, side: Side) -> bool {
        let is_body = |mention: &Mention| mention.side == side && mention.place.contains("-body:");
        self.mentions.all.iter().any(is_body)
    }
}

/// How far back a place told twice is looked for: two headers of one name stand near each other,
/// and in a body no place comes twice unless a key does.
const ALIKE: usize = 64;
