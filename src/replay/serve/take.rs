//! One run through a recorded session: which of its exchanges were used up, and whose ids are whose.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::{rewrite::Ids, script::Script};

/// A served session.
#[derive(Debug)]
pub(super) struct Take {
    pub(super) session: usize,
    /// Its `initialize` came, or its stream was opened.
    pub(super) is_started: bool,
    /// It was deleted, or has expired.
    pub(super) is_ended: bool,
    /// What was asked for by now, and when.
    pub(super) used: HashMap<usize, Duration>,
    /// Of the exchanges that ask the same, in their order, so many of the first are used up: a request
    /// is not held against those again.
    pub(super) done: HashMap<String, usize>,
    /// Which requests of the server were answered, and when.
    pub(super) answered: HashMap<String, Duration>,
    pub(super) ids: Ids,
    /// The session ids that it goes by.
    pub(super) served: HashSet<String>,
}

impl Take {
    pub(super) fn new(session: usize) -> Self {
        Self {
            session,
            is_started: false,
            is_ended: false,
            used: HashMap::new(),
            done: HashMap::new(),
            answered: HashMap::new(),
            ids: Ids::default(),
            served: HashSet::new(),
        }
    }

    /// An exchange was asked for; the first time counts.
    pub(super) fn use_up(&mut self, script: &Script, place: usize, now: Duration) {
        self.used.entry(place).or_insert(now);
        let Some(key) = script.entry(place).map(|entry| &entry.asked.key) else { return };
        let recorded = script.sessions.get(self.session);
        let Some(queue) = recorded.and_then(|recorded| recorded.by_key.get(key)) else { return };
        let done = self.done.entry(key.clone()).or_insert(0);
        while queue.get(*done).is_some_and(|place| self.used.contains_key(place)) {
            *done += 1;
        }
    }
}
