//! Plays what was loaded and judges each step as it is done.

use std::{collections::BTreeMap, env, io};

use anyhow::{Context as _, bail};

use super::{
    driving::{JUDGED_BEHIND, Planned, Told, driven},
    fix::Fix,
    load::{Played, Telling},
    pipe::{Giver, Taker, beside},
    print::{Teller, credential},
    sink::{Printer, Sink},
};
use crate::{
    capture::ExchangeId,
    cli::{Ctx, args::Playing, keep::Keep, masked::Mask, signals::Signals},
    protocol::{
        Message, Story,
        query::{Query, Subject},
    },
    replay::{
        bind::{self, Binding, Bindings, Corrections, Edits},
        compare::{Ruling, Tally, Verdict},
        drive::{OwnFields, endpoint},
        guard::Guard,
        plan::{Apart, Plan, Role},
        rules::{Rules, Selector},
        steps::Step,
    },
    tls::UpstreamSettings,
};

/// What was typed, checked.
pub(in crate::cli) struct Asked {
    pub(in crate::cli) to: String,
    pub(super) headers: Vec<(String, String)>,
    /// Those of them that came from the environment.
    pub(super) secrets: Vec<(String, String)>,
    pub(in crate::cli) guard: Guard,
    pub(super) upstream: UpstreamSettings,
    pub(super) only: Option<String>,
    /// Nothing but this message of the client, or this exchange without one, and what it needs.
    pub(in crate::cli) one: Option<(ExchangeId, u32)>,
    pub(in crate::cli) edits: Edits,
    /// What else is otherwise in the request of the step that was chosen.
    pub(in crate::cli) own: OwnFields,
    pub(in crate::cli) speed: Option<f64>,
    pub(in crate::cli) rules: Rules,
    pub(in crate::cli) ignore: Vec<Selector>,
    pub(in crate::cli) strict: bool,
    pub(in crate::cli) timing: bool,
    pub(super) keep: bool,
    /// Verdicts are not told: a replay that only teaches.
    pub(super) quiet: bool,
    /// Verdicts are read again when all is done: reports, rules that are learnt.
    pub(super) holds: bool,
    /// What changed is to be put into the tapes.
    pub(in crate::cli) update: bool,
    pub(super) reveal: bool,
    pub(super) json: bool,
}

/// What a run came to.
#[derive(Default)]
pub(in crate::cli) struct Ran {
    /// One for each tape, in order.
    pub(in crate::cli) tapes: Vec<RanTape>,
    /// A signal ended it.
    pub(in crate::cli) interrupted: bool,
    /// How many stories of single steps were alive at once at most.
    pub(super) alive: usize,
}

/// What one tape came to.
#[derive(Default)]
pub(in crate::cli) struct RanTape {
    /// As it was named: what reports are named by.
    pub(in crate::cli) name: String,
    /// In the order in which they were done, secrets masked; none where nobody reads them again.
    pub(in crate::cli) verdicts: Vec<Verdict>,
    /// How many there were of each ruling.
    pub(super) counts: BTreeMap<&'static str, u64>,
    pub(in crate::cli) tally: Tally,
    pub(in crate::cli) not_selected: u64,
    pub(in crate::cli) bindings: Vec<Binding>,
    /// `--update`: what is to change on the tape, or why it cannot.
    pub(super) fixes: Vec<Result<Fix, String>>,
}

impl RanTape {
    /// How many answers `--update` would put in.
    pub(in crate::cli) fn acceptable(&self) -> u64 {
        self.fixes.iter().filter(|fix| fix.is_ok()).count() as u64
    }

    /// One more is told.
    pub(super) fn took(&mut self, verdict: Verdict, holds: bool) {
        *self.counts.entry(verdict.ruling.as_str()).or_default() += 1;
        if holds {
            self.verdicts.push(verdict);
        }
    }
}

impl Ran {
    /// How many verdicts came to this.
    pub(super) fn count(&self, ruling: Ruling) -> u64 {
        self.tapes.iter().filter_map(|tape| tape.counts.get(ruling.as_str())).sum()
    }

    /// Nothing differs, and nothing was skipped that should not be.
    pub(in crate::cli) fn is_green(&self, allow_skips: bool) -> bool {
        let none = |ruling| self.count(ruling) == 0;
        let skips = allow_skips || none(Ruling::Skipped);
        skips && [Ruling::Changed, Ruling::Missing, Ruling::Extra].into_iter().all(none)
    }
}

