//! `wiretape find`: messages over all sessions, old to new. An exchange without messages that
//! matches is printed as an exchange.
//!
//! The first hits are printed while the rest is still looked for ([`Hits`]), and a limit ends the
//! looking.

use std::process::ExitCode;

use anyhow::bail;

use super::{
    Ctx,
    args::FindArgs,
    faces::{MessageFace, SummaryFace},
    live::{Form, Live},
    masked::Mask,
    open,
    output::Output,
    recording::{Entry, Hits, Recording, Step},
    show::exchange_line,
    transcript,
};
use crate::{
    capture::ExchangeId,
    clock,
    protocol::{Summary, query::Query},
};

/// Finds.
pub(crate) fn run(args: &FindArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    if args.follow {
        follow(args, ctx)?;
    } else {
        let mut recording = Recording::open(ctx, &args.reading, None)?;
        find(args, &mut recording, &mut ctx.out)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn find(
    args: &FindArgs,
    recording: &mut Recording,
    out: &mut Output,
) -> anyhow::Result<()> {
    let query = recording.query(&args.query)?;
    let limit = args.limit.unwrap_or(usize::MAX);
    let mut hits = Hits::new(query, recording)?;
    let mask = Mask::new(args.reveal);
    recording.tell_secrets(&mask);
    let mut printer = Printer { json: args.reading.json, mask, summary: SummaryFace::default() };
    let mut found = 0;
    loop {
        let (session, entry) = match hits.step(recording)? {
            Step::Hit(session, entry) => (session, entry),
            Step::Looked(_) => continue,
            // What was found so far is seen while the looking goes on.
            Step::Asks => {
                out.flush()?;
                continue;
            }
            Step::Over => break,
        };
        if found == limit {
            printer.summary.complete = false;
            break;
        }
        found += 1;
        printer.print(session, &entry, recording, out)?;
    }
    if args.reading.json {
        out.json(&printer.summary)?;
    } else {
        let more = if printer.summary.complete { "" } else { ", more with a higher --limit" };
        let words = if found == 1 { "match" } else { "matches" };
        out.talk(format_args!("{found} {words}{more}"));
    }
    Ok(())
}

/// How hits are printed.
struct Printer {
    json: bool,
    mask: Mask,
    summary: SummaryFace,
}

impl Printer {
    fn print(
        &mut self,
        session: ExchangeId,
        entry: &Entry,
        recording: &mut Recording,
        out: &mut Output,
    ) -> anyhow::Result<()> {
        let Some(message) = &entry.message else {
            self.summary.exchanges += 1;
            return exchange_line(entry.exchange, recording, self.json, &mut self.mask, out);
        };
        self.summary.messages += 1;
        let name = self.mask.name(message).map(std::borrow::Cow::into_owned);
        if self.json {
            let payload = self.mask.payload(message);
            out.json(&MessageFace::new(session, message, name.as_deref(), &payload))?;
        } else {
            let call = entry.call.as_ref();
            let line = transcript::line(out, false, Some(session), message, name.as_deref(), call);
            out.line(line)?;
        }
        Ok(())
    }
}

/// The whole recording from its beginning, then on with what comes, until the recorder ends.
fn follow(args: &FindArgs, ctx: &mut Ctx) -> anyhow::Result<()> {
    let query = Query::parse(&args.query.join(" "), args.reading.as_of.unwrap_or_else(clock::now))?;
    if query.asks_for_problems() {
        bail!(
            "problems are found in whole sessions, not as messages come\nhint: leave out --follow, or \
             has:problem"
        );
    }
    let form = if args.reading.json { Form::Json } else { Form::Lines };
    let mut live = Live::new(form, query, args.reveal).with_bare();
    let mut bare = None;
    let mut left = args.limit.map_or(u64::MAX, |limit| limit as u64);
    for batch in open::feed(ctx)? {
        for record in batch? {
            if left == 0 {
                return Ok(());
            }
            left = left.saturating_sub(live.observe(&record, clock::now(), &mut ctx.out)?);
            for summary in live.take_bare().iter().take(usize::try_from(left).unwrap_or(usize::MAX))
            {
                print_bare(summary, args, &mut live, &mut bare, ctx)?;
                left -= 1;
            }
        }
    }
    Ok(live.end(&mut ctx.out)?)
}

/// An exchange that carries no message is printed with what the store says of it.
fn print_bare(
    summary: &Summary,
    args: &FindArgs,
    live: &mut Live,
    store: &mut Option<Recording>,
    ctx: &mut Ctx,
) -> anyhow::Result<()> {
    let recording = match store {
        Some(recording) => recording,
        none => none.insert(Recording::open(ctx, &args.reading, None)?),
    };
    recording.look_anew();
    recording.relate(summary)?;
    exchange_line(summary.id, recording, args.reading.json, live.mask(), &mut ctx.out)?;
    Ok(ctx.out.flush()?)
}
