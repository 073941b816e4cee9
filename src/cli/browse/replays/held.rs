//! What replays and diffs came to, for as long as it may be written into a file: the verdicts whole, as
//! the writers of `verify` take them. Secrets are masked in them.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;

use crate::{
    cli::faces::{VerdictFace, VerifiedFace},
    replay::{
        compare::{Difference, Ruling, Tally, Verdict},
        report::{Report, junit, markdown},
        rules::fits,
    },
    tui::desk::{ReportForm, Ticket},
};

/// Bytes of verdicts that are held whole for a report; of a longer run `wiretape verify` writes one.
const WHOLE: usize = 32 << 20;

/// Runs that are held; the oldest one goes.
const RUNS: usize = 4;

/// The runs, newest last; one for both threads.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<Mutex<VecDeque<Run>>>);

/// One of them; its report, where it is not too long to be held.
type Run = (Ticket, Option<Report>);

/// Verdicts as they come, as long as there are not too many.
#[derive(Default)]
pub(super) struct Whole {
    verdicts: Vec<Verdict>,
    bytes: usize,
}

impl Whole {
    pub(super) fn push(&mut self, verdict: &Verdict) {
        let len = |value: &Option<String>| value.as_ref().map_or(0, String::len);
        let of =
            |found: &Difference| found.path.len() + len(&found.recorded) + len(&found.replayed);
        self.bytes += size_of::<Verdict>() + verdict.differences.iter().map(of).sum::<usize>();
        if self.bytes > WHOLE {
            self.verdicts = Vec::new();
        } else {
            self.verdicts.push(verdict.clone());
        }
    }

    /// All of them; none where there were too many.
    pub(super) fn all(self) -> Option<Vec<Verdict>> {
        (self.bytes <= WHOLE).then_some(self.verdicts)
    }
}

/// What was held against each other without being sent.
pub(super) fn report(name: &str, verdicts: Vec<Verdict>, tally: &Tally) -> Report {
    Report {
        tape: name.to_owned(),
        verdicts,
        compared: tally.compared,
        of: tally.of,
        skipped: tally.skipped,
        ignored_paths: tally.ignored_paths.keys().cloned().collect(),
        ..Report::default()
    }
}

impl Held {
    pub(super) fn push(&self, run: Ticket, report: Option<Report>) {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.len() >= RUNS {
            runs.pop_front();
        }
        runs.push_back((run, report));
    }

    /// A run as a report; what differs at these paths only is the same.
    pub(super) fn written(
        &self,
        run: Ticket,
        ignored: &[String],
        form: ReportForm,
    ) -> anyhow::Result<String> {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = runs.iter().find(|(own, _)| *own == run).map(|(_, report)| report.clone());
        drop(runs);
        let found = found.context("its verdicts are not held any more\nhint: replay it again")?;
        let too_long = "it is too long to be held here\nhint: `wiretape verify --junit` writes it";
        let mut report = found.context(too_long)?;
        settle(&mut report, ignored);
        match form {
            ReportForm::Junit => Ok(junit(&[report])?),
            ReportForm::Markdown => Ok(markdown(&[report])),
            ReportForm::Json => json(&report),
        }
    }
}

/// Looks over these paths, as the screen does.
fn settle(report: &mut Report, ignored: &[String]) {
    for verdict in &mut report.verdicts {
        if verdict.differences.is_empty() {
            continue;
        }
        verdict.differences.retain(|found| !ignored.iter().any(|path| fits(path, &found.path)));
        if verdict.differences.is_empty() && verdict.ruling == Ruling::Changed {
            verdict.ruling = Ruling::Same;
        }
    }
    report.ignored_paths.extend(ignored.iter().cloned());
}

/// `--json`: a verdict a line, and the sums.
fn json(report: &Report) -> anyhow::Result<String> {
    let mut text = String::new();
    for verdict in &report.verdicts {
        writeln!(text, "{}", serde_json::to_string(&VerdictFace::new(verdict))?)?;
    }
    let counts = [report.compared, report.of, report.skipped, report.not_selected];
    let paths = report.ignored_paths.iter().map(String::as_str).collect();
    let sums = VerifiedFace::new(counts, paths, &report.bindings, &[]);
    writeln!(text, "{}", serde_json::to_string(&sums)?)?;
    Ok(text)
}
