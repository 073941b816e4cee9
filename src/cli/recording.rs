//! A source with its sessions folded as they are asked for: what every reading verb starts from.

mod entries;
mod hits;
mod judged;
mod placed;
mod related;

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use anyhow::{anyhow, bail};

pub(crate) use hits::{Hits, Step};
pub(crate) use judged::body_bytes;
use placed::Openings;

use super::{
    Ctx,
    args::Reading,
    masked::{Mask, Secrets},
    open,
    remarks::Remarks,
};
use crate::{
    capture::{ExchangeId, Record, Timestamp},
    clock,
    protocol::{
        self, Call, Message, Session, Sessions, Summary, Told,
        index::{Key, Plan},
        oauth::OAuth,
        problems::{Judgement, Problem},
        query::{Query, Subject},
    },
    recorder::Source,
};

/// Candidates that an ambiguous prefix names; more are counted.
const CANDIDATES_SHOWN: usize = 8;

/// Exchanges with one beginning of their ids that are looked up; more of them name nothing in
/// particular, and everything is read.
const NAMED: usize = 64;

/// What there is to read, at one `as_of`. Sessions are folded as they are asked for: one of them
/// from its kin alone (`protocol::index::Kin`), or all at once.
pub(crate) struct Recording {
    source: Box<dyn Source>,
    fold: Sessions,
    /// All there is was read,
    is_whole: bool,
    /// and all sessions were told of it.
    is_listed: bool,
    /// Groups, and clients' legs, that were read.
    read: HashSet<Key>,
    /// The `initialize`s that bear an id on the wire, as they were looked up.
    openings: HashMap<Key, Openings>,
    /// Likewise the first exchange of a group.
    firsts: HashMap<Key, Option<Summary>>,
    /// Oldest first where all are told, else as they were asked for.
    sessions: Vec<Session>,
    session_of: HashMap<ExchangeId, usize>,
    /// The messages that one session's exchanges share calls with.
    linked: Option<(ExchangeId, HashMap<ExchangeId, Vec<Entry>>)>,
    judged: HashMap<ExchangeId, Judgement>,
    /// What shows over all sessions, once it was looked for.
    over_all: Option<Vec<Problem>>,
    /// Who is told of secrets as records are read.
    secrets: Option<Secrets>,
    /// An exchange that was read already.
    at_hand: Option<Arc<AtHand>>,
    /// The clock of ages and relative times.
    pub(crate) as_of: Timestamp,
}

/// One exchange, read.
pub(crate) struct AtHand {
    pub(crate) records: Arc<[Record]>,
    pub(crate) reading: protocol::Reading,
}

/// A message in its call, or an exchange that carries none.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) exchange: ExchangeId,
    pub(crate) at: Timestamp,
    pub(crate) message: Option<Message>,
    pub(crate) call: Option<Call>,
    /// What is known of the message once the session is read.
    pub(crate) remarks: Remarks,
}

impl Recording {
    /// Opens the home's store, or a tape.
    pub(crate) fn open(ctx: &Ctx, reading: &Reading, tape: Option<&Path>) -> anyhow::Result<Self> {
        let tape = tape.or(reading.tape.as_deref());
        let source = open::source(ctx, tape)?;
        Self::of(source, reading.as_of, tape.is_some())
    }

    /// Reads from a source. Without `as_of` the clock is now, or a tape's last record.
    pub(crate) fn of(
        source: Box<dyn Source>,
        as_of: Option<Timestamp>,
        is_tape: bool,
    ) -> anyhow::Result<Self> {
        let mut recording = Self {
            source,
            fold: Sessions::new(),
            is_whole: false,
            is_listed: false,
            read: HashSet::new(),
            openings: HashMap::new(),
            firsts: HashMap::new(),
            sessions: Vec::new(),
            session_of: HashMap::new(),
            linked: None,
            judged: HashMap::new(),
            over_all: None,
            secrets: None,
            at_hand: None,
            as_of: as_of.unwrap_or_else(clock::now),
        };
        if as_of.is_none() && is_tape {
            recording.read_all()?;
            let last = recording.fold.summaries().map(|summary| summary.last_at).max();
            recording.as_of = last.unwrap_or_default();
        }
        Ok(recording)
    }

