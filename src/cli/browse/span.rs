//! How much there may be to read: counting it would take as long as reading it.

use crate::{
    capture::ExchangeId,
    protocol::index::Plan,
    recorder::{Source, SourceError},
};

/// How well the time of the last exchange is known, in milliseconds.
const PRECISION: u64 = 1_000;

/// From the first exchange to the last, in milliseconds: how many there are would have to be counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    first: u64,
    last: u64,
}

impl Span {
    /// When the first exchange and the last one began.
    pub(super) fn of(source: &mut dyn Source) -> Result<Self, SourceError> {
        let first = source.find(&Plan::default(), None, 1)?.pop().map(|first| ms(first.id));
        let Some(first) = first else { return Ok(Self::default()) };
        let (mut low, mut high) = (first, ms(ExchangeId::next()));
        while low + PRECISION < high {
            let middle = low + (high - low) / 2;
            let within = Some((at(middle), ExchangeId::from_bytes([0xff; 16])));
            match source.find(&Plan { within, ..Plan::default() }, None, 1)?.pop() {
                Some(found) => low = ms(found.id).max(middle),
                None => high = middle,
            }
        }
        Ok(Self { first, last: low })
    }

    /// How many there may be, when so many were read up to this one.
    pub(super) fn guess(self, done: u64, at: Option<ExchangeId>) -> u64 {
        let read = at.map_or(0, ms).saturating_sub(self.first).max(1);
        let all = self.last.saturating_sub(self.first).max(read);
        let guess = u128::from(done) * u128::from(all) / u128::from(read);
        u64::try_from(guess).unwrap_or(u64::MAX).max(done + 1)
    }
}

/// The time in an id.
fn ms(id: ExchangeId) -> u64 {
    u64::try_from(u128::from_be_bytes(*id.as_bytes()) >> 80).unwrap_or(u64::MAX)
}

/// The first id of a time.
fn at(ms: u64) -> ExchangeId {
    ExchangeId::from_bytes((u128::from(ms) << 80).to_be_bytes())
}
