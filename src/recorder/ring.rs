//! The ring: exchanges of origins that have shown nothing yet wait here, in memory, until they are
//! kept or leave by age or space (design.md, What is intercepted and kept). Pure: time comes in.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    capture::{ExchangeId, Fact, Record, Timestamp},
    protocol::Detector,
};

use super::{keep, pack};

/// The most that waits. Beyond it the oldest leave: ended ones are dropped and counted, running
/// ones are kept.
pub(super) const RING_BYTES: usize = 32 * 1024 * 1024;

/// How long an exchange waits before it leaves the same way.
pub(super) const RING_AGE: Duration = Duration::from_secs(10 * 60);

/// What an exchange costs beside its records.
const EXCHANGE_BYTES: usize = 1024;

/// The waiting exchanges in the order of their opening.
#[derive(Debug, Default)]
pub(super) struct Ring {
    exchanges: BTreeMap<ExchangeId, Waiting>,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    origin: String,
    opened_at: Timestamp,
    records: Vec<Record>,
    bytes: usize,
    body_bytes: u64,
    detector: Detector,
    ended: bool,
    is_oauth_leg: bool,
}

/// What left the ring.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// It is to be kept: these are its records so far.
    Kept(ExchangeId, Vec<Record>),
    /// It is gone.
    Dropped {
        /// Its origin.
        origin: String,
        /// The bytes of its bodies.
        bytes: u64,
    },
}

impl Ring {
    /// Takes in an exchange.
    pub(super) fn open(&mut self, id: ExchangeId, origin: String, url: &str, at: Timestamp) {
        let waiting = Waiting {
            origin,
            opened_at: at,
            records: Vec::new(),
            bytes: EXCHANGE_BYTES,
            body_bytes: 0,
            detector: Detector::new(),
            ended: false,
            is_oauth_leg: keep::is_oauth_leg(url),
        };
        self.bytes += EXCHANGE_BYTES;
        self.exchanges.insert(id, waiting);
    }

    /// Takes in records of a waiting exchange. Some: its origin, which they show to be MCP's.
    pub(super) fn push(&mut self, id: ExchangeId, records: Vec<Record>) -> Option<String> {
        let waiting = self.exchanges.get_mut(&id)?;
        let mut shows_mcp = false;
        for record in records {
            shows_mcp |= waiting.detector.push(&record);
            match &record.fact {
                Fact::End(_) => waiting.ended = true,
                Fact::Chunk { data, cut, .. } => waiting.body_bytes += data.len() as u64 + cut,
                _ => {}
            }
            let weight = pack::weight(&record);
            waiting.bytes += weight;
            self.bytes += weight;
            waiting.records.push(record);
        }
        shows_mcp.then(|| waiting.origin.clone())
    }

    /// Lets go all exchanges of an origin, and the ended OAuth legs that name it.
    pub(super) fn release(&mut self, origin: &str) -> Vec<(ExchangeId, Vec<Record>)> {
        let ids: Vec<ExchangeId> = self
            .exchanges
            .iter()
            .filter(|(_, waiting)| {
                waiting.origin == origin
                    || (waiting.is_oauth_leg
                        && waiting.ended
                        && keep::names(&waiting.records, origin))
            })
            .map(|(id, _)| *id)
            .collect();
        ids.into_iter().filter_map(|id| self.remove(id).map(|w| (id, w.records))).collect()
    }

    /// Lets go the ended OAuth legs of an origin.
    pub(super) fn release_legs_of(&mut self, origin: &str) -> Vec<(ExchangeId, Vec<Record>)> {
        let is_leg =
            |waiting: &Waiting| waiting.is_oauth_leg && waiting.ended && waiting.origin == origin;
        let legs = self.exchanges.iter().filter(|(_, waiting)| is_leg(waiting));
        let ids: Vec<ExchangeId> = legs.map(|(id, _)| *id).collect();
        ids.into_iter().filter_map(|id| self.remove(id).map(|w| (id, w.records))).collect()
    }

    /// Lets go an exchange that just ended, if it is an OAuth leg that is kept.
    pub(super) fn release_leg(
        &mut self,
        id: ExchangeId,
        is_kept: impl FnOnce(&[Record]) -> bool,
    ) -> Option<Vec<Record>> {
        let waiting = self.exchanges.get(&id)?;
        if !(waiting.is_oauth_leg && waiting.ended && is_kept(&waiting.records)) {
            return None;
        }
        self.remove(id).map(|waiting| waiting.records)
    }