impl Asked {
    pub(in crate::cli) fn of(typed: &Playing, to: String) -> anyhow::Result<Self> {
        // What was typed is told at once, not after a long tape was read.
        endpoint(&to)?;
        let (mut headers, mut secrets) = (Vec::new(), Vec::new());
        for header in &typed.header {
            let Some((name, value)) = header.split_once(':') else {
                bail!("`{header}` is no header\nhint: --header 'Name: value'");
            };
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        for header in &typed.header_env {
            let Some((name, variable)) = header.split_once('=') else {
                bail!("`{header}` names no variable\nhint: --header-env Authorization=MY_VARIABLE");
            };
            let value = self::variable(name, variable)?;
            secrets.push((name.trim().to_owned(), value.clone()));
            headers.push((name.trim().to_owned(), value));
        }
        let guard = Guard { all: typed.allow_side_effects, tools: typed.allow_tool.clone() };
        let upstream = UpstreamSettings {
            extra_roots: typed.upstream_ca.clone(),
            insecure_hosts: typed.insecure_host.clone(),
            client_cert: typed.client_cert.clone(),
        };
        Ok(Self {
            headers,
            secrets,
            guard,
            upstream,
            only: typed.only.clone(),
            keep: typed.keep,
            json: typed.json,
            ..Self::plain(to, typed.reveal)
        })
    }

    /// What the user gave and is not to be shown.
    pub(in crate::cli) fn tell_secrets(&self, mask: &mut Mask) {
        for (name, value) in &self.secrets {
            mask.learn(&name.to_ascii_lowercase(), credential(value));
        }
    }

    /// With one header more, which is secret.
    pub(in crate::cli) fn with_secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push((name.to_owned(), value.to_owned()));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With no flag but `--to`, and `--reveal`.
    pub(in crate::cli) fn plain(to: String, reveal: bool) -> Self {
        Self {
            to,
            headers: Vec::new(),
            secrets: Vec::new(),
            guard: Guard::default(),
            upstream: UpstreamSettings::default(),
            only: None,
            one: None,
            edits: Edits::default(),
            own: OwnFields::default(),
            speed: None,
            rules: Rules::default(),
            ignore: Vec::new(),
            strict: false,
            timing: false,
            keep: false,
            quiet: false,
            holds: false,
            update: false,
            reveal,
            json: false,
        }
    }
}

/// What the environment has for a header.
pub(in crate::cli) fn variable(name: &str, variable: &str) -> anyhow::Result<String> {
    env::var(variable).map_err(|_| {
        anyhow::anyhow!(
            "{variable} is not set\nhint: --header-env {name}={variable} sends its value as {name}"
        )
    })
}

/// Plays all of it, printing each verdict as it falls and the sums at the end. Signals end it.
pub(in crate::cli) fn play(all: &[Played], asked: &Asked, ctx: &mut Ctx) -> anyhow::Result<Ran> {
    let planned = plan_all(all, asked)?;
    let steps = planned.iter().flat_map(|(_, plans)| plans).map(|plan| plan.plan.items.len());
    let steps = steps.sum::<usize>() as u64;
    let keep = asked.keep.then(|| Keep::open(ctx)).transpose()?;
    let mut printer = Printer::new(asked, (all.len(), steps), &mut ctx.out);
    let signalled = async {
        Signals::new()?.next().await;
        Ok(())
    };
    played(&planned, asked, keep, &mut printer, signalled)
}

/// The same for whoever is told and says when it is enough.
pub(in crate::cli) fn play_to(
    all: &[Played],
    asked: &Asked,
    sink: &mut dyn Sink,
    stopped: impl Future<Output = ()> + Send,
) -> anyhow::Result<Ran> {
    let stopped = async {
        stopped.await;
        Ok(())
    };
    played(&plan_all(all, asked)?, asked, None, sink, stopped)
}

fn plan_all<'s>(all: &'s [Played], asked: &Asked) -> anyhow::Result<Planned<'s>> {
    all.iter().map(|played| Ok((played, plans(played, asked)?))).collect()
}

