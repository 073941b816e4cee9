//! Which exchange leads to which: OAuth legs and refusals to what they enabled, requests without
//! an id to the session that they should have named.
//!
//! What an exchange leads to is a function of all standings; when one comes or goes, those that it
//! may concern are asked again. They are few: the ones between it and its neighbours.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    ops::Bound,
    sync::Arc,
};

use super::place::{Client, Ids, Seeks, Spot, Standing};
use crate::{capture::ExchangeId, protocol::model::Summary};

/// How long before the exchange that it enabled an OAuth leg or a refusal may lie.
const LEG: u64 = 10 * 60 * 1_000_000_000;

/// Those that lead, and those that are led to.
#[derive(Debug, Default)]
pub(super) struct Leads {
    /// What speaks MCP, by client at an origin and by client at any.
    spoken: HashMap<Client, Ids>,
    /// Challenges by client at any origin, each with its own.
    challenges: HashMap<Client, BTreeMap<ExchangeId, Arc<str>>>,
    /// Answered `initialize`s, and whether an id was issued.
    starts: HashMap<Spot, BTreeMap<ExchangeId, bool>>,
    retries: HashMap<Client, Ids>,
    legs: HashMap<Client, Ids>,
    strays: HashMap<Spot, Ids>,
    to: HashMap<ExchangeId, ExchangeId>,
    from: HashMap<ExchangeId, Ids>,
}

/// The summaries of a recording: when exchanges began.
pub(super) type Summaries = BTreeMap<ExchangeId, Summary>;

impl Leads {
    /// What an exchange leads to.
    pub(super) fn to(&self, id: ExchangeId) -> Option<ExchangeId> {
        self.to.get(&id).copied()
    }

    /// Others lead to it.
    pub(super) fn is_led_to(&self, id: ExchangeId) -> bool {
        self.from.contains_key(&id)
    }

    /// Adds to `all` what leads to its members, what leads to that, and so on.
    pub(super) fn gather(&self, all: &mut Ids) {
        let mut asked: Vec<ExchangeId> = all.iter().copied().collect();
        while let Some(id) = asked.pop() {
            let Some(from) = self.from.get(&id) else { continue };
            asked.extend(from.iter().copied().filter(|id| all.insert(*id)));
        }
    }

    /// Notes that an exchange leads to another, or to none; returns whether that is news.
    pub(super) fn point(&mut self, id: ExchangeId, target: Option<ExchangeId>) -> bool {
        let old = match target {
            Some(target) => self.to.insert(id, target),
            None => self.to.remove(&id),
        };
        if old == target {
            return false;
        }
        if let Some(old) = old
            && let Some(from) = self.from.get_mut(&old)
        {
            from.remove(&id);
            if from.is_empty() {
                self.from.remove(&old);
            }
        }
        if let Some(target) = target {
            self.from.entry(target).or_default().insert(id);
        }
        true
    }

    /// An exchange came.
    pub(super) fn insert(&mut self, id: ExchangeId, standing: &Standing) {
        let Standing { client, anywhere, .. } = standing;
        if standing.is_spoken() {
            of(&mut self.spoken, client).insert(id);
            of(&mut self.spoken, anywhere).insert(id);
        }
        if let (true, Some(origin)) = (standing.is_challenge(), &client.origin) {
            of(&mut self.challenges, anywhere).insert(id, origin.clone());
        }
        if let (Some(issued), Some(spot)) = (standing.start, &standing.spot) {
            of(&mut self.starts, spot).insert(id, issued);
        }
        match (standing.seeks, &standing.spot) {
            (Some(Seeks::Retry), _) => of(&mut self.retries, client).insert(id),
            (Some(Seeks::Enabled), _) => of(&mut self.legs, anywhere).insert(id),
            (Some(Seeks::Issued), Some(spot)) => of(&mut self.strays, spot).insert(id),
            _ => false,
        };
    }

    /// An exchange went.
    pub(super) fn remove(&mut self, id: ExchangeId, standing: &Standing) {
        let Standing { client, anywhere, .. } = standing;
        for ids in [self.spoken.get_mut(client), self.retries.get_mut(client)] {
            ids.map(|ids| ids.remove(&id));
        }
        for ids in [self.spoken.get_mut(anywhere), self.legs.get_mut(anywhere)] {
            ids.map(|ids| ids.remove(&id));
        }
        self.challenges.get_mut(anywhere).map(|ids| ids.remove(&id));
        if let Some(spot) = &standing.spot {
            self.strays.get_mut(spot).map(|ids| ids.remove(&id));
            self.starts.get_mut(spot).map(|ids| ids.remove(&id));
        }
    }