    /// What has to leave by space or age at `now`.
    pub(super) fn evict(&mut self, now: Timestamp) -> Vec<Left> {
        let mut left = Vec::new();
        let oldest = now.0.saturating_sub(u64::try_from(RING_AGE.as_nanos()).unwrap_or(u64::MAX));
        while let Some((id, waiting)) = self.exchanges.first_key_value() {
            if self.bytes <= RING_BYTES && waiting.opened_at.0 >= oldest {
                break;
            }
            let id = *id;
            left.extend(self.leave(id));
        }
        left
    }

    /// Lets go one exchange that goes on.
    pub(super) fn take_running(&mut self, id: ExchangeId) -> Option<Vec<Record>> {
        self.remove(id).map(|waiting| waiting.records)
    }

    /// Everything leaves.
    pub(super) fn drain(&mut self) -> Vec<Left> {
        let ids: Vec<ExchangeId> = self.exchanges.keys().copied().collect();
        ids.into_iter().filter_map(|id| self.leave(id)).collect()
    }

    /// The bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn leave(&mut self, id: ExchangeId) -> Option<Left> {
        let waiting = self.remove(id)?;
        Some(if waiting.ended && !waiting.detector.undecodable() {
            Left::Dropped { origin: waiting.origin, bytes: waiting.body_bytes }
        } else {
            Left::Kept(id, waiting.records)
        })
    }

    fn remove(&mut self, id: ExchangeId) -> Option<Waiting> {
        let waiting = self.exchanges.remove(&id)?;
        self.bytes -= waiting.bytes;
        Some(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::testing::{chunk, end, id};

    const AT: Timestamp = Timestamp(1_000_000_000_000);

    fn ring(exchanges: &[(ExchangeId, usize, bool)]) -> Ring {
        let mut ring = Ring::default();
        for &(id, len, ended) in exchanges {
            ring.open(id, "http://plain".into(), "http://plain/", AT);
            ring.push(id, vec![chunk(id, 1, &vec![b'x'; len])]);
            if ended {
                ring.push(id, vec![end(id, 2)]);
            }
        }
        ring
    }

    #[test]
    fn by_age_ended_ones_are_dropped_and_running_ones_kept() {
        let (ended, running) = (id(), id());
        let mut ring = ring(&[(ended, 10, true), (running, 10, false)]);
        let age = u64::try_from(RING_AGE.as_nanos()).unwrap();
        assert_eq!(ring.evict(Timestamp(AT.0 + age)), []);
        let left = ring.evict(Timestamp(AT.0 + age + 1));
        assert_eq!(left[0], Left::Dropped { origin: "http://plain".into(), bytes: 10 });
        assert!(
            matches!(&left[1], Left::Kept(id, records) if *id == running && records.len() == 1)
        );
        assert_eq!(ring.bytes(), 0);
    }

    #[test]
    fn by_space_the_oldest_leave_until_the_rest_fits() {
        let ids = [id(), id(), id()];
        let mut ring = ring(&ids.map(|id| (id, RING_BYTES / 2 - 4096, true)));
        assert_eq!(ring.evict(AT).len(), 1);
        assert!(ring.bytes() <= RING_BYTES);
        assert!(ring.exchanges.contains_key(&ids[2]) && !ring.exchanges.contains_key(&ids[0]));
    }

    #[test]
    fn an_origin_takes_its_exchanges_and_the_legs_that_name_it() {
        let mut ring = Ring::default();
        let (same, leg, stranger) = (id(), id(), id());
        ring.open(same, "http://mcp".into(), "http://mcp/a", AT);
        ring.open(leg, "http://auth".into(), "http://auth/token", AT);
        ring.open(stranger, "http://auth".into(), "http://auth/page", AT);
        for id in [leg, stranger] {
            ring.push(id, vec![chunk(id, 0, b"resource=http%3A%2F%2Fmcp%2F"), end(id, 1)]);
        }
        let released: Vec<_> = ring.release("http://mcp").into_iter().map(|(id, _)| id).collect();
        assert_eq!(released, [same, leg]);
        assert_eq!(ring.exchanges.len(), 1);
    }
}