fn played<'p>(
    planned: &'p Planned<'p>,
    asked: &Asked,
    keep: Option<Keep>,
    sink: &mut dyn Sink,
    stopped: impl Future<Output = io::Result<()>> + Send,
) -> anyhow::Result<Ran> {
    let mut teller = Teller::new(asked, keep, sink);
    let judged = |mut told: Taker<Told<'p>>| {
        while let Some(told) = told.take() {
            teller.take(told)?;
        }
        anyhow::Ok(())
    };
    let drive = |told: Giver<Told<'p>>| driven(planned, asked, stopped, &told);
    let (ended, judged) = beside("drive", JUDGED_BEHIND, drive, judged)?;
    // Where judging failed, the run was ended by that.
    let ended = judged.and(ended);
    let (ran, finished) = teller.finish(ended.as_ref().ok().copied());
    ended?;
    finished?;
    Ok(ran)
}

/// A session that is ready to be played.
pub(super) struct PlannedSession<'s> {
    pub(super) plan: Plan<'s>,
    pub(super) bindings: Bindings,
    pub(super) telling: Telling<'s>,
}

/// The plan of each session, with what binds its values.
pub(super) fn plans<'s>(
    played: &'s Played,
    asked: &Asked,
) -> anyhow::Result<Vec<PlannedSession<'s>>> {
    let only = asked.only.as_deref().map(|only| Query::parse(only, played.as_of));
    let only = only.transpose().context("--only")?;
    let corrections = Corrections::of(&asked.rules);
    let wants = |step: &Step<'_>| {
        asked.one.is_none_or(|one| is_of(one, step))
            && only.as_ref().is_none_or(|only| matches(only, step))
    };
    let edits = |step: &Step<'_>| {
        let text = step.message.map(|m| String::from_utf8_lossy(&m.payload));
        text.map_or(0, |text| asked.edits.apply(text.as_ref()).1)
    };
    let (mut plans, mut chosen, mut edited) = (Vec::new(), 0, 0);
    for session in &played.sessions {
        let (story, telling) = (&session.story, played.telling(session));
        let mut each = |visit: &mut dyn FnMut(&[Story])| telling.each(visit);
        let apart: (_, bind::Apart<'_, _>) = (session.heard.clone(), &mut each);
        let bindings = Bindings::gathered(story, apart, &played.placeholders, &corrections)?;
        let mut apart = session.apart.clone();
        let is_one = |apart: &&mut Apart| asked.one.is_none_or(|(id, _)| apart.exchange == id);
        for apart in apart.iter_mut().filter(is_one) {
            // It is told only where something is asked of it.
            let asks = only.is_some() || !asked.edits.is_empty();
            let told = asks.then(|| telling.story(apart.exchange)).transpose()?;
            let its = told.as_ref().and_then(|story| apart.planned(story));
            if its.as_ref().is_none_or(|its| wants(&its.step)) {
                apart.role = Role::Chosen;
                edited += its.map_or(0, |its| edits(&its.step));
            }
        }
        let plan = Plan::with(story, apart, &bindings, wants);
        for item in plan.items.iter().filter(|item| item.role() == Role::Chosen) {
            chosen += 1;
            edited += item.held().map_or(0, |item| edits(&item.step));
        }
        plans.push(PlannedSession { plan, bindings, telling });
    }
    if chosen == 0 && asked.one.is_some() {
        bail!(
            "it is no step of its own: it belongs to another call, or the server sent it\nhint: \
             replay that call, or the whole session"
        );
    }
    if chosen == 0 && asked.only.is_some() {
        bail!("{}: no message of the client matches --only", played.name);
    }
    if edited == 0 && !asked.edits.is_empty() {
        bail!(
            "--set has no such place in the chosen messages\nhint: PATH begins at the message: /params/arguments/NAME"
        );
    }
    Ok(plans)
}

/// A step begins with this message, or is this exchange.
fn is_of((exchange, number): (ExchangeId, u32), step: &Step<'_>) -> bool {
    let own = step.message.map_or(0, |message| message.number);
    step.exchange == exchange && own == number
}

/// One of a step's messages meets the query, or its exchange where it has none.
fn matches(only: &Query, step: &Step<'_>) -> bool {
    let Some(told) = step.told() else { return false };
    let call = step.call.map(|call| call.outcome(&step.story.messages));
    let subject = |message: Option<&Message>| {
        only.matches(&Subject {
            session: &step.story.session,
            summary: &told.reading.summary,
            call: call.as_ref(),
            message,
            at_fault: false,
        })
    };
    subject(step.message) || step.answer().is_some_and(|answer| subject(Some(answer)))
}
