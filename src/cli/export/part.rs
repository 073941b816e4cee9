//! The sessions that were asked for, of one store or tape.

use std::{collections::BTreeSet, path::Path};

use anyhow::Context;

use super::rules::{Answered, Own};
use crate::{
    capture::{ExchangeId, Fact, Record, Timestamp, redact::Redactor},
    cli::{
        Ctx,
        args::ExportArgs,
        open,
        recording::{Recording, is_query},
    },
    protocol::Session,
    recorder::Source,
};

/// Longer ids are cut in a summary: they are replaced only where a name says what they are.
const LONGEST_ID: usize = 255;

/// Sessions of one source.
pub(super) struct Part {
    pub(super) recording: Recording,
    pub(super) tool: String,
    pub(super) sessions: Vec<Session>,
}

impl Part {
    fn open(args: &ExportArgs, ctx: &Ctx, tape: Option<&Path>) -> anyhow::Result<Self> {
        let source = open::source(ctx, tape)?;
        Self::of(source, args.as_of, tape.is_some())
    }

    pub(super) fn of(
        source: Box<dyn Source>,
        as_of: Option<Timestamp>,
        is_tape: bool,
    ) -> anyhow::Result<Self> {
        let tool = source.origin().tool;
        let recording = Recording::of(source, as_of, is_tape)?;
        Ok(Self { recording, tool, sessions: Vec::new() })
    }

    /// Takes what the arguments name: each a session, all queries together one query.
    fn take(&mut self, what: &[&String]) -> anyhow::Result<()> {
        let (queries, names): (Vec<&String>, Vec<&String>) =
            what.iter().partition(|text| is_query(text));
        for name in names {
            self.sessions.extend(self.recording.select(name)?);
        }
        if !queries.is_empty() {
            let words: Vec<String> = queries.into_iter().cloned().collect();
            let query = self.recording.query(&words)?;
            self.sessions.extend(self.recording.take(&query)?);
        }
        Ok(())
    }

    /// Their exchanges, ascending, each once.
    fn exchanges(&self) -> BTreeSet<ExchangeId> {
        self.sessions.iter().flat_map(|session| session.exchanges.iter().copied()).collect()
    }

    /// Ids of sessions, wherever they stand in the traffic. Of a cookie only a mark is known, not
    /// the value.
    pub(super) fn learn_ids(&self, redactor: &mut Redactor) {
        for id in self.exchanges() {
            let candidates = self.recording.summary(id).map(|summary| &summary.candidates);
            for candidate in candidates.into_iter().flatten() {
                if candidate.value.len() < LONGEST_ID && !candidate.is_cookie() {
                    redactor.learn("session", candidate.value.as_bytes());
                }
            }
        }
    }

    /// Gaps that concern no one exchange, from the first record of the sessions to their last.
    fn gaps(&mut self) -> anyhow::Result<Vec<Record>> {
        let during = |at: Timestamp| {
            self.sessions.iter().any(|session| (session.started_at..=session.last_at).contains(&at))
        };
        let mut notices = self.recording.notices()?;
        notices.retain(|notice| matches!(notice.fact, Fact::Gap(_)) && during(notice.at));
        Ok(notices)
    }

    /// Hands on all records, one exchange after the other, and what its answers answer where the
    /// user's rules ask for that.
    pub(super) fn each(
        &mut self,
        own: &Own,
        visit: &mut dyn FnMut(Vec<Record>, &Answered) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for id in self.exchanges() {
            let answered = match self.recording.summary(id).cloned() {
                Some(summary) if own.asks() => Answered::of(&self.recording.entries_of(&summary)?),
                _ => Answered::default(),
            };
            let records = self.recording.records(id)?;
            visit(records, &answered).with_context(|| format!("exchange {id}"))?;
        }
        let gaps = self.gaps()?;
        visit(gaps, &Answered::default())
    }
}

/// The files among the arguments are tapes, the others name sessions of `--tape` or the store.
pub(super) fn select(args: &ExportArgs, ctx: &Ctx) -> anyhow::Result<Vec<Part>> {
    let (files, others): (Vec<_>, Vec<_>) =
        args.what.iter().partition(|what| Path::new(what).is_file());
    let mut parts = Vec::new();
    for file in files {
        let mut part = Part::open(args, ctx, Some(Path::new(file)))?;
        part.sessions = part.recording.sessions()?.to_vec();
        parts.push(part);
    }
    if !others.is_empty() {
        let mut part = Part::open(args, ctx, args.tape.as_deref())?;
        part.take(&others)?;
        parts.push(part);
    }
    Ok(parts)
}
