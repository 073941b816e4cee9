//! The timeline: a bar an exchange, a tick a frame.

use std::collections::HashMap;

use super::{Axis, Tone, listens, takes_up, tone_of};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::{
        model::Direction,
        story::{Story, Told},
    },
};

/// Bars over one axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Which place each moment has.
    pub axis: Axis,
    /// In the order of their exchanges' ids.
    pub bars: Vec<Bar>,
}

/// One exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The exchange.
    pub exchange: ExchangeId,
    /// What it is for.
    pub shape: Shape,
    /// How HTTP has it.
    pub tone: Tone,
    /// The first message that the client sent on it, among the story's messages.
    pub first: Option<usize>,
    /// When its request's head was read.
    pub from: Timestamp,
    /// When its response's head came.
    pub first_byte: Option<Timestamp>,
    /// Its latest record, or the timeline's end where it goes on.
    pub until: Timestamp,
    /// It has not ended.
    pub goes_on: bool,
    /// Its frames, where the response is a stream.
    pub ticks: Vec<Tick>,
    /// The frame that came longest after the one before it.
    pub largest_gap: Option<usize>,
    /// The exchange with which the stream began that this one takes up.
    pub resumes: Option<ExchangeId>,
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It carries messages of the client, or takes up a stream that did.
    Messages,
    /// The client opened it to listen.
    Listens,
    /// HTTP alone.
    Plain,
}

/// One frame of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The frame's index.
    pub index: u32,
    /// When it was complete.
    pub at: Timestamp,
    /// Since the frame before it; of the first one since the exchange began.
    pub gap_us: u64,
}

impl Timeline {
    /// The timeline of a session; what still goes on is drawn up to `until`, if that is later than
    /// its last record.
    #[must_use]
    pub fn of(story: &Story, until: Timestamp) -> Self {
        let mut first: HashMap<ExchangeId, usize> = HashMap::new();
        for (place, message) in story.messages.iter().enumerate() {
            if message.direction == Direction::ClientToServer {
                first.entry(message.exchange).or_insert(place);
            }
        }
        let bars: Vec<Bar> = story
            .exchanges
            .iter()
            .map(|told| bar(story, told, first.get(&told.id()).copied(), until))
            .collect();
        Self { axis: Self::axis_over(&bars), bars }
    }

    /// The axis of some of the bars, where not all are drawn.
    #[must_use]
    pub fn axis_over(bars: &[Bar]) -> Axis {
        Axis::over(busy(bars))
    }
}

impl Bar {
    /// From its beginning to its end.
    #[must_use]
    pub fn us(&self) -> u64 {
        self.until.micros_since(self.from)
    }

    /// From its beginning to the response's head.
    #[must_use]
    pub fn first_byte_us(&self) -> Option<u64> {
        self.first_byte.map(|at| at.micros_since(self.from))
    }

    /// The frame behind its largest gap.
    #[must_use]
    pub fn after_largest_gap(&self) -> Option<&Tick> {
        self.ticks.get(self.largest_gap?)
    }
}

fn bar(story: &Story, told: &Told, first: Option<usize>, until: Timestamp) -> Bar {
    let summary = &told.reading.summary;
    let goes_on = summary.outcome.is_none();
    let resumes = takes_up(story, summary.id);
    let shape = match first {
        _ if listens(story, told) => Shape::Listens,
        None if resumes.is_none() => Shape::Plain,
        _ => Shape::Messages,
    };
    let mut before = summary.started_at;
    let ticks: Vec<Tick> = told
        .reading
        .frames
        .iter()
        .map(|frame| {
            let gap_us = frame.at.micros_since(before);
            before = frame.at;
            Tick { index: frame.index, at: frame.at, gap_us }
        })
        .collect();
    // Of equal ones the first.
    let largest = ticks.iter().enumerate().skip(1).rev().max_by_key(|(_, tick)| tick.gap_us);
    Bar {
        exchange: summary.id,
        shape,
        tone: tone_of(told),
        first,
        from: summary.started_at,
        first_byte: told.head_at,
        until: if goes_on { summary.last_at.max(until) } else { summary.last_at },
        goes_on,
        largest_gap: largest.map(|(place, _)| place),
        ticks,
        resumes,
    }
}

/// When something ran: a stream to listen only where something came, all else from end to end.
fn busy(bars: &[Bar]) -> Vec<(Timestamp, Timestamp)> {
    let mut busy = Vec::new();
    for bar in bars {
        if bar.shape == Shape::Listens {
            let begins = bar.first_byte.unwrap_or(bar.from);
            busy.push((bar.from, begins.max(bar.from)));
            busy.extend(bar.ticks.iter().map(|tick| (tick.at, tick.at)));
            busy.push((bar.until, bar.until));
        } else {
            busy.push((bar.from, bar.until));
        }
    }
    busy
}
