//! `wiretape trace`: where a value first appeared and every later use, old to new.
//!
//! One exchange is read after the other, and mentions are printed as they are found. Two things
//! hold them up, each for so many and no more: a stream that goes on while others begin
//! ([`order`]), and the question which use was the first that worked ([`origin`]).

mod order;
mod origin;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, fmt::Write as _, process::ExitCode};

use anyhow::anyhow;
pub(super) use order::Order;
pub(super) use origin::{Held, Origins, Seen};

use super::{
    Ctx,
    args::TraceArgs,
    faces::{MentionFace, SummaryFace},
    masked::Mask,
    output::{Output, style},
    progress::Search,
    recording::Recording,
    transcript::short,
    units, visible,
};
use crate::{
    capture::{ExchangeId, Side},
    protocol::Trace,
};

/// Traces.
pub(crate) fn run(args: &TraceArgs, ctx: &mut Ctx) -> anyhow::Result<ExitCode> {
    let mut recording = Recording::open(ctx, &args.reading, None)?;
    trace(args, &mut recording, &mut ctx.out)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn trace(
    args: &TraceArgs,
    recording: &mut Recording,
    out: &mut Output,
) -> anyhow::Result<()> {
    let trace = Trace::new(&args.value).ok_or_else(|| anyhow!("there is no value to trace"))?;
    let exchanges = recording.by_age()?;
    recording.sessions()?;
    let bar = Search::new(exchanges.len() as u64);
    let mut order = Order::default();
    let mut printer = Printer::new(args);
    recording.tell_secrets(&printer.mask);
    for (started_at, id) in exchanges {
        for mention in order.until(started_at) {
            let seen = Seen::of(mention, recording);
            bar.aside(|| printer.take(seen, recording, out))?;
        }
        let records = recording.records(id)?;
        let mentions = trace.mentions(&records);
        printer.summary.complete &= !mentions.cut;
        for mention in order.add(mentions.all) {
            let seen = Seen::of(mention, recording);
            bar.aside(|| printer.take(seen, recording, out))?;
        }
        bar.step();
    }
    bar.finish();
    for mention in order.rest() {
        let seen = Seen::of(mention, recording);
        printer.take(seen, recording, out)?;
    }
    printer.end(args, recording, out)
}

/// Prints mentions in the order in which it is given them.
struct Printer<'a> {
    args: &'a TraceArgs,
    mask: Mask,
    origins: Origins,
    summary: SummaryFace,
    mentions: u64,
    sessions: HashSet<ExchangeId>,
    /// The exchange of the line before.
    before: Option<ExchangeId>,
    exchanges: HashSet<ExchangeId>,
    /// The last message counted: the mentions of one come together.
    message: Option<String>,
}

impl<'a> Printer<'a> {
    fn new(args: &'a TraceArgs) -> Self {
        Self {
            args,
            mask: Mask::new(args.reveal),
            origins: Origins::default(),
            summary: SummaryFace::default(),
            mentions: 0,
            sessions: HashSet::new(),
            before: None,
            exchanges: HashSet::new(),
            message: None,
        }
    }

    fn take(&mut self, seen: Seen, recording: &Recording, out: &mut Output) -> anyhow::Result<()> {
        let settled = self.origins.take(seen);
        self.print(settled, recording, out)
    }

    fn print(
        &mut self,
        settled: Vec<Held>,
        recording: &Recording,
        out: &mut Output,
    ) -> anyhow::Result<()> {
        if settled.is_empty() {
            return Ok(());
        }
        for held in settled {
            let mention = &held.seen.mention;
            self.count(&held.seen);
            if self.args.reading.json {
                let first = self.mentions == 1;
                out.json(&MentionFace::new(held.seen.session, mention, first, held.origin))?;
            } else {
                let line = self.line(&held, recording, out);
                out.line(line)?;
            }
        }
        // It is seen as it is found.
        Ok(out.flush()?)
    }

    fn count(&mut self, seen: &Seen) {
        self.mentions += 1;
        self.sessions.extend(seen.session);
        self.exchanges.insert(seen.mention.exchange);
        if seen.mention.message.is_some() && seen.mention.message != self.message {
            self.message.clone_from(&seen.mention.message);
            self.summary.messages += 1;
        }
    }

    /// What it is, time, session, direction, place; then, once an exchange, what it was.
    fn line(&mut self, held: &Held, recording: &Recording, out: &Output) -> String {
        let Held { seen, origin, first_use } = held;
        let mention = &seen.mention;
        let (arrow, side) = match mention.side {
            Side::Request => ("→", style::CLIENT),
            Side::Response => ("←", style::SERVER),
        };
        let mut place = visible::line(&mention.place).into_owned();
        if let Some(inner) = &mention.inner {
            place.push_str(" → ");
            place.push_str(&visible::line(inner));
        }
        let what = match (self.mentions, origin, first_use) {
            (1, ..) => "first seen",
            (_, _, true) => "first used",
            _ => "",
        };
        let session = seen.session.map(short).unwrap_or_default();
        let mut line = format!(
            "{} {} {} {} {}",
            out.paint(style::HEADING, visible::pad(what, WHAT)),
            out.paint(style::FAINT, units::time_of_day(mention.at)),
            out.paint(style::ID, visible::pad(&session, SESSION)),
            out.paint(side, arrow),
            out.paint(side, visible::pad(&place, PLACE)),
        );
        if *origin && self.mentions == 1 {
            let _ = write!(line, " {}", out.paint(style::GOOD, "likely origin"));
        }
        if self.before.replace(mention.exchange) != Some(mention.exchange) {
            let exchange = self.exchange(mention.exchange, recording);
            let _ = write!(line, " {}", out.paint(style::FAINT, exchange));
        }
        line.truncate(line.trim_end().len());
        line
    }

    /// Method, URL without its query, status.
    fn exchange(&mut self, id: ExchangeId, recording: &Recording) -> String {
        let Some(summary) = recording.summary(id) else { return String::new() };
        let url = format!("{}{}", summary.origin, summary.path);
        let url = self.mask.url(&url);
        let status = summary.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
        format!("{} {} {status}", visible::line(&summary.method), visible::line(&url))
    }

    fn end(
        mut self,
        args: &TraceArgs,
        recording: &Recording,
        out: &mut Output,
    ) -> anyhow::Result<()> {
        let settled = self.origins.rest();
        self.print(settled, recording, out)?;
        self.summary.sessions = self.sessions.len() as u64;
        self.summary.exchanges = self.exchanges.len() as u64;
        self.summary.mentions = Some(self.mentions);
        if args.reading.json {
            out.json(&self.summary)?;
            return Ok(());
        }
        if self.mentions == 0 {
            out.talk("no exchange mentions it");
            return Ok(());
        }
        let more = if self.summary.complete { "" } else { ", more in one exchange than are told" };
        out.talk(format_args!(
            "{} in {} of {}{more}",
            units::count(self.mentions, "mention"),
            units::count(self.summary.exchanges, "exchange"),
            units::count(self.summary.sessions, "session"),
        ));
        Ok(())
    }
}

/// Columns of `first seen`, of a session's short id, and of most places.
const WHAT: usize = 10;
const SESSION: usize = 13;
const PLACE: usize = 34;
