//! Sessions told one by one: of each only its kin is read ([`Kin`]), not the whole store.

use std::collections::{BTreeSet, HashMap};

use super::{NAMED, Recording};
use crate::{
    capture::{ExchangeId, Timestamp},
    clock,
    protocol::{
        Session, Sessions, Summary,
        index::{Key, Kin, Plan},
        query::Query,
    },
    recorder::Source,
};

/// Summaries that are remembered while not all are wanted: about 200 MB. Beyond it they are
/// forgotten, and read again where they are wanted again.
const REMEMBERED: usize = 200_000;

/// How far back the first look for the newest session goes, in milliseconds: a minute.
const FIRST_WINDOW: u64 = 60_000;

const NS_IN_MS: u64 = 1_000_000;

/// Summaries that are asked for at once.
const PART: usize = 1_024;

/// Behind every exchange.
const LAST_ID: ExchangeId = ExchangeId::from_bytes([0xff; 16]);

/// The next exchange under a key: looked up once for all that come before it.
#[derive(Default)]
struct Next {
    known: HashMap<Key, ExchangeId>,
}

impl Next {
    /// The first under `key` behind `id`; none where there is none, or where it was found before.
    fn after(
        &mut self,
        id: ExchangeId,
        key: Key,
        source: &mut dyn Source,
    ) -> anyhow::Result<Option<Summary>> {
        if self.known.get(&key).is_some_and(|known| *known > id) {
            return Ok(None);
        }
        let next = source.find(&Plan::of(key), Some(id), 1)?.pop();
        self.known.insert(key, next.as_ref().map_or(LAST_ID, |next| next.id));
        Ok(next)
    }
}

impl Recording {
    /// Tells the session of an exchange; false where there is no such exchange.
    pub(crate) fn relate(&mut self, summary: &Summary) -> anyhow::Result<bool> {
        if self.session_of.contains_key(&summary.id) {
            return Ok(true);
        }
        if !self.is_whole {
            if self.fold.summaries().len() > REMEMBERED {
                self.forget();
            }
            self.read_kin(summary)?;
        }
        let id = self.fold.session_of(summary.id);
        let session = id.and_then(|id| self.fold.get(id, self.as_of));
        Ok(session.map(|session| self.tell(session)).is_some())
    }

    pub(super) fn tell(&mut self, session: Session) {
        let place = self.sessions.len();
        self.session_of.extend(session.exchanges.iter().map(|id| (*id, place)));
        self.keep_whole(&session);
        self.sessions.push(session);
    }

    pub(super) fn apply(&mut self, summary: Summary) {
        self.fold.apply(summary);
    }

    /// The store has grown: nothing that was read of it before counts.
    pub(crate) fn look_anew(&mut self) {
        self.forget();
        self.openings.clear();
        self.firsts.clear();
        (self.is_whole, self.is_listed) = (false, false);
    }

    pub(super) fn forget(&mut self) {
        self.fold = Sessions::new();
        self.read.clear();
        self.sessions.clear();
        self.session_of.clear();
        self.linked = None;
    }

    pub(super) fn read_all(&mut self) -> anyhow::Result<()> {
        if !self.is_whole {
            self.forget();
            for summary in self.source.summaries()? {
                self.apply(summary);
            }
            self.is_whole = true;
        }
        Ok(())
    }

    /// Reads all that decides which session an exchange belongs to, and the whole of that session.
    fn read_kin(&mut self, summary: &Summary) -> anyhow::Result<()> {
        self.read_group(Kin::of(summary).group)?;
        // It may have gone on since the group was read.
        self.apply(summary.clone());
        self.read_leads(summary)?;
        let target = self.fold.led_to(summary.id);
        if target != summary.id
            && let Some(target) = self.fold.summary(target)
        {
            self.read_group(Kin::of(target).group)?;
        }
        Ok(())
    }

    /// Reads a group, and what its clients have that leads elsewhere: it may lead to it.
    fn read_group(&mut self, group: Key) -> anyhow::Result<()> {
        if !self.read.insert(group) {
            return Ok(());
        }
        let mut clients = HashMap::new();
        let mut giving = BTreeSet::new();
        for summary in self.find_all(&Plan::of(group))? {
            let kin = Kin::of(&summary);
            giving.extend(kin.lacks_id.then_some(kin.giving));
            clients.entry(kin.leads).or_insert_with(|| summary.clone());
            self.apply(summary);
        }
        for key in giving {
            self.read_key(key)?;
        }
        for summary in clients.values() {
            self.read_leads(summary)?;
        }
        Ok(())
    }

