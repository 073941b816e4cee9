//! Session ids: which live one stands for a recorded one, and what is sent where none does.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::{
    capture::redact::placeholders_in,
    protocol::{Story, Summary},
};

/// The headers that bear a session id in the field (houses.md §2).
pub(super) const HEADERS: [&str; 6] = [
    "mcp-session-id",
    "x-mcp-session-id",
    "x-mcp-session",
    "session-id",
    "x-session-id",
    "mcp-connection-id",
];

/// What a session header is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Value(String),
    /// The recorded server issued an id, the live one none: a client has nothing to send.
    Nothing,
}

/// Ids of the recording, and what stands for them.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Ids that the recorded server issued.
    issued: HashSet<String>,
    fresh: HashMap<String, String>,
    /// Ids that a client made up and a redaction hid: others that no server issued.
    invented: HashMap<String, String>,
}

impl Ids {
    pub(super) fn of(story: &Story) -> Self {
        let candidates = story.exchanges.iter().flat_map(|told| &told.reading.summary.candidates);
        let issued = candidates.filter(|candidate| candidate.in_response && !candidate.is_cookie());
        Self {
            issued: issued.map(|candidate| candidate.value.clone()).collect(),
            ..Self::default()
        }
    }

    pub(super) fn set(&mut self, recorded: &str, fresh: &str) {
        self.fresh.insert(recorded.to_owned(), fresh.to_owned());
    }

    /// Learns from an exchange and its like: ids found in the same places of the response. Gives
    /// the pairs that are news.
    pub(super) fn learn(&mut self, recorded: &Summary, live: &Summary) -> Vec<(String, String)> {
        let mut news = Vec::new();
        for own in recorded.candidates.iter().filter(|own| own.in_response && !own.is_cookie()) {
            let fresh =
                live.candidates.iter().find(|its| its.in_response && its.source == own.source);
            let Some(fresh) = fresh else { continue };
            let old = self.fresh.insert(own.value.clone(), fresh.value.clone());
            if old.as_ref() != Some(&fresh.value) {
                news.push((own.value.clone(), fresh.value.clone()));
            }
        }
        news
    }

    /// What a session header says in place of a recorded value.
    pub(super) fn said(&mut self, recorded: &str) -> Said {
        if let Some(fresh) = self.fresh.get(recorded) {
            return Said::Value(fresh.clone());
        }
        if self.issued.contains(recorded) {
            return Said::Nothing;
        }
        if placeholders_in(recorded.as_bytes()).next().is_none() {
            return Said::Value(recorded.to_owned());
        }
        let invented = self.invented.entry(recorded.to_owned());
        Said::Value(invented.or_insert_with(|| Uuid::new_v4().to_string()).clone())
    }

    /// An id stands for one of the recording: a session may be lost.
    pub(super) fn has_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }
}
