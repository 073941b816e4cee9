//! Counts, by host, of exchanges that were forwarded and not kept; written as notices from time to
//! time, so that nothing is dropped silently (design.md, tenet 2).

use std::{collections::HashMap, time::Duration};

use crate::capture::{Fact, NotKept, Record, Timestamp};

/// How often one host's count is written at most.
const PERIOD: Duration = Duration::from_secs(10);

/// How many hosts are counted apart between two notices; the others are counted together.
const HOSTS: usize = 1_000;

/// What all hosts beyond [`HOSTS`] are called.
const OTHERS: &str = "(other hosts)";

/// The counts since the last notices.
#[derive(Debug, Default)]
pub(super) struct Tally {
    hosts: HashMap<String, (u64, u64)>,
    since: Timestamp,
}

impl Tally {
    /// Counts one exchange and the bytes of its bodies.
    pub(super) fn count(&mut self, origin: &str, bytes: u64) {
        let host = origin.split_once("://").map_or(origin, |(_, host)| host);
        let known = self.hosts.len() < HOSTS || self.hosts.contains_key(host);
        let host = if known { host } else { OTHERS };
        let (exchanges, sum) = self.hosts.entry(host.to_owned()).or_default();
        *exchanges += 1;
        *sum += bytes;
    }

    /// The notices that are due at `now`, by host.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Record> {
        if u128::from(now.0.saturating_sub(self.since.0)) < PERIOD.as_nanos() {
            return Vec::new();
        }
        self.take(now)
    }

    /// All notices, due or not.
    pub(super) fn take(&mut self, now: Timestamp) -> Vec<Record> {
        self.since = now;
        let mut hosts: Vec<_> = self.hosts.drain().collect();
        hosts.sort();
        hosts
            .into_iter()
            .map(|(host, (exchanges, bytes))| Record {
                exchange: None,
                n: 0,
                at: now,
                fact: Fact::NotKept(NotKept { host, exchanges, bytes }),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_summed_by_host_and_told_at_most_every_period() {
        let mut tally = Tally::default();
        let start = Timestamp(1_000_000_000_000);
        tally.count("https://a", 5);
        tally.count("https://a", 6);
        tally.count("http://b:81", 1);
        let told = tally.due(start);
        assert_eq!(told.len(), 2);
        let Fact::NotKept(a) = &told[0].fact else { panic!("{told:?}") };
        assert_eq!((a.host.as_str(), a.exchanges, a.bytes), ("a", 2, 11));
        tally.count("https://a", 5);
        assert_eq!(tally.due(Timestamp(start.0 + 1_000_000_000)), []);
        assert_eq!(tally.take(start).len(), 1);
    }
}
