//! Verdicts and sums as the screen has them.

use std::sync::{Arc, mpsc::SyncSender};

use super::held::{Whole, report};
use crate::{
    cli::{
        browse::shared::Gone,
        verify::{Came, Outcome, Sink, Sums},
    },
    replay::{
        compare::{Difference, Ruling, Tally, Verdict},
        report::Report,
    },
    tui::{
        desk::{News, Replayed, Ticket, VerdictTold},
        text,
    },
};

/// Bytes of a value that the screen gets; the verdict is of the whole.
const VALUE: usize = 16 << 10;

/// Places of one step that the screen gets; further ones are counted.
const PLACES: usize = 200;

/// The screen, as a run tells it.
pub(super) struct Screen {
    pub(super) ticket: Ticket,
    pub(super) verdicts: SyncSender<News>,
    pub(super) sums: Replayed,
    /// The verdicts, for a report.
    whole: Whole,
    report: Report,
}

impl Screen {
    pub(super) fn new(ticket: Ticket, verdicts: SyncSender<News>) -> Self {
        let (sums, whole) = (Replayed::default(), Whole::default());
        Self { ticket, verdicts, sums, whole, report: Report::default() }
    }

    /// What it came to, of this tape; none where that is too long.
    pub(super) fn report(&mut self, tape: &str) -> Option<Report> {
        let verdicts = std::mem::take(&mut self.whole).all()?;
        Some(Report { tape: tape.to_owned(), verdicts, ..std::mem::take(&mut self.report) })
    }
}

impl Sink for Screen {
    fn note(&mut self, note: &str) {
        self.sums.notes.push(text::visible(note).into_owned());
    }

    fn verdict(&mut self, verdict: &Verdict, came: &Came) -> anyhow::Result<()> {
        self.whole.push(verdict);
        let news = News::Verdict(self.ticket, Arc::new(told(verdict, came)));
        self.verdicts.send(news).map_err(|_| Gone.into())
    }

    fn sums(&mut self, sums: &Sums<'_>) -> anyhow::Result<()> {
        let mut notes = std::mem::take(&mut self.sums.notes);
        if !sums.left_out.is_empty() {
            let names = text::visible(&sums.left_out.join(", ")).into_owned();
            notes.push(format!("not sent, for it is in no recording: {names}"));
        }
        self.sums = Replayed { notes, ..summed(sums.all) };
        self.report = Report {
            not_selected: sums.not_selected,
            bindings: sums.bindings.to_vec(),
            ..report("", Vec::new(), sums.all)
        };
        Ok(())
    }
}

/// The sums of a run.
pub(super) fn summed(tally: &Tally) -> Replayed {
    let paths = tally.ignored_paths.keys();
    Replayed {
        compared: tally.compared,
        of: tally.of,
        skipped: tally.skipped,
        ignored_paths: paths.map(|path| text::visible(path).into_owned()).collect(),
        ..Replayed::default()
    }
}

/// A verdict as the screen has it; it is masked already.
pub(super) fn told(verdict: &Verdict, came: &Came) -> VerdictTold {
    let visible = |told: &str| text::visible(told).into_owned();
    let number = verdict.message.as_deref().and_then(|id| id.rsplit_once('.')?.1.parse().ok());
    let us = |outcome: &Option<Outcome>| {
        outcome.as_ref().and_then(|outcome| u32::try_from(outcome.us?).ok())
    };
    let more = verdict.differences.len().saturating_sub(PLACES);
    let more = (more > 0).then(|| format!("and {} that differ", text::count(more, "more place")));
    let said = verdict.reason.as_deref().map(visible).into_iter().chain(more);
    let reason = said.collect::<Vec<_>>().join("; ");
    let live = verdict.ruling == Ruling::Extra;
    VerdictTold {
        exchange: (!live).then_some(verdict.exchange),
        number,
        method: visible(&verdict.method),
        name: verdict.name.as_deref().map(visible).unwrap_or_default(),
        ruling: verdict.ruling,
        recorded: came.recorded.as_ref().map(words).unwrap_or_default(),
        replayed: came.replayed.as_ref().map(words).unwrap_or_default(),
        recorded_us: us(&came.recorded),
        replayed_us: us(&came.replayed),
        differences: verdict.differences.iter().take(PLACES).map(shown).collect(),
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        answer: came.answer.as_deref().map(answer),
    }
}

/// An answer as lines that a terminal may have.
fn answer(told: &str) -> String {
    let mut shown = String::new();
    for line in told.lines() {
        if shown.len() + line.len() > VALUE {
            shown.push_str("…\n");
            break;
        }
        shown.push_str(&text::visible(line));
        shown.push('\n');
    }
    shown
}

/// `200 792ms 6f`.
fn words(outcome: &Outcome) -> String {
    let took = outcome.us.map(text::duration);
    let frames = (outcome.frames > 0).then(|| format!("{}f", outcome.frames));
    let all = std::iter::once(text::visible(&outcome.word).into_owned()).chain(took).chain(frames);
    all.collect::<Vec<_>>().join(" ")
}

fn shown(difference: &Difference) -> Difference {
    let cut = |value: &Option<String>| {
        let value = value.as_deref()?;
        let mut end = value.len().min(VALUE);
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        let mark = if end < value.len() { "…" } else { "" };
        Some(format!("{}{mark}", text::visible(value.get(..end).unwrap_or_default())))
    };
    Difference {
        path: text::visible(&difference.path).into_owned(),
        kind: difference.kind,
        recorded: cut(&difference.recorded),
        replayed: cut(&difference.replayed),
        message: difference.message.clone(),
    }
}
