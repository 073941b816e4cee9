//! `wiretape find`: messages over all sessions, old to new. An exchange without messages that
//! matches is printed as an exchange.
//!
//! The index names the exchanges that may match, old to new, in parts; of each its session is told
//! from its kin and its messages are read. So the first hits are printed while the rest is still
//! looked for, and a limit ends the looking. A stream's messages come long after it began: hits
//! wait until no exchange can come that began before them.

use std::{
    collections::{BTreeMap, VecDeque},
    process::ExitCode,
};

use anyhow::bail;

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
use crate::{
    capture::{ExchangeId, Timestamp},
    clock,
    protocol::{
        Summary,
        index::Plan,
        query::{Query, Subject},
    },
};

/// Exchanges that are asked for at once: few at first, so that the first hits come at once,
const FIRST_PART: usize = 64;

/// then more.
const LARGEST_PART: usize = 2_048;

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
    while let Some((session, entry)) = hits.next(recording, out)? {
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

/// What matches, old to new.
struct Hits {
    query: Query,
    plan: Plan,
    /// Exchanges that the index found and that were not looked at yet.
    part: VecDeque<Summary>,
    after: Option<ExchangeId>,
    size: usize,
    over: bool,
    /// Hits that wait, by time.
    waiting: BTreeMap<(Timestamp, ExchangeId, Option<u32>), (ExchangeId, Entry)>,
}

impl Hits {
    fn new(query: Query, recording: &mut Recording) -> anyhow::Result<Self> {
        Ok(Self {
            plan: recording.plan(&query)?,
            query,
            part: VecDeque::new(),
            after: None,
            size: FIRST_PART,
            over: false,
            waiting: BTreeMap::new(),
        })
    }

    /// The next hit with its session.
    fn next(
        &mut self,
        recording: &mut Recording,
        out: &mut Output,
    ) -> anyhow::Result<Option<(ExchangeId, Entry)>> {
        loop {
            if self.part.is_empty() && !self.over {
                // What was found so far is seen while the looking goes on.
                out.flush()?;
                self.part = recording.find(&self.plan, self.after, self.size)?.into();
                self.over = self.part.len() < self.size;
                self.after = self.part.back().map(|summary| summary.id).or(self.after);
                self.size = (self.size * 2).min(LARGEST_PART);
            }
            let next = self.part.front().map(|summary| summary.started_at);
            if let Some(hit) = self.waiting.first_entry()
                && next.is_none_or(|next| hit.key().0 < next)
            {
                return Ok(Some(hit.remove()));
            }
            let Some(summary) = self.part.pop_front() else { return Ok(None) };
            self.look_at(&summary, recording)?;
        }
    }

    fn look_at(&mut self, summary: &Summary, recording: &mut Recording) -> anyhow::Result<()> {
        if !self.query.may_match(summary) {
            return Ok(());
        }
        // Most of a long search for a word: it is not there.
        if self.query.asks_for_text()
            && !self.query.may_be_said(summary, &recording.records(summary.id)?)
        {
            return Ok(());
        }
        if self.look_alone(summary, recording)? {
            return Ok(());
        }
        if !recording.relate(summary)? {
            return Ok(());
        }
        let matches = |session| self.query.matches_session(session);
        if !recording.session_of(summary.id).is_some_and(matches) {
            return Ok(());
        }
        if self.query.asks_for_problems()
            && let Some(session) = recording.session_of(summary.id).cloned()
        {
            recording.judge(std::slice::from_ref(&session))?;
        }
        let entries = recording.entries_of(summary)?;
        let Some(session) = recording.session_of(summary.id) else { return Ok(()) };
        for entry in entries {
            let subject = recording.subject(session, &entry);
            if subject.is_some_and(|subject| self.query.matches(&subject)) {
                self.wait(session.id, entry);
            }
        }
        Ok(())
    }

    /// Looks at an exchange without reading its session, where nothing is asked of that but its
    /// id; false where more is.
    fn look_alone(&mut self, summary: &Summary, recording: &mut Recording) -> anyhow::Result<bool> {
        if summary.is_linked() || self.query.asks_for_problems() {
            return Ok(false);
        }
        let Some(session) = recording.placed(summary)? else { return Ok(false) };
        if self.query.asks_for_session(&session) {
            return Ok(false);
        }
        let entries = recording.entries_alone(summary)?;
        // An exchange that carries no message is printed with its place in the session.
        if entries.iter().any(|entry| entry.message.is_none()) {
            return Ok(false);
        }
        for entry in entries {
            let subject = Subject {
                session: &session,
                summary,
                call: entry.call.as_ref(),
                message: entry.message.as_ref(),
                at_fault: false,
            };
            if self.query.matches(&subject) {
                self.wait(session.id, entry);
            }
        }
        Ok(true)
    }

    fn wait(&mut self, session: ExchangeId, entry: Entry) {
        let number = entry.message.as_ref().map(|message| message.number);
        self.waiting.insert((entry.at, entry.exchange, number), (session, entry));
    }
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
