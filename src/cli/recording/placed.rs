//! Which session an exchange is in, told without reading that session: of most hits no more is
//! asked.
//!
//! What bears an id on the wire is in the session of the last answered `initialize` on that id, or
//! in the id's first one (`protocol::session`). So the `initialize`s of the id say it, with the
//! first exchange that bears it where none was answered before. They are few; a session's exchanges
//! may be hundreds.

use super::Recording;
use crate::protocol::{
    Session, Sessions, Summary,
    index::{Key, Kin, Plan},
};

/// The `initialize`s of one id that are read; where there are more, the whole session is.
const OPENINGS: usize = 32;

/// Ids whose `initialize`s, mostly one each, and groups whose first exchanges are remembered, some
/// 10 MB; then they are forgotten and read again.
const REMEMBERED: usize = 4_000;

/// The `initialize`s that bear one id; none where they are too many, or may belong elsewhere.
pub(super) type Openings = Option<Vec<Summary>>;

impl Recording {
    /// The session of an exchange as far as it names it: its id is right, and nothing else of it
    /// is whole. None where more decides it; [`Recording::relate`] then tells it.
    pub(crate) fn placed(&mut self, summary: &Summary) -> anyhow::Result<Option<Session>> {
        let kin = Kin::of(summary);
        let Some(opens) = kin.opens.filter(|_| !kin.is_lead && !self.is_whole) else {
            return Ok(None);
        };
        self.read_openings(opens)?;
        let Some(Some(openings)) = self.openings.get(&opens) else { return Ok(None) };
        let mut fold = Sessions::new();
        for opening in openings {
            fold.apply(opening.clone());
        }
        let is_start = |opening: &Summary| {
            opening.id <= summary.id && opening.initialize.as_ref().is_some_and(|i| i.answered)
        };
        if !openings.iter().any(is_start) {
            let first = self.first_of(kin.group)?;
            let own = |first: &Summary| {
                let its = Kin::of(first);
                its.opens == kin.opens && !its.is_lead
            };
            let Some(first) = first.filter(own) else { return Ok(None) };
            fold.apply(first);
        }
        fold.apply(summary.clone());
        let id = fold.session_of(summary.id);
        Ok(id.and_then(|id| fold.get(id, self.as_of)))
    }

    /// The first exchange of a group.
    fn first_of(&mut self, group: Key) -> anyhow::Result<Option<Summary>> {
        if let Some(first) = self.firsts.get(&group) {
            return Ok(first.clone());
        }
        if self.firsts.len() >= REMEMBERED {
            self.firsts.clear();
        }
        let first = self.source.find(&Plan::of(group), None, 1)?.pop();
        self.firsts.insert(group, first.clone());
        Ok(first)
    }

    fn read_openings(&mut self, opens: Key) -> anyhow::Result<()> {
        if self.openings.contains_key(&opens) {
            return Ok(());
        }
        if self.openings.len() >= REMEMBERED {
            self.openings.clear();
        }
        let found = self.source.find(&Plan::of(opens), None, OPENINGS)?;
        let whole = |opening: &Summary| {
            let kin = Kin::of(opening);
            // A key promises too much: it is a hash.
            kin.opens == Some(opens) && kin.is_opening && !kin.is_lead
        };
        let openings = (found.len() < OPENINGS && found.iter().all(whole)).then_some(found);
        self.openings.insert(opens, openings);
        Ok(())
    }
}
