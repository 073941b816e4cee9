//! Small sums over many exchanges: a sketch of latencies, and when exchanges began.

use crate::capture::Timestamp;

/// A histogram of durations with so many steps in each doubling, a power of two: with 8 of them a
/// quantile is off by at most 9 percent, with 256 by two in a thousand. It is as long as there are
/// distinct steps: of 8 there are 256 at most, 2 KB, of 256 some 6,400, 50 KB.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::tui) struct Sketch<const STEPS: u32 = 8> {
    /// Ascending by step.
    steps: Vec<(u16, u32)>,
    count: u64,
}

impl<const STEPS: u32> Sketch<STEPS> {
    pub(in crate::tui) fn add(&mut self, us: u32) {
        let step = step::<STEPS>(us);
        match self.steps.binary_search_by_key(&step, |(own, _)| *own) {
            Ok(at) => {
                if let Some((_, count)) = self.steps.get_mut(at) {
                    *count = count.saturating_add(1);
                }
            }
            Err(at) => self.steps.insert(at, (step, 1)),
        }
        self.count += 1;
    }

    /// Takes back what was added.
    pub(in crate::tui) fn remove(&mut self, us: u32) {
        let step = step::<STEPS>(us);
        let found = self.steps.iter_mut().find(|(own, count)| *own == step && *count > 0);
        if let Some((_, count)) = found {
            *count -= 1;
            self.count -= 1;
        }
    }

    /// How many durations there are.
    pub(in crate::tui) fn count(&self) -> u64 {
        self.count
    }

    /// The duration that so many percent do not exceed; none where there is none.
    pub(in crate::tui) fn quantile(&self, percent: u64) -> Option<u32> {
        let wanted = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (step, count) in &self.steps {
            seen += u64::from(*count);
            if seen >= wanted {
                return Some(middle::<STEPS>(*step));
            }
        }
        None
    }
}

/// Durations below `STEPS` have each a step of their own.
fn step<const STEPS: u32>(us: u32) -> u16 {
    let Some(octave) = us.checked_ilog2().filter(|_| us >= STEPS) else {
        return u16::try_from(us).unwrap_or(0);
    };
    let within = (us >> (octave - STEPS.ilog2())) - STEPS;
    u16::try_from((octave + 1 - STEPS.ilog2()) * STEPS + within).unwrap_or(u16::MAX)
}

fn middle<const STEPS: u32>(step: u16) -> u32 {
    let step = u32::from(step);
    if step < STEPS {
        return step;
    }
    let (octave, within) = (step / STEPS + STEPS.ilog2() - 1, step % STEPS);
    let width = 1_u64 << (octave - STEPS.ilog2());
    let low = u64::from(STEPS + within) * width;
    u32::try_from(low + width / 2).unwrap_or(u32::MAX)
}

/// Stretches that a line of activity has.
pub(super) const STRETCHES: usize = 12;

/// How long what goes on is shown: five minutes.
const RECENT: u64 = 5 * 60 * 1_000_000_000;

/// One stretch of it.
const SHORT: u64 = RECENT / STRETCHES as u64;

/// Stretches that a life is counted in; when it has become longer, two become one.
const LIFE: usize = 4 * STRETCHES;

/// The first width of those: a millisecond.
const NARROW: u64 = 1_000_000;

/// When exchanges began, over the life of a session and of late.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Activity {
    from: Timestamp,
    width: u64,
    life: [u32; LIFE],
    /// The last short stretch, counted from the beginning of time, and those before it.
    last: u64,
    recent: [u16; STRETCHES],
}

impl Activity {
    pub(super) fn new(from: Timestamp) -> Self {
        Self { from, width: NARROW, life: [0; LIFE], last: 0, recent: [0; STRETCHES] }
    }

    pub(super) fn add(&mut self, at: Timestamp) {
        let after = at.0.saturating_sub(self.from.0);
        while after / self.width >= LIFE as u64 {
            for place in 0..LIFE / 2 {
                self.life[place] = self.life[2 * place].saturating_add(self.life[2 * place + 1]);
            }
            self.life[LIFE / 2..].fill(0);
            self.width = self.width.saturating_mul(2);
        }
        let place = usize::try_from(after / self.width).unwrap_or(LIFE - 1).min(LIFE - 1);
        self.life[place] = self.life[place].saturating_add(1);
        let stretch = at.0 / SHORT;
        self.roll(stretch);
        let back = usize::try_from(self.last - stretch.min(self.last)).unwrap_or(STRETCHES);
        if let Some(count) =
            (STRETCHES - 1).checked_sub(back).and_then(|at| self.recent.get_mut(at))
        {
            *count = count.saturating_add(1);
        }
    }

    fn roll(&mut self, to: u64) {
        let by = to.saturating_sub(self.last);
        if by == 0 {
            return;
        }
        let by = usize::try_from(by).unwrap_or(STRETCHES).min(STRETCHES);
        self.recent.rotate_left(by);
        self.recent[STRETCHES - by..].fill(0);
        self.last = to;
    }

    /// The stretches up to `last_at`, or up to now where that is not long ago.
    pub(super) fn told(&self, last_at: Timestamp, now: Timestamp) -> [u16; STRETCHES] {
        if now.0.saturating_sub(last_at.0) < RECENT {
            let mut recent = self.clone();
            recent.roll(now.0 / SHORT);
            return recent.recent;
        }
        let long = last_at.0.saturating_sub(self.from.0).max(1);
        let mut told = [0_u16; STRETCHES];
        for (place, count) in self.life.iter().enumerate() {
            let middle = place as u64 * self.width + self.width / 2;
            let at = middle.min(long - 1).saturating_mul(STRETCHES as u64) / long;
            let at = usize::try_from(at).unwrap_or(0).min(STRETCHES - 1);
            told[at] = told[at].saturating_add(u16::try_from(*count).unwrap_or(u16::MAX));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_are_near() {
        let mut sketch = Sketch::<8>::default();
        (1..=1_000).for_each(|ms| sketch.add(ms * 1_000));
        let (p50, p95) = (sketch.quantile(50).expect("some"), sketch.quantile(95).expect("some"));
        assert!((460_000..=540_000).contains(&p50), "{p50}");
        assert!((880_000..=1_020_000).contains(&p95), "{p95}");
        assert_eq!(Sketch::<8>::default().quantile(50), None);
    }

    proptest! {
        #[test]
        fn a_step_has_its_duration_in_it(us: u32) {
            let near = u64::from(middle::<8>(step::<8>(us)));
            prop_assert!(near.abs_diff(us.into()) * 8 <= u64::from(us) + 8, "{us} {near}");
            let near = u64::from(middle::<256>(step::<256>(us)));
            prop_assert!(near.abs_diff(us.into()) * 256 <= u64::from(us) + 256, "{us} {near}");
        }

        #[test]
        fn nothing_is_lost_of_a_life(times in prop::collection::vec(0..1_u64 << 50, 1..200)) {
            let mut activity = Activity::new(Timestamp(0));
            for at in &times {
                activity.add(Timestamp(*at));
            }
            let last = Timestamp(times.iter().copied().max().unwrap_or(0));
            let told = activity.told(last, Timestamp(u64::MAX));
            prop_assert_eq!(told.iter().map(|n| usize::from(*n)).sum::<usize>(), times.len());
        }
    }
}
