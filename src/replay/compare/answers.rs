//! What came back before the last answer of a step: rounds that asked for input, the making of a
//! task, what was said of it. How often a task was polled is the run's own.

use std::collections::BTreeMap;

use crate::{
    protocol::{Link, Message},
    replay::steps::Step,
};

/// The answers of a step but the last one.
#[derive(Debug, Default)]
pub(super) struct Earlier<'s> {
    /// One for each round, in order.
    pub(super) rounds: Vec<&'s Message>,
    /// The last one to each method that asked for a task.
    pub(super) tasks: BTreeMap<&'s str, &'s Message>,
}

/// How often a step was answered before it was done, but for what was said of its task.
#[must_use]
pub fn rounds(step: &Step<'_>) -> usize {
    Earlier::of(step).rounds.len()
}

impl<'s> Earlier<'s> {
    pub(super) fn of(step: &Step<'s>) -> Self {
        let mut earlier = Self::default();
        let last = step.answer().map(|last| (last.exchange, last.number));
        let Some(first) = step.call else { return earlier };
        let parts = first.parts.iter().filter_map(|part| step.story.calls.get(*part));
        for call in std::iter::once(first).chain(parts) {
            let Some(answer) = step.story.answer(call) else { continue };
            if Some((answer.exchange, answer.number)) == last {
                continue;
            }
            let about_task = call.continues.is_some_and(|continues| continues.by == Link::Task);
            match answer.method.as_deref() {
                Some(method) if about_task => {
                    earlier.tasks.insert(method, answer);
                }
                _ => earlier.rounds.push(answer),
            }
        }
        earlier
    }
}
