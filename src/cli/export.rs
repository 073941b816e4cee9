//! `wiretape export`: sessions become a tape, without secrets unless told (design.md, tenet 4).
//!
//! It goes over the sessions' exchanges twice, one exchange in memory at a time: the first time it
//! learns what is secret and which sessions' ids there are, the second time it replaces that
//! wherever it stands. What was written is then searched once more for every secret; only a file
//! without a hit takes its name. Of the notices, gaps of the whole recording within the sessions'
//! time go along; tunnels and failures of other hosts are not part of a session.

mod body;
mod census;
mod exchange;
mod last_look;
mod target;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::Context;

use self::{
    census::{Census, texts},
    last_look::look,
    target::Target,
};
use super::{
    Ctx,
    args::ExportArgs,
    open,
    recording::{Recording, is_query},
    units,
};
use crate::{
    capture::{
        ExchangeId, Fact, Record, Timestamp,
        redact::{Mode, Redactor, placeholders_in},
    },
    protocol::Session,
    recorder::Source,
    store::tape::{Spool, TapeHeader},
};

/// Longer ids are cut in a summary: they are replaced only where a name says what they are.
const LONGEST_ID: usize = 255;

/// Exports.
pub(crate) fn run(args: &ExportArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let parts = select(args, ctx)?;
    let target = Target::of(&args.output)?;
    let mut file = target.draft()?;
    let exported = write(parts, args.reveal, BufWriter::new(file.as_file_mut()))?;
    if let Some(needles) = exported.redactor.needles() {
        look(file.as_file_mut(), needles)?;
    }
    let bytes = file.as_file().metadata().context("the tape that was written")?.len();
    target.publish(file, &mut ctx.out)?;
    say(args, &exported, bytes, ctx);
    Ok(ExitCode::SUCCESS)
}

/// Sessions of one source.
struct Part {
    recording: Recording,
    tool: String,
    sessions: Vec<Session>,
}

impl Part {
    fn open(args: &ExportArgs, ctx: &Ctx, tape: Option<&Path>) -> anyhow::Result<Self> {
        let source = open::source(ctx, tape)?;
        Self::of(source, args.as_of, tape.is_some())
    }

    fn of(
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

    /// Ids of sessions, wherever they stand in the traffic.
    fn learn_ids(&self, redactor: &mut Redactor) {
        for id in self.exchanges() {
            let candidates = self.recording.summary(id).map(|summary| &summary.candidates);
            for candidate in candidates.into_iter().flatten() {
                if candidate.value.len() < LONGEST_ID {
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

    /// Hands on all records, one exchange after the other.
    fn each(
        &mut self,
        visit: &mut dyn FnMut(Vec<Record>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for id in self.exchanges() {
            let records = self.recording.records(id)?;
            visit(records).with_context(|| format!("exchange {id}"))?;
        }
        let gaps = self.gaps()?;
        visit(gaps)
    }
}

/// The files among the arguments are tapes, the others name sessions of `--tape` or the store.
fn select(args: &ExportArgs, ctx: &Ctx) -> anyhow::Result<Vec<Part>> {
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

/// What an export brought.
struct Exported {
    sessions: usize,
    exchanges: usize,
    replaced: u64,
    redactor: Redactor,
}

/// Writes the tape of these sessions.
fn write(mut parts: Vec<Part>, reveal: bool, out: impl Write) -> anyhow::Result<Exported> {
    let mut redactor = learn(&mut parts)?;
    let mut census = Census::of(redactor.redactions());
    if !reveal {
        redactor.seek()?;
    }
    let temporary = tempfile::tempfile().context("a temporary file for the export")?;
    let mut spool = Spool::<File>::new(temporary);
    let mut exchanges = BTreeSet::new();
    for part in &mut parts {
        part.each(&mut |records| {
            // Two tapes may hold the same exchange: the first one's is taken.
            if records
                .first()
                .and_then(|record| record.exchange)
                .is_some_and(|id| !exchanges.insert(id))
            {
                return Ok(());
            }
            let records = if reveal { records } else { exchange::redact(&records, &mut redactor) };
            for record in records {
                census.take(&record);
                spool.push(record)?;
            }
            Ok(())
        })?;
    }
    let redactions = census.finish();
    let replaced = redactions.iter().map(|redaction| redaction.count).sum();
    let tool = parts.first().map_or_else(String::new, |part| part.tool.clone());
    let started_at = parts.iter().map(|part| part.recording.as_of).min().unwrap_or_default();
    spool.finish(TapeHeader::new(started_at, tool, redactions), out)?;
    let sessions = parts.iter().map(|part| part.sessions.len()).sum();
    Ok(Exported { sessions, exchanges: exchanges.len(), replaced, redactor })
}

/// The first time over everything: what is secret. Where placeholders of an earlier export are
/// found, it goes over everything again, so that no new secret gets one of theirs.
fn learn(parts: &mut [Part]) -> anyhow::Result<Redactor> {
    let mut taken = BTreeSet::new();
    let learnt = learn_beside(parts, &mut taken)?;
    if taken.is_empty() {
        return Ok(learnt);
    }
    learn_beside(parts, &mut taken)
}

/// Learns beside the placeholders that are `taken`, and adds those that there are.
fn learn_beside(parts: &mut [Part], taken: &mut BTreeSet<String>) -> anyhow::Result<Redactor> {
    let mut redactor = Redactor::new(Mode::Export);
    for placeholder in &*taken {
        redactor.reserve(placeholder);
    }
    for part in parts {
        part.learn_ids(&mut redactor);
        part.each(&mut |records| {
            for record in &records {
                texts(record, &mut |text| {
                    taken.extend(placeholders_in(text).map(str::to_owned));
                });
            }
            exchange::redact(&records, &mut redactor);
            Ok(())
        })?;
    }
    Ok(redactor)
}

fn say(args: &ExportArgs, exported: &Exported, bytes: u64, ctx: &mut Ctx) {
    let sessions = units::count(exported.sessions as u64, "session");
    let exchanges = units::count(exported.exchanges as u64, "exchange");
    let place = if args.output == Path::new("-") {
        "stdout".to_owned()
    } else {
        args.output.display().to_string()
    };
    ctx.out.talk(format_args!("{place}: {sessions}, {exchanges}, {}", units::size(bytes)));
    if args.reveal {
        ctx.out.talk("secrets are in it as they were on the wire: keep it to yourself");
    } else if exported.replaced > 0 {
        let secrets = units::count(exported.replaced, "place");
        ctx.out.talk(format_args!("secrets and session ids are replaced in {secrets}"));
        ctx.out.talk("hint: --reveal leaves them in");
    }
    if exported.sessions == 0 {
        ctx.out.talk("hint: sessions are listed by `wiretape list`");
    }
}
