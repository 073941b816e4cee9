//! Judges steps as they are done, and tells the verdicts to whoever takes them ([`Sink`]).

use std::collections::HashMap;

use super::{
    driving::Told,
    fix::Fix,
    load::Played,
    run::{Asked, PlannedSession, Ran, RanTape},
    sink::{Came, Sink, Sums},
};
use crate::{
    capture::{ExchangeId, Record, redact::Leg},
    cli::{keep::Keep, masked::Mask, pretty},
    replay::{
        bind::Table,
        compare::{Difference, Lens, Ruling, Tally, Verdict, judge},
        drive::{Done, Sent, Taken},
        plan::{Planned, Role},
        steps::{Step, StepKind, steps},
    },
};

/// Tells how a run goes.
pub(super) struct Teller<'t> {
    asked: &'t Asked,
    sink: &'t mut dyn Sink,
    mask: Mask,
    keep: Option<Keep>,
    ran: Ran,
    left_out: Vec<String>,
    /// What the run at hand knew of fresh values when the step was done that is judged.
    table: Table,
    /// `--update`: the records of live exchanges whose steps are not done.
    live: HashMap<ExchangeId, Vec<Record>>,
    /// What the sink had to say against it.
    failed: Option<anyhow::Error>,
}

impl<'t> Teller<'t> {
    pub(super) fn new(asked: &'t Asked, keep: Option<Keep>, sink: &'t mut dyn Sink) -> Self {
        let mut mask = Mask::new(asked.reveal);
        asked.tell_secrets(&mut mask);
        Self {
            asked,
            sink,
            mask,
            live: HashMap::new(),
            keep,
            ran: Ran::default(),
            left_out: Vec::new(),
            table: Table::default(),
            failed: None,
        }
    }

    /// Takes what is told of the run. Fails where the sink did, when a session is done.
    pub(super) fn take(&mut self, told: Told<'_>) -> anyhow::Result<()> {
        match told {
            Told::Tape(played, plans) => self.tape(played, plans),
            Told::Session(session) => self.session(session),
            Told::Records(records) => self.records(&records),
            Told::Done(records, step) => {
                let (taken, done, news) = *step;
                self.records(&records);
                self.table.follow(news);
                self.done(&taken, done)?;
            }
            Told::LeftOut(names) => self.left_out.extend(names),
            Told::Played(alive, answer) => {
                self.ran.alive = self.ran.alive.max(alive);
                self.check()?;
                // Whoever drives waits for it.
                let _ = answer.send(());
            }
        }
        Ok(())
    }

