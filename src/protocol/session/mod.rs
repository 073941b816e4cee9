//! The fold of summaries into sessions.
//!
//! A session is known by an id on the wire, else by grouping (protocol.md §1.1). The result is a
//! function of the *set* of summaries, ordered by exchange id: how and when they were applied does
//! not matter. So a running exchange may be applied over and over as it grows.

mod generations;
mod groups;
mod life;
mod place;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use generations::Generations;
use groups::Groups;
use place::{Base, Client, Place, Wire};

use super::model::{Session, Summary};
use crate::capture::{ExchangeId, Timestamp};

/// Without an exchange for so long a group ends, and a session counts as expired: 30 minutes
/// (protocol.md §1.1; houses.md §2 and §3).
pub(super) const IDLE: u64 = 30 * 60 * 1_000_000_000;

/// How long before the exchange that it enabled an OAuth leg or a refusal may lie.
const LEG: u64 = 10 * 60 * 1_000_000_000;

/// All sessions of a recording. It holds a summary an exchange: memory is the recording's, bounded
/// by its owner.
#[derive(Debug, Default)]
pub struct Sessions {
    summaries: BTreeMap<ExchangeId, Summary>,
    places: HashMap<ExchangeId, Place>,
    wires: BTreeMap<Wire, Generations>,
    groups: HashMap<Base, Groups>,
    /// A client's exchanges that speak MCP, in order: what legs may have enabled.
    spoken: HashMap<Client, BTreeSet<ExchangeId>>,
    /// A client's legs, and which exchange each one led to.
    legs: HashMap<Client, BTreeMap<ExchangeId, Option<ExchangeId>>>,
    /// The legs that led to an exchange.
    led: HashMap<ExchangeId, BTreeSet<ExchangeId>>,
}

impl Sessions {
    /// No exchange yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an exchange's summary, the first one or a later one. Applying one twice changes
    /// nothing.
    pub fn apply(&mut self, summary: Summary) {
        let id = summary.id;
        let place = Place::of(&summary);
        match self.summaries.get(&id) {
            Some(old) if *old == summary => return,
            Some(old)
                if self.places.get(&id) == Some(&place) && !place::regroups(old, &summary) =>
            {
                self.touch(&place, &summary);
            }
            Some(_) => {
                self.remove(id);
                self.insert(place, &summary);
            }
            None => self.insert(place, &summary),
        }
        self.summaries.insert(id, summary);
    }

    /// The session to which an exchange belongs; none for an exchange never applied.
    #[must_use]
    pub fn session_of(&self, id: ExchangeId) -> Option<ExchangeId> {
        let summary = self.summaries.get(&id)?;
        match self.places.get(&id)? {
            Place::Leg(client) => match self.legs.get(client)?.get(&id)? {
                Some(target) => self.session_of(*target),
                None => self.groups.get(&Base::of(summary))?.session_of(id),
            },
            Place::Group(base) => self.groups.get(base)?.session_of(id),
            Place::Wire(wire) => self.wires.get(wire)?.session_of(id),
        }
    }

    /// Every session as it stands at `as_of`, newest first.
    #[must_use]
    pub fn list(&self, as_of: Timestamp) -> Vec<Session> {
        let mut ids: Vec<ExchangeId> =
            self.wires.values().flat_map(Generations::sessions).collect();
        ids.extend(self.groups.values().flat_map(Groups::sessions));
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.into_iter().filter_map(|id| self.get(id, as_of)).collect()
    }

    /// One session as it stands at `as_of`; none where there is no such session.
    #[must_use]
    pub fn get(&self, session: ExchangeId, as_of: Timestamp) -> Option<Session> {
        let (wire, members, follows) = match self.places.get(&session)? {
            Place::Wire(wire) => {
                let generations = self.wires.get(wire)?;
                let (members, follows) = generations.members(session)?;
                (Some(wire), members, follows)
            }
            Place::Group(base) => (None, self.groups.get(base)?.members(session)?, None),
            Place::Leg(_) => {
                let base = Base::of(self.summaries.get(&session)?);
                (None, self.groups.get(&base)?.members(session)?, None)
            }
        };
        let mut all: BTreeSet<ExchangeId> = members.iter().copied().collect();
        all.extend(members.iter().filter_map(|id| self.led.get(id)).flatten());
        let exchanges: Vec<&Summary> = all.iter().filter_map(|id| self.summaries.get(id)).collect();
        let own: Vec<&Summary> = members.iter().filter_map(|id| self.summaries.get(id)).collect();
        life::tell(session, wire, follows, &own, &exchanges, as_of)
    }

