//! `wiretape find`: messages over all sessions, old to new. An exchange without messages that
//! matches is printed as an exchange.

use std::process::ExitCode;

use super::{
    Ctx,
    args::FindArgs,
    faces::{MessageFace, SummaryFace},
    live::{Form, Live},
    masked::Mask,
    open,
    output::Output,
    recording::{Entry, Recording},
    show::exchange_line,
    transcript,
};
use crate::{capture::ExchangeId, clock, protocol::query::Query};

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
    let mut found = matching(&query, recording)?;
    let limit = args.limit.unwrap_or(usize::MAX);
    let complete = found.len() <= limit;
    found.truncate(limit);
    let mut mask = Mask::new(args.reveal);
    let mut summary = SummaryFace { complete, ..SummaryFace::default() };
    for (session, entry) in &found {
        let Some(message) = &entry.message else {
            summary.exchanges += 1;
            exchange_line(entry.exchange, recording, args.reading.json, &mut mask, out)?;
            continue;
        };
        summary.messages += 1;
        let name = mask.name(message).map(std::borrow::Cow::into_owned);
        if args.reading.json {
            let payload = mask.payload(message);
            out.json(&MessageFace::new(*session, message, name.as_deref(), &payload))?;
        } else {
            let call = entry.call.as_ref();
            let line = transcript::line(out, false, Some(*session), message, name.as_deref(), call);
            out.line(line)?;
        }
    }
    if args.reading.json {
        out.json(&summary)?;
    } else {
        let more = if complete { "" } else { ", more with a higher --limit" };
        let words = if found.len() == 1 { "match" } else { "matches" };
        out.talk(format_args!("{} {words}{more}", found.len()));
    }
    Ok(())
}

/// What matches, with its session, by time.
fn matching(query: &Query, recording: &mut Recording) -> anyhow::Result<Vec<(ExchangeId, Entry)>> {
    let mut found = Vec::new();
    for session in recording.sessions().to_vec() {
        let may_match = |id| recording.summary(id).is_some_and(|found| query.may_match(found));
        if !query.matches_session(&session) || !session.exchanges.iter().any(|id| may_match(*id)) {
            continue;
        }
        for entry in recording.entries(&session)? {
            let matches =
                recording.subject(&session, &entry).is_some_and(|subject| query.matches(&subject));
            if matches {
                found.push((session.id, entry));
            }
        }
    }
    let number = |entry: &Entry| entry.message.as_ref().map(|message| message.number);
    found.sort_by_key(|(_, entry)| (entry.at, entry.exchange, number(entry)));
    Ok(found)
}

/// The whole recording from its beginning, then on with what comes, until the recorder ends.
fn follow(args: &FindArgs, ctx: &mut Ctx) -> anyhow::Result<()> {
    let query = Query::parse(&args.query.join(" "), args.reading.as_of.unwrap_or_else(clock::now))?;
    let form = if args.reading.json { Form::Json } else { Form::Lines };
    let mut live = Live::new(form, query, args.reveal);
    let mut left = args.limit.map_or(u64::MAX, |limit| limit as u64);
    for batch in open::feed(ctx)? {
        for record in batch? {
            if left == 0 {
                return Ok(());
            }
            left = left.saturating_sub(live.observe(&record, clock::now(), &mut ctx.out)?);
        }
    }
    Ok(live.end(&mut ctx.out)?)
}
