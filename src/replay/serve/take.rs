//! One run through a recorded session: which of its exchanges were used up, and whose ids are whose.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::rewrite::Ids;

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
            answered: HashMap::new(),
            ids: Ids::default(),
            served: HashSet::new(),
        }
    }
}
