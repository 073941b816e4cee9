//! When the catalog's thread works: at once, or once a burst is over.
//!
//! In a burst whatever it does it takes from the traffic, and what it does for each exchange by
//! itself costs more than for many (store.md: the catalog "may lag in a burst"). So it rests while
//! traffic is dense, for a second at most, unless somebody reads: what it has not taken in, readers
//! fold by themselves. A thread that rests is not woken by entries, and
//! the writer drops their records at once, while they are still in the processor's caches.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

/// How often a thread that rests looks whether it still may.
const LOOK: Duration = Duration::from_millis(50);

/// Traffic is dense when as many records come within [`LOOK`]: 20,000 a second, some 3,000 small
/// exchanges. The catalog keeps up with less without being noticed.
const DENSE_RECORDS: usize = 1_000;

/// How long a rest lasts at most: it makes batches worth their work, it is not to put the work off.
pub(super) const LONGEST_REST: Duration = Duration::from_secs(1);

/// How far the durable catalog lags behind while it keeps up.
pub(super) const SYNC_PERIOD: Duration = Duration::from_secs(5);

/// What the thread and those who give it work know of each other.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Records of which the thread was told, ever; it wraps.
    told: AtomicUsize,
    /// The thread rests.
    rests: AtomicBool,
    /// It is waited for.
    wanted: AtomicBool,
}

impl Pace {
    /// The thread was told of so many records.
    pub(super) fn told(&self, records: usize) {
        self.told.fetch_add(records, Relaxed);
    }

    /// Whether the thread rests, and will read from the journal what it is told of now.
    pub(super) fn rests(&self) -> bool {
        self.rests.load(Relaxed)
    }

    /// Somebody waits for the thread. It is to be unparked, too.
    pub(super) fn want(&self) {
        self.wanted.store(true, Relaxed);
    }

    /// How many records came since the count was this. The count is made the present one.
    pub(super) fn since(&self, count: &mut usize) -> usize {
        let now = self.told.load(Relaxed);
        now.wrapping_sub(std::mem::replace(count, now))
    }

    /// Rests on the thread that calls while traffic is dense, nobody waits and `may` says yes, but
    /// not for longer than that.
    pub(super) fn rest(&self, longest: Duration, may: impl Fn() -> bool) {
        let until = Instant::now() + longest;
        self.rests.store(true, Relaxed);
        let mut count = self.told.load(Relaxed);
        while !self.wanted.swap(false, Relaxed) && may() && Instant::now() < until {
            let looked = Instant::now();
            thread::park_timeout(LOOK);
            // Whoever unparked it wants it, and cut the look short.
            if looked.elapsed() >= LOOK && !is_dense(self.since(&mut count), LOOK) {
                break;
            }
        }
        self.rests.store(false, Relaxed);
    }
}

/// Whether so many records within so long are a burst.
pub(super) fn is_dense(records: usize, within: Duration) -> bool {
    let looks = within.max(LOOK).as_millis() / LOOK.as_millis();
    records / usize::try_from(looks).unwrap_or(usize::MAX) >= DENSE_RECORDS
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::tasks;

    #[test]
    fn what_is_dense_is_told_by_the_records_in_a_time() {
        for (records, ms, dense) in [
            (DENSE_RECORDS, 50, true),
            (DENSE_RECORDS - 1, 50, false),
            (DENSE_RECORDS, 3, true),
            (DENSE_RECORDS, 100, false),
            (10 * DENSE_RECORDS, 500, true),
        ] {
            let within = Duration::from_millis(ms);
            assert_eq!(is_dense(records, within), dense, "{records} in {ms} ms");
        }
    }

    #[test]
    fn one_who_is_wanted_or_has_nothing_to_wait_for_does_not_rest() {
        let pace = Arc::new(Pace::default());
        pace.want();
        pace.rest(LONGEST_REST, || true);
        pace.rest(LONGEST_REST, || false);
        // Nothing comes: the burst is over.
        pace.rest(LONGEST_REST, || true);
        assert!(!pace.rests());
    }

    #[test]
    fn a_rest_ends_when_somebody_waits() {
        let pace = Arc::new(Pace::default());
        let (resting, begun) = (Arc::clone(&pace), Instant::now());
        let thread = tasks::thread("resting", move || {
            // Always dense.
            resting.rest(Duration::from_secs(60), || {
                resting.told(100 * DENSE_RECORDS);
                true
            });
        })
        .expect("a thread");
        while !pace.rests() {
            thread::yield_now();
        }
        pace.want();
        thread.thread().unpark();
        thread.join().expect("it rested");
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}