    /// The exchange stays where it is and went on.
    fn touch(&mut self, place: &Place, summary: &Summary) {
        let base = match place {
            Place::Wire(_) => return,
            Place::Group(base) => base.clone(),
            Place::Leg(_) => Base::of(summary),
        };
        if let Some(groups) = self.groups.get_mut(&base) {
            groups.touch(summary);
        }
    }

    fn insert(&mut self, place: Place, summary: &Summary) {
        match &place {
            Place::Group(base) => self.groups.entry(base.clone()).or_default().insert(summary),
            Place::Leg(client) => {
                self.legs.entry(client.clone()).or_default().insert(summary.id, None);
                self.groups.entry(Base::of(summary)).or_default().insert(summary);
            }
            Place::Wire(wire) => {
                self.wires.entry(wire.clone()).or_default().insert(summary);
            }
        }
        let client = Client::of(summary);
        let is_leg = matches!(place, Place::Leg(_));
        self.places.insert(summary.id, place);
        if is_leg {
            self.lead(&client, &[summary.id], summary);
        } else if summary.is_mcp {
            self.spoken.entry(client.clone()).or_default().insert(summary.id);
            self.lead(&client, &self.legs_before(&client, summary.id), summary);
        }
    }

    fn remove(&mut self, id: ExchangeId) {
        let Some(old) = self.summaries.remove(&id) else { return };
        let client = Client::of(&old);
        match self.places.remove(&id) {
            Some(Place::Wire(wire)) => {
                if let Some(generations) = self.wires.get_mut(&wire) {
                    generations.remove(id);
                    if generations.is_empty() {
                        self.wires.remove(&wire);
                    }
                }
            }
            Some(Place::Group(base)) => self.ungroup(&base, id),
            Some(Place::Leg(_)) => {
                self.unlead(&client, id);
                self.ungroup(&Base::of(&old), id);
                if let Some(legs) = self.legs.get_mut(&client) {
                    legs.remove(&id);
                }
            }
            None => {}
        }
        if self.spoken.get_mut(&client).is_some_and(|spoken| spoken.remove(&id)) {
            self.lead(&client, &self.legs_before(&client, id), &old);
        }
    }

    fn ungroup(&mut self, base: &Base, id: ExchangeId) {
        if let Some(groups) = self.groups.get_mut(base) {
            groups.remove(id);
            if groups.is_empty() {
                self.groups.remove(base);
            }
        }
    }

    /// The legs between an MCP exchange and the one before it: it is theirs to decide.
    fn legs_before(&self, client: &Client, id: ExchangeId) -> Vec<ExchangeId> {
        let Some(legs) = self.legs.get(client) else { return Vec::new() };
        let spoken = self.spoken.get(client);
        let before = spoken.and_then(|spoken| spoken.range(..id).next_back().copied());
        let from = before.map_or(Bound::Unbounded, Bound::Excluded);
        legs.range((from, Bound::Excluded(id))).map(|(id, _)| *id).collect()
    }

    /// Finds anew where these legs lead, now that `changed` came, changed or went.
    fn lead(&mut self, client: &Client, concerned: &[ExchangeId], changed: &Summary) {
        for leg in concerned.iter().copied() {
            self.unlead(client, leg);
            let target = self.target(client, leg, changed);
            let at = if leg == changed.id { Some(changed) } else { self.summaries.get(&leg) };
            let Some(at) = at.cloned() else { continue };
            let base = Base::of(&at);
            if let Some(target) = target {
                self.ungroup(&base, leg);
                self.led.entry(target).or_default().insert(leg);
            } else {
                let groups = self.groups.entry(base).or_default();
                groups.remove(leg);
                groups.insert(&at);
            }
            if let Some(legs) = self.legs.get_mut(client) {
                legs.insert(leg, target);
            }
        }
    }

    fn unlead(&mut self, client: &Client, leg: ExchangeId) {
        let target =
            self.legs.get_mut(client).and_then(|legs| legs.get_mut(&leg)).and_then(Option::take);
        if let Some(target) = target
            && let Some(led) = self.led.get_mut(&target)
        {
            led.remove(&leg);
            if led.is_empty() {
                self.led.remove(&target);
            }
        }
    }

    /// The exchange that a leg enabled: the client's next one that speaks MCP, shortly after.
    fn target(&self, client: &Client, leg: ExchangeId, changed: &Summary) -> Option<ExchangeId> {
        let find =
            |id: ExchangeId| if id == changed.id { Some(changed) } else { self.summaries.get(&id) };
        let next = self.spoken.get(client)?.range(leg..).next()?;
        let gap = find(*next)?.started_at.0.saturating_sub(find(leg)?.started_at.0);
        (gap <= LEG).then_some(*next)
    }
}

#[cfg(test)]
mod tests;
