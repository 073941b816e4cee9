//! The counter that a resumable client sends with its messages (houses.md 4).
//!
//! Requests may overtake each other, so a number is only missing where it never comes at all, and
//! a request that failed may be sent again with its number.

use std::collections::HashMap;

use super::view;
use crate::protocol::story::{Story, Told};

/// What a number says that does not follow the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Numbers between were never sent.
    Gap,
    /// The number was sent before.
    Repeat,
    /// The counter began again.
    Restart,
}

/// A step out of order: the exchange, its number, and the one before it.
pub(super) struct OutOfStep<'a> {
    pub(super) told: &'a Told,
    pub(super) number: u64,
    pub(super) before: u64,
}

/// The steps of this kind. Only messages count: a GET says after which number to resume.
pub(super) fn steps(story: &Story, wanted: Step) -> Vec<OutOfStep<'_>> {
    let counted: Vec<(&Told, u64)> = story
        .exchanges
        .iter()
        .filter(|told| told.open.method == "POST")
        .filter_map(|told| Some((told, told.open.headers.text("mcp-sequence")?.parse().ok()?)))
        .collect();
    let Some((_, first)) = counted.first().copied() else { return Vec::new() };
    let mut run = Run { first, top: first, seen: HashMap::new() };
    let mut found = Vec::new();
    for (place, (told, number)) in counted.iter().enumerate() {
        let later = counted.get(place + 1..).unwrap_or_default();
        let before = run.top;
        if run.step(told, *number, later) == Some(wanted) {
            found.push(OutOfStep { told, number: *number, before });
        }
    }
    found
}

/// The numbers since the counter last began.
struct Run<'a> {
    first: u64,
    top: u64,
    seen: HashMap<u64, &'a Told>,
}

impl<'a> Run<'a> {
    fn step(&mut self, told: &'a Told, number: u64, later: &[(&Told, u64)]) -> Option<Step> {
        let sent = self.seen.insert(number, told);
        let step = match sent {
            Some(sent) if has_failed(sent) => None,
            Some(_) if number == self.first && self.top > number => Some(Step::Restart),
            Some(_) => Some(Step::Repeat),
            None if number < self.first && self.top > self.first => Some(Step::Restart),
            None if number > self.top + 1 && self.misses(number, later) => Some(Step::Gap),
            None => None,
        };
        self.top = self.top.max(number);
        if step == Some(Step::Restart) {
            (self.first, self.top) = (number, number);
            self.seen = HashMap::from([(number, told)]);
        }
        step
    }

    /// Whether a number between the top and this one never comes. As many later ones are looked at
    /// as there are numbers between.
    fn misses(&self, number: u64, later: &[(&Told, u64)]) -> bool {
        let between = number - self.top - 1;
        let late = later.iter().filter(|(_, n)| (self.top + 1..number).contains(n)).count();
        (late as u64) < between
    }
}

/// A client may send again what did not arrive.
fn has_failed(told: &Told) -> bool {
    told.end.is_some() && !view::succeeded(told)
        || told.end.as_ref().is_some_and(|end| end.outcome.is_fault())
}
