//! Units that said the same before. Most heads of a session are those of its other requests, letter
//! by letter: what is read off one is known of the next.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::unit::{Form, Unit};

/// Units that are remembered; further ones are read each time.
const REMEMBERED_CAP: usize = 4_096;

/// Heads that were met.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo(HashSet<u64>);

/// What a head is remembered by; none for what is not remembered: ids of messages differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(Option<u64>);

impl Mark {
    pub(super) fn of(unit: &Unit<'_>) -> Self {
        let name = match &unit.form {
            Form::Url => "",
            Form::Header(name) => name,
            Form::EventId | Form::Frame(_) | Form::Body | Form::Message(_) => return Self(None),
        };
        let mut hasher = DefaultHasher::new();
        (name, unit.from_server, &unit.text).hash(&mut hasher);
        Self(Some(hasher.finish()))
    }
}

impl Memo {
    /// The same was met before.
    pub(super) fn has(&self, mark: Mark) -> bool {
        mark.0.is_some_and(|hash| self.0.contains(&hash))
    }

    /// It was met.
    pub(super) fn add(&mut self, mark: Mark) {
        if let Some(hash) = mark.0.filter(|_| self.0.len() < REMEMBERED_CAP) {
            self.0.insert(hash);
        }
    }
}
