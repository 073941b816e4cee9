//! The axis of time: which place each moment has, with long idle stretches folded.

use crate::capture::Timestamp;

/// Shorter idle stretches are never folded.
const IDLE_NS: u64 = 250_000_000;

/// An idle stretch is folded if it is longer than this part of the time in which something ran.
const OF_BUSY: u64 = 4;

/// Stretches that are folded, the longest ones: each takes room, and the others are drawn to scale.
const FOLDS_CAP: usize = 12;

/// A fold's own width.
const FOLD_SPAN: u32 = Axis::SPAN / 40;

/// From the first moment to the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
    /// Contiguous, from 0 to [`Axis::SPAN`].
    parts: Vec<Part>,
}

/// A stretch in which nothing ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    from: Timestamp,
    until: Timestamp,
    /// Where it stands.
    at: u32,
    span: u32,
    folded: bool,
}

impl Axis {
    /// The place of its end.
    pub const SPAN: u32 = 1_000_000;

    /// An axis over all stretches in which something ran, moments among them, in any order.
    pub(super) fn over(mut busy: Vec<(Timestamp, Timestamp)>) -> Self {
        busy.sort_unstable();
        let from = busy.first().map_or(Timestamp(0), |(from, _)| *from);
        let until = busy.iter().map(|(_, until)| *until).max().unwrap_or(from).max(from);
        let folds = folds(&busy);
        let folded: u64 = folds.iter().map(|fold| fold.until.0 - fold.from.0).sum();
        let drawn = (until.0 - from.0).saturating_sub(folded);
        let count = u32::try_from(folds.len()).unwrap_or(u32::MAX);
        let room = Self::SPAN.saturating_sub(count.saturating_mul(FOLD_SPAN));
        let mut axis = Self { from, until, parts: Vec::with_capacity(folds.len() * 2 + 1) };
        let (mut at, mut begins, mut before) = (0, from, 0);
        for fold in folds {
            before += fold.from.0 - begins.0;
            // Of the sum, so that what is cut off in each part does not add up.
            let folds_before = u32::try_from(axis.parts.len() / 2).unwrap_or(u32::MAX);
            let ends = scaled(before, drawn, room) + folds_before * FOLD_SPAN;
            axis.push(begins, fold.from, at, ends.saturating_sub(at), false);
            axis.push(fold.from, fold.until, ends, FOLD_SPAN, true);
            (at, begins) = (ends + FOLD_SPAN, fold.until);
        }
        axis.push(begins, until, at, Self::SPAN.saturating_sub(at), false);
        axis
    }

    fn push(&mut self, from: Timestamp, until: Timestamp, at: u32, span: u32, folded: bool) {
        self.parts.push(Part { from, until, at, span, folded });
    }

    /// The place of a moment, from 0 to [`Axis::SPAN`]. What lies before it or behind it stands at
    /// its ends.
    #[must_use]
    pub fn at(&self, moment: Timestamp) -> u32 {
        let behind = self.parts.partition_point(|part| part.from <= moment);
        let Some(part) = behind.checked_sub(1).and_then(|place| self.parts.get(place)) else {
            return 0;
        };
        let passed = moment.0.min(part.until.0) - part.from.0;
        part.at + scaled(passed, part.until.0 - part.from.0, part.span)
    }

    /// The stretches that are folded, with the places where they begin and end.
    pub fn folds(&self) -> impl Iterator<Item = (Fold, u32, u32)> {
        self.parts
            .iter()
            .filter(|part| part.folded)
            .map(|part| (Fold { from: part.from, until: part.until }, part.at, part.at + part.span))
    }

    /// Round times to write beside it, as microseconds from its beginning with their places: about
    /// `most` of them, none in a fold.
    #[must_use]
    pub fn marks(&self, most: u32) -> Vec<(u64, u32)> {
        let drawn: u64 =
            self.parts.iter().filter(|part| !part.folded).map(|p| p.until.0 - p.from.0).sum();
        let step = round(drawn / 1_000 / u64::from(most.max(1)));
        let mut marks = Vec::new();
        for part in self.parts.iter().filter(|part| !part.folded) {
            let begins = part.from.micros_since(self.from);
            let mut us = begins.div_ceil(step) * step;
            while us <= part.until.micros_since(self.from) {
                let ns = us.saturating_mul(1_000);
                marks.push((us, self.at(Timestamp(self.from.0.saturating_add(ns)))));
                us += step;
            }
        }
        marks
    }
}

/// The longest stretches in which nothing ran, in order.
fn folds(busy: &[(Timestamp, Timestamp)]) -> Vec<Fold> {
    let mut idle: Vec<Fold> = Vec::new();
    let mut ran = 0;
    let Some(mut until) = busy.first().map(|(from, _)| *from) else { return idle };
    for &(from, ends) in busy {
        if from > until {
            idle.push(Fold { from: until, until: from });
        }
        ran += ends.0.saturating_sub(from.0.max(until.0));
        until = until.max(ends);
    }
    let least = IDLE_NS.max(ran / OF_BUSY);
    idle.retain(|fold| fold.until.0 - fold.from.0 > least);
    idle.sort_by_key(|fold| std::cmp::Reverse(fold.until.0 - fold.from.0));
    idle.truncate(FOLDS_CAP);
    idle.sort_by_key(|fold| fold.from);
    idle
}

/// `part` of `whole`, of a span; at most the span.
fn scaled(part: u64, whole: u64, span: u32) -> u32 {
    if whole == 0 {
        return 0;
    }
    let scaled = u128::from(part) * u128::from(span) / u128::from(whole);
    u32::try_from(scaled).unwrap_or(span).min(span)
}

/// 1, 2 or 5 with noughts, no less than a number.
fn round(us: u64) -> u64 {
    let mut ten = 1_u64;
    loop {
        for step in [ten, ten.saturating_mul(2), ten.saturating_mul(5)] {
            if step >= us {
                return step;
            }
        }
        match ten.checked_mul(10) {
            Some(next) => ten = next,
            None => return us,
        }
    }
}
