//! `--junit` and `--markdown`: what a run came to, written for CI. The verdicts in it are masked
//! already.

use anyhow::Context as _;

use super::{
    drafts::Draft,
    run::{Ran, RanTape},
};
use crate::{
    cli::args::VerifyArgs,
    replay::report::{Report, junit, markdown},
};

/// The files that were asked for.
pub(super) struct Reports {
    junit: Option<Draft>,
    markdown: Option<Draft>,
}

impl Reports {
    /// Begins them, before anything is sent.
    pub(super) fn begin(args: &VerifyArgs) -> anyhow::Result<Self> {
        let begin = |path: &Option<_>| path.as_deref().map(Draft::beside).transpose();
        Ok(Self { junit: begin(&args.junit)?, markdown: begin(&args.markdown)? })
    }

    /// Writes them; the verdicts are handed over, for there are many and nobody else reads them.
    pub(super) fn write(self, ran: &mut Ran) -> anyhow::Result<()> {
        if self.junit.is_none() && self.markdown.is_none() {
            return Ok(());
        }
        let reports: Vec<Report> = ran.tapes.iter_mut().map(report).collect();
        if let Some(draft) = self.junit {
            draft.publish(junit(&reports).context("--junit")?.as_bytes())?;
        }
        if let Some(draft) = self.markdown {
            draft.publish(markdown(&reports).as_bytes())?;
        }
        Ok(())
    }
}

fn report(tape: &mut RanTape) -> Report {
    Report {
        tape: tape.name.clone(),
        verdicts: std::mem::take(&mut tape.verdicts),
        compared: tape.tally.compared,
        of: tape.tally.of,
        skipped: tape.tally.skipped,
        not_selected: tape.not_selected,
        ignored_paths: tape.tally.ignored_paths.keys().cloned().collect(),
        bindings: tape.bindings.clone(),
    }
}