    /// Reads what a client has that leads elsewhere, each with what it may lead to: the client's
    /// next word anywhere, there, and where it was last challenged; the `initialize` before it.
    fn read_leads(&mut self, of: &Summary) -> anyhow::Result<()> {
        let leads = Kin::of(of).leads;
        if !self.read.insert(leads) {
            return Ok(());
        }
        let mut next = Next::default();
        let mut challenge: Option<Summary> = None;
        for lead in self.find_all(&Plan::of(leads))? {
            let kin = Kin::of(&lead);
            let challenged = challenge.as_ref().map(|last| Kin::spoken_at(&lead, last));
            for key in [kin.spoken, kin.spoken_here].into_iter().chain(challenged) {
                if let Some(found) = next.after(lead.id, key, &mut *self.source)? {
                    self.apply(found);
                }
            }
            if let Some(starts) = kin.starts {
                self.read_key(starts)?;
            }
            if kin.is_challenge {
                challenge = Some(lead.clone());
            }
            self.apply(lead);
        }
        Ok(())
    }

    fn read_key(&mut self, key: Key) -> anyhow::Result<()> {
        if self.read.insert(key) {
            for summary in self.find_all(&Plan::of(key))? {
                self.apply(summary);
            }
        }
        Ok(())
    }

    fn find_all(&mut self, plan: &Plan) -> anyhow::Result<Vec<Summary>> {
        let mut all: Vec<Summary> = Vec::new();
        loop {
            let after = all.last().map(|summary| summary.id);
            let part = self.source.find(plan, after, PART)?;
            let is_last = part.len() < PART;
            all.extend(part);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// The session that began last. Ids ascend as exchanges open: from the newest on back it is
    /// found once an exchange is met that is older than it.
    pub(super) fn newest(&mut self) -> anyhow::Result<Option<Session>> {
        let mut newest: Option<Session> = None;
        let mut oldest_seen = Timestamp(u64::MAX);
        let (mut width, mut start, mut upper) = (FIRST_WINDOW, clock::now().0 / NS_IN_MS, LAST_ID);
        while !self.is_whole {
            start = start.saturating_sub(width);
            width = width.saturating_mul(8);
            let lower = ExchangeId::from_bytes((u128::from(start) << 80).to_be_bytes());
            for summary in
                self.find_all(&Plan { within: Some((lower, upper)), ..Plan::default() })?
            {
                oldest_seen = oldest_seen.min(summary.started_at);
                self.relate(&summary)?;
                let age = |session: &Session| (session.started_at, session.id);
                let session = self.session_of(summary.id);
                if session.map(age) > newest.as_ref().map(age) {
                    newest = session.cloned();
                }
            }
            if start == 0 || newest.as_ref().is_some_and(|found| found.started_at > oldest_seen) {
                return Ok(newest);
            }
            upper = lower;
        }
        Ok(self.sessions()?.last().cloned())
    }

    /// What a query asks of the index, the sessions that it names looked up.
    pub(crate) fn plan(&mut self, query: &Query) -> anyhow::Result<Plan> {
        let mut groups = HashMap::new();
        for text in query.session_texts() {
            let Some(plan) = Plan::beginning(text) else {
                groups.insert(text.to_owned(), Vec::new());
                continue;
            };
            let named = self.find(&plan, None, NAMED)?;
            if named.len() < NAMED {
                let mut keys: Vec<Key> = Vec::new();
                for summary in &named {
                    keys.extend(self.groups_of(summary)?);
                }
                groups.insert(text.to_owned(), keys);
            }
        }
        Ok(query.plan(&groups))
    }

    /// The groups in which the session named by an exchange has its exchanges, legs included.
    fn groups_of(&mut self, summary: &Summary) -> anyhow::Result<Vec<Key>> {
        self.relate(summary)?;
        let session = self.session_of(summary.id);
        let members = session.into_iter().flat_map(|session| &session.exchanges);
        let keys: BTreeSet<Key> = members
            .filter_map(|id| self.fold.summary(*id))
            .map(|summary| Kin::of(summary).group)
            .collect();
        Ok(keys.into_iter().collect())
    }
}
