//! A source with its sessions folded: what every reading verb starts from.

use std::{collections::HashMap, path::Path};

use anyhow::{anyhow, bail};

use super::{Ctx, args::Reading, open};
use crate::{
    capture::{ExchangeId, Record, Timestamp},
    clock,
    protocol::{
        Call, Kind, Message, Session, Sessions, Summary, pair,
        query::{Query, Subject},
        read,
    },
    recorder::Source,
};

/// Candidates that an ambiguous prefix names; more are counted.
const CANDIDATES_SHOWN: usize = 8;

/// What there is to read, at one `as_of`.
pub(crate) struct Recording {
    source: Box<dyn Source>,
    summaries: HashMap<ExchangeId, Summary>,
    /// Oldest first.
    sessions: Vec<Session>,
    session_of: HashMap<ExchangeId, usize>,
    /// The clock of ages and relative times.
    pub(crate) as_of: Timestamp,
}

/// A message in its call, or an exchange that carries none.
pub(crate) struct Entry {
    pub(crate) exchange: ExchangeId,
    pub(crate) at: Timestamp,
    pub(crate) message: Option<Message>,
    pub(crate) call: Option<Call>,
}

impl Recording {
    /// Opens the home's store, or a tape.
    pub(crate) fn open(ctx: &Ctx, reading: &Reading, tape: Option<&Path>) -> anyhow::Result<Self> {
        let tape = tape.or(reading.tape.as_deref());
        let source = open::source(ctx, tape)?;
        Self::of(source, reading.as_of, tape.is_some())
    }

    /// Folds the sessions of a source. Without `as_of` the clock is now, or a tape's last record.
    pub(crate) fn of(
        mut source: Box<dyn Source>,
        as_of: Option<Timestamp>,
        is_tape: bool,
    ) -> anyhow::Result<Self> {
        let summaries = source.summaries()?;
        let last = summaries.iter().map(|summary| summary.last_at).max().unwrap_or_default();
        let as_of = as_of.unwrap_or_else(|| if is_tape { last } else { clock::now() });
        let mut fold = Sessions::new();
        for summary in &summaries {
            fold.apply(summary.clone());
        }
        let mut sessions = fold.list(as_of);
        sessions.sort_by_key(|session| (session.started_at, session.id));
        let session_of = sessions
            .iter()
            .enumerate()
            .flat_map(|(place, session)| session.exchanges.iter().map(move |id| (*id, place)));
        let session_of = session_of.collect();
        let summaries = summaries.into_iter().map(|summary| (summary.id, summary)).collect();
        Ok(Self { source, summaries, sessions, session_of, as_of })
    }

    /// Reads a query; relative times count back from `as_of`.
    pub(crate) fn query(&self, words: &[String]) -> anyhow::Result<Query> {
        Ok(Query::parse(&words.join(" "), self.as_of)?)
    }

    /// All sessions, oldest first.
    pub(crate) fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// The session that an exchange belongs to.
    pub(crate) fn session_of(&self, exchange: ExchangeId) -> Option<&Session> {
        self.sessions.get(*self.session_of.get(&exchange)?)
    }

    /// What the catalog keeps of an exchange.
    pub(crate) fn summary(&self, exchange: ExchangeId) -> Option<&Summary> {
        self.summaries.get(&exchange)
    }

    /// All records of an exchange.
    pub(crate) fn records(&mut self, exchange: ExchangeId) -> anyhow::Result<Vec<Record>> {
        Ok(self.source.records(exchange)?)
    }

    /// All notices, oldest first.
    pub(crate) fn notices(&mut self) -> anyhow::Result<Vec<Record>> {
        Ok(self.source.notices()?)
    }

    /// The sessions that `list`, `export` and `prune` take for a query, oldest first.
    pub(crate) fn take(&mut self, query: &Query) -> anyhow::Result<Vec<Session>> {
        let mut taken = Vec::new();
        for session in self.sessions.clone() {
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
        let summaries = || session.exchanges.iter().filter_map(|id| self.summaries.get(id));
        if !summaries().any(|summary| query.may_match(summary)) {
            return Ok(false);
        }
        let entries = self.entries(session)?;
        let subjects = entries.iter().filter_map(|entry| self.subject(session, entry));
        Ok(query.takes_session(session, subjects))
    }

    /// A session's messages, paired, by exchange and number; an exchange without messages is an
    /// entry of its own.
    pub(crate) fn entries(&mut self, session: &Session) -> anyhow::Result<Vec<Entry>> {
        let mut messages = Vec::new();
        let mut entries = Vec::new();
        for id in &session.exchanges {
            let records = self.records(*id)?;
            let Some(reading) = read(&records) else { continue };
            if reading.messages.is_empty() {
                let at = reading.summary.started_at;
                entries.push(Entry { exchange: *id, at, message: None, call: None });
            }
            messages.extend(reading.messages);
        }
        pair(&mut messages);
        let calls = self.calls(&messages);
        entries.extend(messages.into_iter().zip(calls).map(|(message, call)| Entry {
            exchange: message.exchange,
            at: message.at,
            message: Some(message),
            call,
        }));
        entries.sort_by_key(|entry| {
            (entry.exchange, entry.message.as_ref().map(|message| message.number))
        });
        Ok(entries)
    }

    /// What a query is tested on.
    pub(crate) fn subject<'a>(
        &'a self,
        session: &'a Session,
        entry: &'a Entry,
    ) -> Option<Subject<'a>> {
        let summary = self.summaries.get(&entry.exchange)?;
        Some(Subject {
            session,
            summary,
            call: entry.call.as_ref(),
            message: entry.message.as_ref(),
        })
    }

    /// The call of each message: of a request with its answer, and of the answer with its request;
    /// none for a notification.
    fn calls(&self, messages: &[Message]) -> Vec<Option<Call>> {
        let answers: HashMap<&str, &Message> = messages
            .iter()
            .filter_map(|message| Some((message.answers.as_deref()?, message)))
            .collect();
        let asked_in: HashMap<String, ExchangeId> = messages
            .iter()
            .filter(|message| message.kind == Kind::Request)
            .map(|message| (message.id(), message.exchange))
            .collect();
        let call = |message: &Message| {
            let (answer, exchange) = match message.kind {
                Kind::Notification => return None,
                Kind::Request => (answers.get(message.id().as_str()).copied(), message.exchange),
                Kind::Response | Kind::Error => {
                    let asked = message.answers.as_ref().and_then(|id| asked_in.get(id)).copied();
                    (Some(message), asked.unwrap_or(message.exchange))
                }
            };
            Some(Call::of(answer, self.summaries.get(&exchange)?))
        };
        messages.iter().map(call).collect()
    }

    /// The sessions that an argument names: `@last`, an id or the beginning of one, a query.
    pub(crate) fn select(&mut self, argument: &str) -> anyhow::Result<Vec<Session>> {
        if argument == "@last" {
            return match self.sessions.last() {
                Some(session) => Ok(vec![session.clone()]),
                None => bail!("there is no session yet\nhint: `wiretape demo` records some"),
            };
        }
        if is_query(argument) {
            let query = self.query(&[argument.to_owned()])?;
            return self.take(&query);
        }
        let ids = self.sessions.iter().map(|session| session.id);
        let id = by_prefix("session", argument, ids)
            .map_err(|error| anyhow!("{error}\nhint: sessions are listed by `wiretape list`"))?;
        Ok(self.sessions.iter().filter(|session| session.id == id).cloned().collect())
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
