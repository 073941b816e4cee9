//! Exchanges that nothing on the wire joins, grouped by what they share (protocol.md §1.1).
//!
//! One exchange after the other, by id, joins a group or starts one. When an exchange changes, the
//! fold is taken back to it and done again from there: it is nearly always among the last.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    IDLE,
    place::{Cookie, Grouping, Ids},
};
use crate::{
    capture::{ExchangeId, Timestamp},
    protocol::model::{Implementation, Summary},
};

/// The groups of one base.
#[derive(Debug, Default)]
pub(super) struct Groups {
    members: BTreeMap<ExchangeId, Facts>,
    /// In the order of their first members.
    list: Vec<Group>,
    /// Which group each member is in.
    placed: BTreeMap<ExchangeId, usize>,
}

/// What the fold looks at.
#[derive(Clone, Debug)]
struct Facts {
    started_at: Timestamp,
    last_at: Timestamp,
    grouping: Grouping,
}

#[derive(Debug, Default)]
struct Group {
    members: Ids,
    /// The members that name the client; all name the same one.
    named: Ids,
    client: Option<Implementation>,
    /// The `initialize` that started it.
    handshake: Option<ExchangeId>,
    /// The cookies that its members bear or were issued, by name and value, and in how many places.
    cookies: HashMap<String, HashMap<String, usize>>,
    /// When each member was last active.
    active: BTreeSet<(Timestamp, ExchangeId)>,
    /// It refused a member only because it had been idle too long.
    left_idle: bool,
}

impl Groups {
    pub(super) fn insert(&mut self, summary: &Summary, grouping: Grouping) {
        let (started_at, last_at) = (summary.started_at, summary.last_at);
        self.replace(summary.id, Some(Facts { started_at, last_at, grouping }));
    }

    pub(super) fn remove(&mut self, id: ExchangeId) {
        if self.members.contains_key(&id) {
            self.replace(id, None);
        }
    }

    /// A member went on. That matters only to members that its group let go for idleness.
    pub(super) fn touch(&mut self, summary: &Summary) {
        let id = summary.id;
        let place = self.placed.get(&id).copied();
        let Some(group) = place.and_then(|place| self.list.get_mut(place)) else { return };
        let Some(facts) = self.members.get_mut(&id) else { return };
        if group.left_idle {
            let mut facts = facts.clone();
            facts.last_at = summary.last_at;
            return self.replace(id, Some(facts));
        }
        group.active.remove(&(facts.last_at, id));
        group.active.insert((summary.last_at, id));
        facts.last_at = summary.last_at;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn session_of(&self, id: ExchangeId) -> Option<ExchangeId> {
        self.list.get(*self.placed.get(&id)?)?.name()
    }

    pub(super) fn sessions(&self) -> Vec<ExchangeId> {
        self.list.iter().filter_map(Group::name).collect()
    }

    pub(super) fn members(&self, session: ExchangeId) -> Option<Vec<ExchangeId>> {
        let group = self.list.get(*self.placed.get(&session)?)?;
        (group.name() == Some(session)).then(|| group.members.iter().copied().collect())
    }

    /// Gives a member other facts, or none, and folds anew from it on.
    fn replace(&mut self, id: ExchangeId, facts: Option<Facts>) {
        let mut later = self.rewind(id);
        if let Some(facts) = facts {
            later.insert(id);
            self.members.insert(id, facts);
        } else {
            later.remove(&id);
            self.members.remove(&id);
        }
        for id in later {
            self.fold(id);
        }
    }

    /// Takes back the members from `id` on and returns them.
    fn rewind(&mut self, id: ExchangeId) -> Ids {
        let later = self.placed.split_off(&id);
        for (id, place) in &later {
            let facts = self.members.get(id);
            if let (Some(group), Some(facts)) = (self.list.get_mut(*place), facts) {
                group.give_back(*id, facts);
            }
        }
        while self.list.last().is_some_and(|group| group.members.is_empty()) {
            self.list.pop();
        }
        later.into_keys().collect()
    }

    /// The latest group that takes it.
    fn place_for(&mut self, facts: &Facts) -> Option<usize> {
        if facts.grouping.starts {
            return None;
        }
        self.list.iter_mut().rposition(|group| group.takes(facts))
    }

    /// Places a member behind all that are placed.
    fn fold(&mut self, id: ExchangeId) {
        let Some(facts) = self.members.get(&id).cloned() else { return };
        let place = self.place_for(&facts).unwrap_or(self.list.len());
        if place == self.list.len() {
            let handshake = facts.grouping.starts.then_some(id);
            self.list.push(Group { handshake, ..Group::default() });
        }
        if let Some(group) = self.list.get_mut(place) {
            group.take(id, &facts);
            self.placed.insert(id, place);
        }
    }
}

impl Group {
    fn takes(&mut self, facts: &Facts) -> bool {
        let active = self.active.last().map(|(at, _)| at.0).unwrap_or_default();
        let idle = facts.started_at.0.saturating_sub(active) > IDLE;
        let same = match (&self.client, &facts.grouping.client) {
            (Some(own), Some(its)) => own == its,
            _ => true,
        };
        let same = same && !self.is_stranger(facts);
        self.left_idle |= same && idle;
        same && !idle
    }

    /// It bears a cookie that the group has with other values only.
    fn is_stranger(&self, facts: &Facts) -> bool {
        let mut borne = facts.grouping.cookies.iter().filter(|cookie| !cookie.issued).peekable();
        let unknown = |cookie: &Cookie| {
            let values = self.cookies.get(&cookie.name);
            values.is_some_and(|values| !values.contains_key(&cookie.value))
        };
        borne.peek().is_some() && borne.all(unknown)
    }

    fn give_back(&mut self, id: ExchangeId, facts: &Facts) {
        self.members.remove(&id);
        self.active.remove(&(facts.last_at, id));
        self.named.remove(&id);
        if self.named.is_empty() {
            self.client = None;
        }
        for cookie in &facts.grouping.cookies {
            let Some(values) = self.cookies.get_mut(&cookie.name) else { continue };
            if let Some(places) = values.get_mut(&cookie.value) {
                *places -= 1;
                if *places == 0 {
                    values.remove(&cookie.value);
                }
            }
            if values.is_empty() {
                self.cookies.remove(&cookie.name);
            }
        }
    }

    fn take(&mut self, id: ExchangeId, facts: &Facts) {
        self.members.insert(id);
        self.active.insert((facts.last_at, id));
        if facts.grouping.client.is_some() {
            self.client.clone_from(&facts.grouping.client);
            self.named.insert(id);
        }
        for cookie in &facts.grouping.cookies {
            let values = self.cookies.entry(cookie.name.clone()).or_default();
            *values.entry(cookie.value.clone()).or_default() += 1;
        }
    }

    fn name(&self) -> Option<ExchangeId> {
        self.handshake.or_else(|| self.members.first().copied())
    }
}
