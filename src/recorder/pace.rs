//! How fast those are told who only look on. Heavy traffic is more than anybody can read, and all that is
//! told of it takes processor time of the machine that the traffic runs on: so the traffic goes first,
//! and who looks on catches up once it is calm.

use std::time::{Duration, Instant};

/// A record is a unit, and so is every so much of its bytes.
const UNIT_BYTES: usize = 1024;

/// Of heavy traffic so many units a second are told: some five hundred small exchanges, of which a terminal
/// UI shows forty at a time. The UI takes 5 % of a core to take them in.
const UNITS_A_SECOND: u64 = 5_000;

/// What may be told at once when it was calm before. No more is saved up.
const BURST: i64 = 8_000;

/// How often it is looked whether traffic is heavy. Where it is calm, a burst may be told in each.
const STEP: Duration = Duration::from_millis(50);

/// One subscriber's allowance.
#[derive(Debug)]
pub(super) struct Pace {
    /// Below zero after a batch that was larger than what was left.
    left: i64,
    /// All units that had been recorded when it was looked last.
    recorded: u64,
    looked_at: Instant,
    heavy: bool,
}

impl Pace {
    pub(super) fn new(recorded: u64, now: Instant) -> Self {
        Self { left: BURST, recorded, looked_at: now, heavy: false }
    }

    /// How long the subscriber has to wait before it is told more; none where it has not.
    pub(super) fn wait(&mut self, recorded: u64, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.looked_at);
        if since >= STEP {
            let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
            let share = UNITS_A_SECOND.saturating_mul(millis) / 1_000;
            self.heavy = recorded.saturating_sub(self.recorded) > share;
            let more = if self.heavy { i64::try_from(share).unwrap_or(BURST) } else { BURST };
            self.left = self.left.saturating_add(more).min(BURST);
            (self.recorded, self.looked_at) = (recorded, now);
        }
        (self.left <= 0).then(|| STEP.saturating_sub(now.saturating_duration_since(self.looked_at)))
    }

    /// Whether more is recorded than is told.
    pub(super) fn is_heavy(&self) -> bool {
        self.heavy
    }

    /// Takes what is told off the allowance.
    pub(super) fn spend(&mut self, units: u64) {
        self.left = self.left.saturating_sub_unsigned(units);
    }
}

/// What so many records of so many bytes are to one who takes them in.
pub(super) fn units(records: usize, bytes: usize) -> u64 {
    (records + bytes / UNIT_BYTES) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a subscriber that always wants more is told within so many steps, in which so much is
    /// recorded each.
    fn told(pace: &mut Pace, now: &mut Instant, steps: u32, recorded: u64, batch: u64) -> u64 {
        let (mut all, mut told) = (pace.recorded, 0);
        for _ in 0..steps {
            *now += STEP;
            all += recorded;
            while pace.wait(all, *now).is_none() {
                pace.spend(batch);
                told += batch;
            }
        }
        told
    }

    #[test]
    fn heavy_traffic_is_told_at_its_pace_and_calm_traffic_as_fast_as_it_is_taken() {
        let mut now = Instant::now();
        let mut pace = Pace::new(0, now);
        let second = told(&mut pace, &mut now, 20, 10_000, 100);
        let burst = BURST.unsigned_abs();
        assert!((UNITS_A_SECOND..=UNITS_A_SECOND + burst).contains(&second), "{second}");
        assert!(pace.is_heavy());
        let minute = told(&mut pace, &mut now, 1_200, 10_000, 100);
        assert!(minute.abs_diff(60 * UNITS_A_SECOND) <= 200, "{minute}");
        // It was heavy, and is over: a burst in every step.
        let second = told(&mut pace, &mut now, 20, 0, 100);
        assert!(second >= 19 * burst, "{second}");
        assert!(!pace.is_heavy());
    }

    #[test]
    fn a_batch_larger_than_all_that_was_left_is_paid_off() {
        let mut now = Instant::now();
        let mut pace = Pace::new(0, now);
        let ten_seconds = told(&mut pace, &mut now, 200, 10_000, 20_000);
        assert!(ten_seconds <= 10 * UNITS_A_SECOND + 2 * 20_000, "{ten_seconds}");
    }

    #[test]
    fn what_is_recorded_no_faster_than_the_pace_never_waits() {
        let mut now = Instant::now();
        let mut pace = Pace::new(0, now);
        for recorded in 1..10_000 {
            now += Duration::from_millis(10);
            assert_eq!(pace.wait(recorded * 50, now), None, "{recorded}");
            pace.spend(50);
        }
    }
}
