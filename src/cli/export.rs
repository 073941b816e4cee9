//! `wiretape export`: sessions become a tape, without secrets unless told (design.md, tenet 4).
//!
//! It goes over the sessions' exchanges twice, one exchange in memory at a time: the first time it
//! learns what is secret and which sessions' ids there are, the second time it replaces that
//! wherever it stands ([`chosen`]: what every format is written from). What was written is then
//! searched once more for every secret; only a file without a hit takes its name. Of the notices,
//! gaps of the whole recording within the sessions' time go along; tunnels and failures of other
//! hosts are not part of a session.

pub(super) mod body;
pub(super) mod census;
mod chosen;
pub(super) mod exchange;
pub(super) mod formats;
mod last_look;
mod part;
mod rules;
mod target;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

use self::{
    census::Census,
    chosen::{Beyond, Chosen},
    last_look::{look, look_inside},
    rules::Own,
    target::Target,
};
use super::{
    Ctx,
    args::{ExportArgs, ExportFormat},
    environment,
    output::Output,
    units,
};
use crate::{
    capture::{
        ExchangeId, Record, Timestamp,
        redact::{Mode, Redactor},
    },
    recorder::Source,
    store::tape::{Spool, TapeHeader},
};

/// Exports.
pub(crate) fn run(args: &ExportArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let format = formats::chosen(args.format, &args.output);
    let beyond = Beyond { own: Own::read(args.redact.as_deref())?, known: environment::secrets() };
    let parts = part::select(args, ctx)?;
    let target = Target::of(&args.output)?;
    let chosen = Chosen::new(parts, args.reveal, beyond)?;
    let (file, exported) = made(chosen, format, args.as_of, args.reveal, &target)?;
    let bytes = file.as_file().metadata().context("the tape that was written")?.len();
    target.publish(file, &mut ctx.out)?;
    say(args, &exported, bytes, ctx);
    Ok(ExitCode::SUCCESS)
}

/// Exports one session of a source into a file; what there is to say of it.
pub(super) fn session(
    source: Box<dyn Source>,
    session: ExchangeId,
    format: Option<ExportFormat>,
    output: &Path,
    reveal: bool,
) -> anyhow::Result<String> {
    let target = Target::of(output)?;
    if matches!(target, Target::Stdout) {
        bail!("the screen is on stdout\nhint: name a file");
    }
    let mut part = part::Part::of(source, None, false)?;
    part.sessions = part.recording.select(&session.to_string())?;
    let beyond = Beyond { own: Own::read(None)?, known: environment::secrets() };
    let chosen = Chosen::new(vec![part], reveal, beyond)?;
    let format = formats::chosen(format, output);
    let (file, exported) = made(chosen, format, None, reveal, &target)?;
    target.publish(file, &mut Output::to(tempfile::tempfile()?))?;
    let exchanges = units::count(exported.exchanges as u64, "exchange");
    let secrets = if reveal { "secrets are in it" } else { "secrets are replaced" };
    Ok(format!("{}: {exchanges}, {secrets}", output.display()))
}

/// The finished draft of an export.
fn made(
    mut chosen: Chosen,
    format: Option<&formats::Format>,
    as_of: Option<Timestamp>,
    reveal: bool,
    target: &Target,
) -> anyhow::Result<(NamedTempFile, Exported)> {
    let (mut file, exported) = looked_through(&mut chosen, reveal, target)?;
    if let Some(format) = format {
        // Every other format is written from the tape, in which no secret is left.
        let tape = file.reopen().context("the tape that was written")?;
        file = target.draft()?;
        formats::write(format, tape, as_of, reveal, file.as_file())?;
        if !reveal {
            look(file.as_file_mut(), &chosen)?;
        }
    }
    Ok((file, exported))
}

/// The request of an exchange as a command for curl, without its secrets unless told.
pub(super) fn curl(records: &[Record], reveal: bool) -> anyhow::Result<String> {
    let mut redactor = Redactor::new(Mode::Export);
    for secret in environment::secrets() {
        redactor.learn_named(environment::KIND, &secret);
    }
    // The first time over it learns what is secret.
    let mut shown = records.to_vec();
    for _ in 0..if reveal { 0 } else { 2 } {
        shown = exchange::redact(records, &mut redactor, &exchange::unmarked);
    }
    formats::curl(&shown)
}

/// How often a tape is written until nothing is left in it; then the export fails.
const ATTEMPTS: usize = 3;

/// A tape in which the last look found nothing.
fn looked_through(
    chosen: &mut Chosen,
    reveal: bool,
    target: &Target,
) -> anyhow::Result<(NamedTempFile, Exported)> {
    let mut attempt = 1;
    loop {
        let mut file = target.draft()?;
        let exported = write(chosen, BufWriter::new(file.as_file_mut()))?;
        if reveal {
            return Ok((file, exported));
        }
        look(file.as_file_mut(), chosen)?;
        match look_inside(file.as_file_mut(), chosen) {
            Ok(()) => return Ok((file, exported)),
            Err(_) if attempt < ATTEMPTS => chosen.more_thoroughly(),
            Err(left) => return Err(left),
        }
        attempt += 1;
    }
}

/// What an export brought.
struct Exported {
    sessions: usize,
    exchanges: usize,
    replaced: u64,
}

/// Writes the tape of these sessions.
fn write(chosen: &mut Chosen, out: impl Write) -> anyhow::Result<Exported> {
    let temporary = tempfile::tempfile().context("a temporary file for the export")?;
    let mut spool = Spool::<File>::new(temporary);
    let mut census = Census::default();
    let mut exchanges = 0;
    chosen.each(&mut |records| {
        exchanges += usize::from(records.first().is_some_and(|record| record.exchange.is_some()));
        census.take(&records);
        records.into_iter().try_for_each(|record| spool.push(record))?;
        Ok(())
    })?;
    let redactions = census.finish(chosen.ids(), &chosen.redactions());
    let replaced = redactions.iter().map(|redaction| redaction.count).sum();
    spool.finish(TapeHeader::new(chosen.as_of(), chosen.tool(), redactions), out)?;
    Ok(Exported { sessions: chosen.sessions().count(), exchanges, replaced })
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