    /// A tape begins.
    fn tape(&mut self, played: &Played, plans: &[PlannedSession<'_>]) {
        let bindings = plans.iter().flat_map(|plan| plan.bindings.told()).collect();
        let name = played.name.clone();
        self.sink.tape(&name);
        self.ran.tapes.push(RanTape { name, bindings, ..RanTape::default() });
    }

    /// A session of it begins.
    fn session(&mut self, PlannedSession { plan, bindings, .. }: &PlannedSession<'_>) {
        self.table = bindings.table();
        let not_selected = plan.not_selected() as u64;
        if let Some(tape) = self.ran.tapes.last_mut() {
            tape.not_selected += not_selected;
            // Each recorded step counts, whatever becomes of it.
            tape.tally.of += not_selected;
        }
        for _ in plan.items.iter().filter(|item| item.role() == Role::Left) {
            self.sink.step();
        }
    }

    /// Fails where the sink did.
    fn check(&mut self) -> anyhow::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// The sums. They are told after an interruption too: what was done was done.
    /// None where the run failed: then there is nothing to sum up.
    pub(super) fn finish(mut self, interrupted: Option<bool>) -> (Ran, anyhow::Result<()>) {
        self.sink.over();
        self.ran.interrupted = interrupted == Some(true);
        let kept = self.keep.take().map_or(Ok(()), Keep::finish);
        let told = if interrupted.is_some() { self.sums() } else { Ok(()) };
        (self.ran, kept.and(told))
    }

    fn sums(&mut self) -> anyhow::Result<()> {
        self.check()?;
        let mut all = Tally::default();
        let (mut not_selected, mut bindings) = (0, Vec::new());
        for tape in &self.ran.tapes {
            all.compared += tape.tally.compared;
            all.of += tape.tally.of;
            all.skipped += tape.tally.skipped;
            for (path, times) in &tape.tally.ignored_paths {
                *all.ignored_paths.entry(path.clone()).or_insert(0) += times;
            }
            not_selected += tape.not_selected;
            bindings.extend(tape.bindings.iter().cloned());
        }
        self.left_out.sort_unstable();
        self.left_out.dedup();
        let (ran, left_out) = (&self.ran, self.left_out.as_slice());
        let sums = Sums { ran, all: &all, not_selected, bindings: &bindings, left_out };
        self.sink.sums(&sums)
    }

    fn tell(&mut self, verdict: Verdict, came: &Came) {
        let verdict = self.masked(verdict);
        if let Err(error) = self.sink.verdict(&verdict, came) {
            self.failed.get_or_insert(error);
        }
        if let Some(tape) = self.ran.tapes.last_mut() {
            tape.took(verdict, self.asked.holds);
        }
    }

    /// A verdict without secrets. A value is masked under the key that it stands at.
    fn masked(&mut self, mut verdict: Verdict) -> Verdict {
        for difference in &mut verdict.differences {
            let Difference { path, recorded, replayed, .. } = difference;
            let key = path.rsplit('/').next().unwrap_or_default();
            let key = serde_json::Value::from(key.replace("~1", "/").replace("~0", "~"));
            for value in [recorded, replayed].into_iter().flatten() {
                let around = format!("{{{key}:{value}}}");
                let masked = self.mask.body(None, Leg::Mcp, around.as_bytes());
                let text = String::from_utf8_lossy(&masked);
                let before = key.to_string().len() + 2;
                if let Some(inner) = text.get(before..text.len().saturating_sub(1)) {
                    inner.clone_into(value);
                }
            }
            *path = self.mask.plain(path).into_owned();
        }
        verdict.reason = verdict.reason.map(|reason| self.mask.plain(&reason).into_owned());
        verdict.name = verdict.name.map(|name| self.mask.url(&name).into_owned());
        verdict
    }

    /// The answer itself: whoever replays one call wants to see it.
    fn answer(&mut self, its: &Step<'_>) -> Option<String> {
        self.asked.one?;
        let payload = self.mask.payload(its.answer()?);
        let lines = pretty::json(&payload);
        Some(lines.unwrap_or_else(|| String::from_utf8_lossy(&payload).into_owned()))
    }

    /// What a step that was sent comes to, and what else the server said.
    fn judged(&mut self, item: &Planned<'_>, sent: &Sent) -> Vec<(Verdict, Came)> {
        let story = sent.replayed.story();
        let replayed = steps(story);
        let its = like(&item.step, &replayed, !self.asked.edits.is_empty());
        let (rules, ignore) = (&self.asked.rules, self.asked.ignore.as_slice());
        let (strict, timing) = (self.asked.strict, self.asked.timing);
        let lens = Lens { rules, ignore, table: &self.table, strict, timing };
        let mut nowhere = Tally::default();
        let tally = self.ran.tapes.last_mut().map_or(&mut nowhere, |tape| &mut tape.tally);
        let mut verdict = judge(&item.step, its, &lens, tally);
        if let Some(tape) = self.ran.tapes.last_mut().filter(|_| self.asked.update) {
            tape.fixes.extend(fixed(&item.step, its, &verdict, &self.live));
            for told in &story.exchanges {
                self.live.remove(&told.reading.summary.id);
            }
        }
        let notes = verdict.reason.take().into_iter().chain(sent.notes.iter().cloned());
        verdict.reason = Some(notes.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty());
        let extras = sent.extras.iter().map(|extra| Verdict {
            message: None,
            name: None,
            method: extra.method.clone(),
            ..Verdict::of(&item.step, Ruling::Extra, Some(extra.reason.clone()))
        });
        let extras = extras.map(|extra| (extra, Came::default()));
        let mut came = Came::of(Some(&item.step), its);
        came.answer = its.and_then(|its| self.answer(its));
        std::iter::once((verdict, came)).chain(extras).collect()
    }

    fn records(&mut self, records: &[Record]) {
        for record in records {
            self.mask.hear(&record.fact);
            if let Some(id) = record.exchange.filter(|_| self.asked.update) {
                self.live.entry(id).or_default().push(record.clone());
            }
            if let Some(keep) = &self.keep {
                keep.take(record);
            }
        }
    }

    fn done(&mut self, taken: &Taken<'_>, done: Done) -> anyhow::Result<()> {
        self.sink.step();
        if taken.role() != Role::Chosen {
            // It is not judged, but why it failed concerns those that need it.
            let notes = if let Done::Sent(sent) = done { sent.notes } else { Vec::new() };
            for note in &notes {
                self.sink.note(note);
            }
            return Ok(());
        }
        let item = taken.planned()?;
        match done {
            Done::Skipped(reason) => {
                if let Some(tape) = self.ran.tapes.last_mut() {
                    tape.tally.of += 1;
                    tape.tally.skipped += 1;
                }
                let came = Came::of(Some(&item.step), None);
                self.tell(Verdict::of(&item.step, Ruling::Skipped, Some(reason)), &came);
            }
            Done::Sent(sent) => {
                for (verdict, came) in self.judged(&item, &sent) {
                    self.tell(verdict, &came);
                }
            }
        }
        Ok(())
    }
}

/// The live step that is the recorded one's: the story of one step has its requests to the server
/// first, and may have answers of the client beside it. One that was edited may ask for another
/// method.
fn like<'l, 's>(
    recorded: &Step<'_>,
    live: &'l [Step<'s>],
    is_edited: bool,
) -> Option<&'l Step<'s>> {
    let same = |step: &&Step<'_>| {
        step.kind == recorded.kind
            && (step.method() == recorded.method() || step.kind == StepKind::Delete)
    };
    let kind = |step: &&Step<'_>| is_edited && step.kind == recorded.kind;
    live.iter().find(same).or_else(|| live.iter().find(kind))
}

/// A credential without its scheme, which is no secret.
pub(super) fn credential(value: &str) -> &str {
    let (scheme, rest) = value.split_once(' ').unwrap_or_default();
    let known = ["bearer", "basic", "token", "dpop"];
    let known = known.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if known { rest.trim() } else { value.trim() }
}

/// What `--update` is to make of a step; none where nothing changed.
fn fixed(
    own: &Step<'_>,
    its: Option<&Step<'_>>,
    verdict: &Verdict,
    live: &HashMap<ExchangeId, Vec<Record>>,
) -> Vec<Result<Fix, String>> {
    let Some(its) = its.filter(|_| verdict.ruling == Ruling::Changed) else { return Vec::new() };
    match Fix::of(own, its, verdict, live) {
        Ok(fixes) => fixes.into_iter().map(Ok).collect(),
        Err(why) => {
            let step = format!("{} {}", own.method(), own.name().unwrap_or_default());
            vec![Err(format!("{}: {why}", step.trim_end()))]
        }
    }
}