    /// Reads a query; relative times count back from `as_of`.
    pub(crate) fn query(&self, words: &[String]) -> anyhow::Result<Query> {
        Ok(Query::parse(&words.join(" "), self.as_of)?)
    }

    /// All sessions, oldest first.
    pub(crate) fn sessions(&mut self) -> anyhow::Result<&[Session]> {
        self.read_all()?;
        if !self.is_listed {
            self.sessions.clear();
            self.session_of.clear();
            self.is_listed = true;
            let mut sessions = self.fold.list(self.as_of);
            sessions.sort_by_key(|session| (session.started_at, session.id));
            for session in sessions {
                self.tell(session);
            }
        }
        Ok(&self.sessions)
    }

    /// When each exchange began, oldest first.
    pub(crate) fn by_age(&mut self) -> anyhow::Result<Vec<(Timestamp, ExchangeId)>> {
        self.read_all()?;
        let all = self.fold.summaries();
        let mut all: Vec<_> = all.map(|summary| (summary.started_at, summary.id)).collect();
        all.sort_unstable();
        Ok(all)
    }

    /// The session of an exchange, if it was told: all of a session's are once one is.
    pub(crate) fn session_of(&self, exchange: ExchangeId) -> Option<&Session> {
        self.sessions.get(*self.session_of.get(&exchange)?)
    }

    /// The next exchanges that the index finds; see [`Source::find`].
    pub(crate) fn find(
        &mut self,
        plan: &Plan,
        after: Option<ExchangeId>,
        most: usize,
    ) -> anyhow::Result<Vec<Summary>> {
        Ok(self.source.find(plan, after, most)?)
    }

    /// What the catalog keeps of an exchange.
    pub(crate) fn summary(&self, exchange: ExchangeId) -> Option<&Summary> {
        self.fold.summary(exchange)
    }

    /// All records of an exchange.
    pub(crate) fn records(&mut self, exchange: ExchangeId) -> anyhow::Result<Vec<Record>> {
        let records = self.source.records(exchange)?;
        if let Some(secrets) = &self.secrets {
            let mut secrets = secrets.lock();
            for record in &records {
                secrets.hear(&record.fact);
            }
        }
        Ok(records)
    }

    /// Reads what the records of an exchange say: its entries are told without reading it once
    /// more, which may be 10 MB. None where they say nothing.
    pub(crate) fn take_in_hand(&mut self, records: Arc<[Record]>) -> Option<Arc<AtHand>> {
        let reading = protocol::read(&records)?;
        self.at_hand = Some(Arc::new(AtHand { records, reading }));
        self.at_hand.clone()
    }

    /// From now on the mask is told what is secret in the records that are read, and which ids of
    /// sessions stay whole.
    pub(crate) fn tell_secrets(&mut self, mask: &Mask) {
        self.secrets = mask.secrets();
        self.sessions.iter().for_each(|session| self.keep_whole(session));
    }

    fn keep_whole(&self, session: &Session) {
        if let (Some(secrets), Some(id)) = (&self.secrets, &session.wire_id) {
            secrets.lock().keep_whole(id);
        }
    }

    /// All notices, oldest first.
    pub(crate) fn notices(&mut self) -> anyhow::Result<Vec<Record>> {
        Ok(self.source.notices()?)
    }

    /// The sessions that `list`, `export` and `prune` take for a query, oldest first.
    pub(crate) fn take(&mut self, query: &Query) -> anyhow::Result<Vec<Session>> {
        if query.asks_for_problems() {
            self.judge_over_all()?;
        }
        let mut taken = Vec::new();
        for session in self.sessions()?.to_vec() {
            // Its own terms may settle it: then no subject is asked for, and no record is read.
            let mut asked = false;
            let nothing = std::iter::from_fn(|| {
                asked = true;
                None
            });
            let settled = query.takes_session(&session, nothing) && !asked;
            if settled || query.matches_session(&session) && self.takes(query, &session)? {
                taken.push(session);
            }
        }
        Ok(taken)
    }