    /// Those that may lead elsewhere now that this exchange has come or gone.
    pub(super) fn concerned(
        &self,
        id: ExchangeId,
        standing: &Standing,
        summaries: &Summaries,
    ) -> Vec<ExchangeId> {
        let mut concerned: Vec<ExchangeId> =
            self.from.get(&id).into_iter().flatten().copied().collect();
        let anywhere = &standing.anywhere;
        let close = |other: &ExchangeId| {
            let at = |id: &ExchangeId| summaries.get(id).map(|summary| summary.started_at.0);
            matches!((at(&id), at(other)), (Some(a), Some(b)) if a.abs_diff(b) <= LEG)
        };
        // Where nothing looks for it, as in most recordings, nothing is looked up.
        if standing.is_spoken() && !self.retries.is_empty() {
            let spoken = self.spoken.get(&standing.client);
            let before = spoken.and_then(|spoken| spoken.range(..id).next_back().copied());
            let from = before.map_or(Bound::Unbounded, Bound::Excluded);
            concerned.extend(range(self.retries.get(&standing.client), from, Bound::Excluded(id)));
        }
        if standing.is_spoken() && !self.legs.is_empty() {
            // A leg that leads to an earlier one after it has what it looks for.
            let served = |leg: &ExchangeId| self.to(*leg).is_some_and(|to| to > *leg && to < id);
            let legs = self.legs.get(anywhere).into_iter().flat_map(|legs| legs.range(..id).rev());
            concerned.extend(legs.take_while(|leg| close(leg)).filter(|leg| !served(leg)));
        }
        if standing.is_challenge() {
            let legs = self.legs.get(anywhere).into_iter().flat_map(|legs| legs.range(id..));
            concerned.extend(legs.take_while(|leg| close(leg)));
        }
        if let (Some(_), Some(spot)) = (standing.start, &standing.spot) {
            let after = (Bound::Excluded(id), Bound::Unbounded);
            let next = self.starts.get(spot).and_then(|starts| starts.range(after).next());
            let until = next.map_or(Bound::Unbounded, |(next, _)| Bound::Excluded(*next));
            concerned.extend(range(self.strays.get(spot), Bound::Excluded(id), until));
        }
        concerned
    }

    /// What an exchange leads to by all that is known.
    pub(super) fn target(
        &self,
        id: ExchangeId,
        standing: &Standing,
        summaries: &Summaries,
    ) -> Option<ExchangeId> {
        let started = |id: ExchangeId| summaries.get(&id).map(|summary| summary.started_at.0);
        let close = |other: &ExchangeId| matches!((started(id), started(*other)), (Some(a), Some(b)) if a.abs_diff(b) <= LEG);
        let next = |client: &Client| {
            let after = (Bound::Excluded(id), Bound::Unbounded);
            self.spoken.get(client)?.range(after).next().copied().filter(close)
        };
        match standing.seeks? {
            Seeks::Retry => next(&standing.client),
            Seeks::Enabled => {
                let anywhere = &standing.anywhere;
                let challenges = self.challenges.get(anywhere);
                let last = challenges.and_then(|all| all.range(..id).next_back());
                match last.filter(|(challenge, _)| close(challenge)) {
                    Some((challenge, origin)) => {
                        next(&standing.client.at(origin.clone())).or(Some(*challenge))
                    }
                    None => next(anywhere),
                }
            }
            Seeks::Issued => {
                let starts = self.starts.get(standing.spot.as_ref()?)?;
                let (start, issued) = starts.range(..id).next_back()?;
                issued.then_some(*start)
            }
        }
    }
}

/// The entry of a key, which is copied only where it is new.
fn of<'a, K: Clone + Eq + Hash, V: Default>(map: &'a mut HashMap<K, V>, key: &K) -> &'a mut V {
    if !map.contains_key(key) {
        map.insert(key.clone(), V::default());
    }
    map.get_mut(key).expect("it is there, or was just put there")
}

fn range(
    ids: Option<&Ids>,
    from: Bound<ExchangeId>,
    to: Bound<ExchangeId>,
) -> impl Iterator<Item = ExchangeId> {
    ids.into_iter().flat_map(move |ids| ids.range((from, to)).copied())
}
