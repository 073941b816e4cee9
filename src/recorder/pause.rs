//! What is kept of the traffic while nothing can be written: small facts are held back, bodies
//! become gaps (design.md, Store; store.md, Full disk). Pure.

use std::collections::{HashMap, HashSet};

use crate::capture::{ExchangeId, Fact, Gap, Record, Side, Timestamp};

use super::pack;

/// The most that is held back while recording is paused. Beyond it exchanges that begin are not
/// recorded at all, and are counted.
const HELD_BYTES: usize = 4 * 1024 * 1024;

/// A pause of the recording.
#[derive(Debug)]
pub(super) struct Pause {
    pub(super) reason: String,
    held: Vec<Record>,
    held_bytes: usize,
    /// What each exchange lost since the last fact that was held back of it.
    lost: HashMap<ExchangeId, [Option<Lost>; 2]>,
    /// Exchanges whose head was lost: nothing of them can be recorded.
    headless: HashSet<ExchangeId>,
    lost_bytes: u64,
    lost_exchanges: u64,
}

#[derive(Debug)]
struct Lost {
    n: u32,
    at: Timestamp,
    bytes: u64,
}

impl Pause {
    /// A pause that begins with records that could not be written: they are tried again.
    pub(super) fn new(reason: String, unwritten: Vec<Record>) -> Self {
        let held_bytes = unwritten.iter().map(pack::weight).sum();
        Self {
            reason,
            held: unwritten,
            held_bytes,
            lost: HashMap::new(),
            headless: HashSet::new(),
            lost_bytes: 0,
            lost_exchanges: 0,
        }
    }

    /// Takes in records that cannot be written now.
    pub(super) fn take(&mut self, records: Vec<Record>) {
        for record in records {
            self.take_one(record);
        }
    }

    /// What is to be written at the end of the pause, and the notice that tells of the loss; no
    /// notice where nothing was lost.
    pub(super) fn end(mut self, now: Timestamp) -> (Vec<Record>, Option<Record>) {
        let ids: Vec<ExchangeId> = self.lost.keys().copied().collect();
        for id in ids {
            self.hold_gaps(id);
        }
        let notice = (self.lost_bytes > 0 || self.lost_exchanges > 0).then(|| {
            let reason = match self.lost_exchanges {
                0 => format!("recording paused: {}", self.reason),
                n => format!("recording paused: {}; {n} exchanges not recorded", self.reason),
            };
            let gap = Gap { side: None, bytes: self.lost_bytes, reason };
            Record { exchange: None, n: 0, at: now, fact: Fact::Gap(gap) }
        });
        (self.held, notice)
    }

    fn take_one(&mut self, record: Record) {
        let Some(id) = record.exchange else { return self.hold(record) };
        if self.headless.contains(&id) {
            self.lost_bytes += payload(&record);
            if matches!(record.fact, Fact::End(_)) {
                self.headless.remove(&id);
            }
            return;
        }
        match &record.fact {
            Fact::Chunk { side, .. } => self.lose(id, *side, &record),
            Fact::Open(_) if self.held_bytes >= HELD_BYTES => {
                self.lost_exchanges += 1;
                self.headless.insert(id);
            }
            _ => {
                self.hold_gaps(id);
                self.hold(record);
            }
        }
    }

    fn lose(&mut self, id: ExchangeId, side: Side, record: &Record) {
        let bytes = payload(record);
        self.lost_bytes += bytes;
        let [request, response] = self.lost.entry(id).or_default();
        let slot = match side {
            Side::Request => request,
            Side::Response => response,
        };
        match slot {
            Some(lost) => lost.bytes += bytes,
            None => *slot = Some(Lost { n: record.n, at: record.at, bytes }),
        }
    }

    fn hold_gaps(&mut self, id: ExchangeId) {
        let Some(sides) = self.lost.remove(&id) else { return };
        let mut gaps: Vec<(Side, Lost)> = [Side::Request, Side::Response]
            .into_iter()
            .zip(sides)
            .filter_map(|(side, lost)| lost.map(|lost| (side, lost)))
            .collect();
        gaps.sort_by_key(|(_, lost)| lost.n);
        for (side, Lost { n, at, bytes }) in gaps {
            let reason = self.reason.clone();
            let fact = Fact::Gap(Gap { side: Some(side), bytes, reason });
            self.hold(Record { exchange: Some(id), n, at, fact });
        }
    }

    fn hold(&mut self, record: Record) {
        self.held_bytes += pack::weight(&record);
        self.held.push(record);
    }
}

fn payload(record: &Record) -> u64 {
    match &record.fact {
        Fact::Chunk { data, cut, .. } => data.len() as u64 + cut,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::testing::{chunk, end, id};

    #[test]
    fn bodies_become_gaps_in_their_place_and_ends_are_held() {
        let id = id();
        let mut pause = Pause::new("disk full".into(), vec![chunk(id, 1, b"unwritten")]);
        pause.take(vec![chunk(id, 2, b"abc"), chunk(id, 3, b"de"), end(id, 4)]);
        let (held, notice) = pause.end(Timestamp(9));
        assert_eq!(held.iter().map(|record| record.n).collect::<Vec<_>>(), [1, 2, 4]);
        let Fact::Gap(gap) = &held[1].fact else { panic!("{held:?}") };
        assert_eq!((gap.side, gap.bytes), (Some(Side::Response), 5));
        let Some(Record { fact: Fact::Gap(gap), .. }) = notice else { panic!() };
        assert_eq!((gap.side, gap.bytes), (None, 5));
    }

    #[test]
    fn a_pause_without_loss_tells_nothing() {
        let (held, notice) = Pause::new("x".into(), vec![chunk(id(), 0, b"a")]).end(Timestamp(1));
        assert_eq!((held.len(), notice), (1, None));
    }
}