    fn takes(&mut self, query: &Query, session: &Session) -> anyhow::Result<bool> {
        let summaries = || session.exchanges.iter().filter_map(|id| self.fold.summary(*id));
        if !summaries().any(|summary| query.may_match(summary)) {
            return Ok(false);
        }
        if query.asks_for_problems() {
            self.judge(std::slice::from_ref(session))?;
        }
        let entries = self.entries(session)?;
        let subjects = entries.iter().filter_map(|entry| self.subject(session, entry));
        Ok(query.takes_session(session, subjects))
    }

    /// How a session came by its authorisation; none where no OAuth is in it.
    pub(crate) fn oauth(&mut self, session: &Session) -> anyhow::Result<Option<OAuth>> {
        let ids = session.exchanges.iter();
        let concerned = OAuth::concerned(ids.filter_map(|id| self.fold.summary(*id)));
        let mut told = Vec::new();
        for id in concerned {
            told.extend(Told::of(&self.records(id)?));
        }
        Ok(OAuth::tell(&session.server, &told))
    }

    /// What a query is tested on.
    pub(crate) fn subject<'a>(
        &'a self,
        session: &'a Session,
        entry: &'a Entry,
    ) -> Option<Subject<'a>> {
        let summary = self.fold.summary(entry.exchange)?;
        Some(Subject {
            session,
            summary,
            call: entry.call.as_ref(),
            message: entry.message.as_ref(),
            at_fault: self.is_at_fault(session.id, entry),
        })
    }

    /// The sessions that an argument names: `@last`, an id or the beginning of one, a query.
    pub(crate) fn select(&mut self, argument: &str) -> anyhow::Result<Vec<Session>> {
        if argument == "@last" {
            return match self.newest()? {
                Some(session) => Ok(vec![session]),
                None => bail!("there is no session yet\nhint: `wiretape demo` records some"),
            };
        }
        if is_query(argument) {
            let query = self.query(&[argument.to_owned()])?;
            return self.take(&query);
        }
        let sessions = match self.named(argument)? {
            Some(sessions) => sessions,
            None => self.sessions()?.to_vec(),
        };
        let ids = sessions.iter().map(|session| session.id);
        let id = by_prefix("session", argument, ids)
            .map_err(|error| anyhow!("{error}\nhint: sessions are listed by `wiretape list`"))?;
        Ok(sessions.into_iter().filter(|session| session.id == id).collect())
    }

    /// The sessions whose id begins with a text; none where they are too many to be looked up.
    fn named(&mut self, text: &str) -> anyhow::Result<Option<Vec<Session>>> {
        let Some(plan) = Plan::beginning(text).filter(|_| !self.is_whole) else { return Ok(None) };
        let found = self.find(&plan, None, NAMED)?;
        if found.len() >= NAMED {
            return Ok(None);
        }
        let mut named = Vec::new();
        for summary in found {
            self.relate(&summary)?;
            let session = self.session_of(summary.id).filter(|session| session.id == summary.id);
            named.extend(session.cloned());
        }
        named.sort_by_key(|session| (session.started_at, session.id));
        Ok(Some(named))
    }
}

/// An argument with one of these is a query (faces.md).
pub(crate) fn is_query(argument: &str) -> bool {
    argument.contains([':', '<', '>', '"'])
}

/// The one id that is `prefix` or begins with it.
pub(crate) fn by_prefix(
    what: &str,
    prefix: &str,
    ids: impl Iterator<Item = ExchangeId>,
) -> anyhow::Result<ExchangeId> {
    let lower = prefix.to_ascii_lowercase();
    let found: Vec<ExchangeId> = ids.filter(|id| id.to_string().starts_with(&lower)).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => bail!("no {what} begins with `{prefix}`"),
        many => {
            let mut shown: Vec<String> =
                many.iter().take(CANDIDATES_SHOWN).map(ToString::to_string).collect();
            if many.len() > CANDIDATES_SHOWN {
                shown.push(format!("and {} more", many.len() - CANDIDATES_SHOWN));
            }
            bail!("`{prefix}` begins more than one {what}:\n  {}", shown.join("\n  "))
        }
    }
}

#[cfg(test)]
mod tests;
