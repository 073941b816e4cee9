//! The fold of summaries into sessions.
//!
//! A session is known by an id on the wire, else by grouping (protocol.md §1.1). The result is a
//! function of the *set* of summaries, ordered by exchange id: how and when they were applied does
//! not matter. So a running exchange may be applied over and over as it grows.
//!
//! `place` tells from one summary where it belongs; `generations` and `groups` hold sessions;
//! `leads` joins what belongs to another exchange's session; `life` and `states` tell one.

mod generations;
mod given;
mod groups;
mod kin;
mod leads;
mod life;
mod place;
mod states;

use std::collections::{BTreeMap, HashMap};

use generations::Generations;
use groups::Groups;
pub use kin::Kin;
use leads::{Leads, Summaries};
use place::{Base, Client, Ids, Own, Standing, Wire};

use super::model::{Session, Summary};
use crate::capture::{ExchangeId, Timestamp};

/// Without an exchange for so long a group ends, and a session counts as expired: 30 minutes
/// (protocol.md §1.1; houses.md §2 and §3).
pub(super) const IDLE: u64 = 30 * 60 * 1_000_000_000;

/// All sessions of a recording. It holds a summary an exchange: memory is the recording's, bounded
/// by its owner.
#[derive(Debug, Default)]
pub struct Sessions {
    summaries: Summaries,
    standings: HashMap<ExchangeId, Standing>,
    wires: BTreeMap<Wire, Generations>,
    groups: HashMap<Base, Groups>,
    leads: Leads,
    /// A client's exchanges that brought it an id.
    giving: HashMap<Client, Ids>,
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
        if self.summaries.get(&id) == Some(&summary) {
            return;
        }
        let standing = Standing::of(&summary);
        if self.standings.get(&id) == Some(&standing) {
            self.summaries.insert(id, summary);
            return self.touch(id);
        }
        self.remove(id);
        self.summaries.insert(id, summary);
        self.insert(id, standing);
    }

    /// What is known of an exchange, as it was applied last.
    #[must_use]
    pub fn summary(&self, exchange: ExchangeId) -> Option<&Summary> {
        self.summaries.get(&exchange)
    }

    /// All summaries, ascending by exchange.
    pub fn summaries(&self) -> impl ExactSizeIterator<Item = &Summary> {
        self.summaries.values()
    }

    /// Forgets an exchange, for who has others that say the same of its session. False where others
    /// lead to it: it stays then.
    pub fn forget(&mut self, id: ExchangeId) -> bool {
        let stays = self.leads.is_led_to(id);
        if !stays {
            self.remove(id);
        }
        !stays
    }

    /// How many exchanges are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.summaries.len()
    }

    /// None is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.summaries.is_empty()
    }

    /// The session to which an exchange belongs; none for an exchange never applied.
    #[must_use]
    pub fn session_of(&self, id: ExchangeId) -> Option<ExchangeId> {
        let id = self.led_to(id);
        match &self.standings.get(&id)?.own {
            Own::Group(base) => self.groups.get(base)?.session_of(id),
            Own::Wire(wire) => self.wires.get(wire)?.session_of(id),
        }
    }

    /// The exchange in whose session this one is: itself, or where it leads.
    #[must_use]
    pub fn led_to(&self, mut id: ExchangeId) -> ExchangeId {
        // A leg leads to a challenge, that to a request without an id, that to a session.
        while let Some(to) = self.leads.to(id) {
            id = to;
        }
        id
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
        if self.leads.to(session).is_some() {
            return None;
        }
        let (wire, members, follows) = match &self.standings.get(&session)?.own {
            Own::Wire(wire) => {
                let (members, follows) = self.wires.get(wire)?.members(session)?;
                (Some(wire), members, follows)
            }
            Own::Group(base) => (None, self.groups.get(base)?.members(session)?, None),
        };
        let mut all: Ids = members.iter().copied().collect();
        self.leads.gather(&mut all);
        let exchanges: Vec<&Summary> = all.iter().filter_map(|id| self.summaries.get(id)).collect();
        let own: Vec<&Summary> = members.iter().filter_map(|id| self.summaries.get(id)).collect();
        let told = life::tell(session, wire, follows, &own, &exchanges, as_of)?;
        Some(Session { given: self.given(&own), ..told })
    }

    fn insert(&mut self, id: ExchangeId, standing: Standing) {
        self.leads.insert(id, &standing);
        if standing.gives {
            self.giving.entry(standing.client.clone()).or_default().insert(id);
        }
        self.standings.insert(id, standing);
        self.house(id);
        self.lead(id);
        self.lead_others(id);
    }

    /// An exchange was deleted: it leads nowhere any more.
    pub fn remove(&mut self, id: ExchangeId) {
        if !self.standings.contains_key(&id) {
            return;
        }
        if !self.leads.point(id, None) {
            self.unhouse(id);
        }
        let Some(standing) = self.standings.remove(&id) else { return };
        self.leads.remove(id, &standing);
        if let Some(giving) = self.giving.get_mut(&standing.client) {
            giving.remove(&id);
        }
        for other in self.leads.concerned(id, &standing, &self.summaries) {
            self.lead(other);
        }
        self.summaries.remove(&id);
    }

    /// The exchange stays where it is and went on.
    fn touch(&mut self, id: ExchangeId) {
        let (Some(standing), Some(summary)) = (self.standings.get(&id), self.summaries.get(&id))
        else {
            return;
        };
        if let (Own::Group(base), None) = (&standing.own, self.leads.to(id))
            && let Some(groups) = self.groups.get_mut(base)
        {
            groups.touch(summary);
        }
    }

    /// Finds anew where others lead, now that this exchange is there.
    fn lead_others(&mut self, id: ExchangeId) {
        let Some(standing) = self.standings.get(&id) else { return };
        for other in self.leads.concerned(id, standing, &self.summaries) {
            self.lead(other);
        }
    }

    /// Finds where an exchange leads. It is in a session of its own only where it leads nowhere.
    fn lead(&mut self, id: ExchangeId) {
        let Some(standing) = self.standings.get(&id).filter(|s| s.seeks.is_some()) else { return };
        let target = self.leads.target(id, standing, &self.summaries);
        let led = self.leads.to(id).is_some();
        if !self.leads.point(id, target) {
            return;
        }
        match (led, target) {
            (false, Some(_)) => self.unhouse(id),
            (true, None) => self.house(id),
            _ => {}
        }
    }

    /// Puts an exchange where it belongs by what is in it.
    fn house(&mut self, id: ExchangeId) {
        let (Some(standing), Some(summary)) = (self.standings.get(&id), self.summaries.get(&id))
        else {
            return;
        };
        match &standing.own {
            Own::Wire(wire) => {
                let generations = self.wires.entry(wire.clone()).or_default();
                generations.insert(id, standing.handshake);
            }
            Own::Group(base) => {
                let groups = self.groups.entry(base.clone()).or_default();
                groups.insert(summary, standing.grouping.clone());
            }
        }
    }

    fn unhouse(&mut self, id: ExchangeId) {
        let Some(standing) = self.standings.get(&id) else { return };
        match &standing.own {
            Own::Wire(wire) => {
                if let Some(generations) = self.wires.get_mut(wire) {
                    generations.remove(id);
                    if generations.is_empty() {
                        self.wires.remove(wire);
                    }
                }
            }
            Own::Group(base) => {
                if let Some(groups) = self.groups.get_mut(base) {
                    groups.remove(id);
                    if groups.is_empty() {
                        self.groups.remove(base);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
