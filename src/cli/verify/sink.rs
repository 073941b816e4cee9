//! Who is told how a run goes: whoever prints it, or the terminal UI. The verdicts are the same.

use super::{
    run::{Asked, Ran},
    sums,
};
use crate::{
    cli::{
        diff,
        faces::{VerdictFace, VerifiedFace},
        output::Output,
        progress::Playing,
        visible,
    },
    replay::{
        bind::Binding,
        compare::{Ruling, Tally, Verdict},
        steps::{Step, StepKind},
    },
};

/// Steps that are not the same and that people are told; further ones are counted, and the JSON has
/// all.
const STEPS_TOLD: u64 = 100;

/// Takes what there is to say of a run, as it goes. Secrets are masked.
pub(in crate::cli) trait Sink {
    /// A tape begins.
    fn tape(&mut self, _name: &str) {}

    /// One more step is done, or passed over.
    fn step(&mut self) {}

    /// Why a step failed that is not judged.
    fn note(&mut self, _note: &str) {}

    /// A verdict fell.
    fn verdict(&mut self, verdict: &Verdict, came: &Came) -> anyhow::Result<()>;

    /// All is done, or the run was interrupted. A run that failed has no sums.
    fn sums(&mut self, sums: &Sums<'_>) -> anyhow::Result<()>;

    /// Nothing more comes.
    fn over(&mut self) {}
}

/// How a step came out, recorded and live; none where it did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Came {
    pub(in crate::cli) recorded: Option<Outcome>,
    pub(in crate::cli) replayed: Option<Outcome>,
    /// The live answer on several lines, masked, where one call was asked for.
    pub(in crate::cli) answer: Option<String>,
}

/// How one step came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Outcome {
    /// `200`, `isError`, `-32601`, `cancelled`.
    pub(in crate::cli) word: String,
    /// From its request to its answer.
    pub(in crate::cli) us: Option<u64>,
    /// Frames of its event stream.
    pub(in crate::cli) frames: usize,
}

impl Came {
    /// Of both.
    pub(in crate::cli) fn of(recorded: Option<&Step<'_>>, replayed: Option<&Step<'_>>) -> Self {
        let answer = None;
        Self { recorded: recorded.map(Outcome::of), replayed: replayed.map(Outcome::of), answer }
    }
}

impl Outcome {
    fn of(step: &Step<'_>) -> Self {
        let told = step.outcome();
        let word = match (told.as_str(), step.status()) {
            ("ok", Some(status)) => status.to_string(),
            ("tool-error", _) => "isError".to_owned(),
            (other, status) => match other.split_once(' ') {
                Some(("rpc-error", code)) => code.to_owned(),
                Some(("http", _)) => status.map_or_else(|| told.clone(), |s| s.to_string()),
                _ => told,
            },
        };
        let answered = step.kind == StepKind::Call && step.answer().is_some();
        let streams = |told: &&crate::protocol::Told| {
            let head = told.head.as_ref();
            let media = head.and_then(|head| head.headers.media_type());
            media.as_deref() == Some("text/event-stream")
        };
        Self {
            word,
            us: answered.then(|| step.at().micros_since(step.sent_at())),
            frames: step.told().filter(streams).map_or(0, |told| told.reading.frames.len()),
        }
    }
}

/// What a run came to.
pub(in crate::cli) struct Sums<'s> {
    pub(in crate::cli) ran: &'s Ran,
    /// Over all tapes.
    pub(in crate::cli) all: &'s Tally,
    pub(in crate::cli) not_selected: u64,
    pub(in crate::cli) bindings: &'s [Binding],
    /// Headers that were not sent, for the tape does not have them or they are credentials.
    pub(in crate::cli) left_out: &'s [String],
}

/// Prints: JSON Lines, or what people want to know.
pub(super) struct Printer<'p> {
    asked: &'p Asked,
    /// How many there are.
    tapes: usize,
    out: &'p mut Output,
    bar: Playing,
    /// Steps that are not the same.
    told: u64,
}

impl<'p> Printer<'p> {
    pub(super) fn new(asked: &'p Asked, (tapes, steps): (usize, u64), out: &'p mut Output) -> Self {
        Self { asked, tapes, out, bar: Playing::new(steps), told: 0 }
    }
}

impl Sink for Printer<'_> {
    fn tape(&mut self, name: &str) {
        if !self.asked.json && self.tapes > 1 {
            let name = visible::line(name);
            self.bar.aside(|| self.out.talk(format!("{name}:")));
        }
    }

    fn step(&mut self) {
        if let Some(said) = self.bar.step().filter(|_| !self.asked.quiet) {
            self.out.talk(said);
        }
    }

    fn note(&mut self, note: &str) {
        let note = visible::line(note);
        self.bar.aside(|| self.out.talk(note));
    }

    fn verdict(&mut self, verdict: &Verdict, _: &Came) -> anyhow::Result<()> {
        let (json, same) = (self.asked.json, verdict.ruling == Ruling::Same);
        self.told += u64::from(!same);
        match (json, same) {
            _ if self.asked.quiet => Ok(()),
            (false, true) => Ok(()),
            (false, false) if self.told > STEPS_TOLD => Ok(()),
            _ => self.bar.aside(|| {
                if json {
                    self.out.json(&VerdictFace::new(verdict))?;
                } else {
                    diff::tell(verdict, self.out)?;
                }
                anyhow::Ok(self.out.flush()?)
            }),
        }
    }

    fn sums(&mut self, sums: &Sums<'_>) -> anyhow::Result<()> {
        let Sums { ran, all, not_selected, bindings, left_out } = *sums;
        if self.asked.quiet {
            return Ok(());
        }
        if self.asked.json {
            let counts = [all.compared, all.of, all.skipped, not_selected];
            let paths = all.ignored_paths.keys().map(String::as_str).collect();
            self.out.json(&VerifiedFace::new(counts, paths, bindings, left_out))?;
            return Ok(());
        }
        let folded = self.told.saturating_sub(STEPS_TOLD);
        sums::tell(ran, all, folded, left_out, self.out);
        Ok(())
    }

    fn over(&mut self) {
        self.bar.finish();
    }
}
