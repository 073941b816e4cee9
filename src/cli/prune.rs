//! `wiretape prune`: deletes sessions. It says what would go and asks first; a session of which an
//! exchange still runs is left alone.

use std::{
    io::{self, BufRead, IsTerminal},
    process::ExitCode,
};

use anyhow::bail;

use super::{
    Ctx,
    args::PruneArgs,
    faces::{SessionFace, SummaryFace},
    masked::Mask,
    recording::Recording,
    store::Store,
    transcript::short,
    units, visible,
};
use crate::{
    capture::{ExchangeId, Fact},
    protocol::Session,
};

/// Deletes, or says what would be deleted.
pub(crate) fn run(args: &PruneArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    if args.reading.tape.is_some() {
        bail!(
            "prune deletes from the store, not from a tape\nhint: `wiretape export QUERY --tape FILE -o NEW` writes a smaller tape"
        );
    }
    let mut store = Store::open(ctx)?;
    let mut doomed = Doomed::default();
    if !args.query.is_empty() {
        let mut recording = Recording::of(store.source()?, args.reading.as_of, false)?;
        doomed = Doomed::find(args, &mut recording)?;
        doomed.tell(args, ctx)?;
    }
    if args.dry_run {
        ctx.out.talk("nothing was deleted: --dry-run");
        return store.close().map(|()| ExitCode::SUCCESS);
    }
    if doomed.exchanges.is_empty() && !args.purge {
        return store.close().map(|()| ExitCode::SUCCESS);
    }
    if !doomed.exchanges.is_empty() && !confirmed(args.yes, ctx)? {
        ctx.out.talk("nothing was deleted");
        return store.close().map(|()| ExitCode::SUCCESS);
    }
    let counts = store.prune(&doomed.exchanges, args.purge)?;
    store.close()?;
    if !doomed.exchanges.is_empty() {
        ctx.out.talk(format_args!("deleted {}", units::count(counts.exchanges, "exchange")));
    }
    if args.purge {
        ctx.out.talk(format_args!("{} given back to the disk", units::size(counts.freed_bytes)));
    } else {
        ctx.out.talk("hint: `wiretape prune --purge` gives their space back at once");
    }
    Ok(ExitCode::SUCCESS)
}

/// What would go.
#[derive(Default)]
struct Doomed {
    sessions: Vec<(Session, u64)>,
    exchanges: Vec<ExchangeId>,
    bytes: u64,
    /// Sessions that match and still run.
    running: Vec<ExchangeId>,
}

impl Doomed {
    fn find(args: &PruneArgs, recording: &mut Recording) -> anyhow::Result<Self> {
        let query = recording.query(&args.query)?;
        let mut doomed = Self::default();
        for session in recording.take(&query)? {
            let runs = |id: &ExchangeId| {
                recording.summary(*id).is_some_and(|summary| summary.outcome.is_none())
            };
            if session.exchanges.iter().any(runs) {
                doomed.running.push(session.id);
                continue;
            }
            let mut bytes = 0;
            for id in &session.exchanges {
                bytes += body_bytes(*id, recording)?;
            }
            doomed.bytes += bytes;
            doomed.exchanges.extend(&session.exchanges);
            doomed.sessions.push((session, bytes));
        }
        Ok(doomed)
    }

    fn tell(&self, args: &PruneArgs, ctx: &mut Ctx) -> anyhow::Result<()> {
        let mut mask = Mask::new(false);
        for (session, bytes) in &self.sessions {
            let session = &mask.session(session);
            if args.reading.json {
                ctx.out.json(&SessionFace::new(session, &session.server, None))?;
            } else {
                let exchanges = units::count(session.exchanges.len() as u64, "exchange");
                ctx.out.line(format_args!(
                    "{}  {exchanges}, {}  {}",
                    short(session.id),
                    units::size(*bytes),
                    visible::line(&session.server)
                ))?;
            }
        }
        if args.reading.json {
            ctx.out.json(&SummaryFace {
                sessions: self.sessions.len() as u64,
                exchanges: self.exchanges.len() as u64,
                ..SummaryFace::default()
            })?;
        }
        ctx.out.flush()?;
        let sessions = units::count(self.sessions.len() as u64, "session");
        let exchanges = units::count(self.exchanges.len() as u64, "exchange");
        let size = units::size(self.bytes);
        ctx.out.talk(format_args!("to delete: {sessions}, {exchanges}, {size} of bodies"));
        for id in &self.running {
            ctx.out.talk(format_args!("{} still runs and is left alone", short(*id)));
        }
        Ok(())
    }
}

fn body_bytes(exchange: ExchangeId, recording: &mut Recording) -> anyhow::Result<u64> {
    let records = recording.records(exchange)?;
    let length =
        |fact: &Fact| if let Fact::Chunk { data, .. } = fact { data.len() as u64 } else { 0 };
    Ok(records.iter().map(|record| length(&record.fact)).sum())
}

/// `--yes`, or a yes on the terminal.
fn confirmed(yes: bool, ctx: &mut Ctx) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        bail!(
            "nobody can be asked here whether to delete these\nhint: --yes deletes without asking, --dry-run only looks"
        );
    }
    ctx.out.talk("Delete them? They cannot be brought back. [y/N]");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!([" y\n", "Y", "yes\r\n"].iter().all(|answer| is_yes(answer)));
        assert!(["", "\n", "n", "yep", "yes please"].iter().all(|answer| !is_yes(answer)));
    }
}
