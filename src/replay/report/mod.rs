//! What a run came to, for people and for CI: one [`Report`] a tape, written as `JUnit`, as Markdown,
//! or told in words.
//!
//! It is handed verdicts whose secrets are masked already, and writes the same text for the same
//! verdicts: no times, no hosts (faces.md, verify).

mod junit;
mod markdown;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;

pub use junit::junit;
pub use markdown::markdown;
pub use words::{Part, words};

use super::{
    bind::Binding,
    compare::{Difference, Ruling, Verdict},
};

/// One tape's verdicts and what they sum up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The tape as it was named.
    pub tape: String,
    /// In the order of the recorded steps, then the extra ones.
    pub verdicts: Vec<Verdict>,
    /// Steps held against their like.
    pub compared: u64,
    /// Recorded steps.
    pub of: u64,
    /// Steps neither sent nor compared.
    pub skipped: u64,
    /// Steps that `--only` left out.
    pub not_selected: u64,
    /// Where values were let pass.
    pub ignored_paths: BTreeSet<String>,
    /// Values filled in fresh.
    pub bindings: Vec<Binding>,
}

impl Report {
    /// How many verdicts came to this.
    #[must_use]
    pub fn count(&self, ruling: Ruling) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.ruling == ruling).count()
    }

    /// `compared N of M, K skipped`: it is always said, and skips are not passes.
    #[must_use]
    pub fn summing_up(&self) -> String {
        let mut said = vec![
            format!("compared {} of {}", self.compared, self.of),
            format!("{} skipped", self.skipped),
        ];
        if self.not_selected > 0 {
            said.push(format!("{} not selected", self.not_selected));
        }
        for ruling in [Ruling::Changed, Ruling::Missing, Ruling::Extra] {
            match self.count(ruling) {
                0 => {}
                many => said.push(format!("{many} {}", ruling.as_str())),
            }
        }
        said.join(", ")
    }
}

/// The step in a line: `tools/call add`.
fn step(verdict: &Verdict) -> String {
    match &verdict.name {
        Some(name) => format!("{} {name}", verdict.method),
        None => verdict.method.clone(),
    }
}

/// Where a difference is, and what stood and stands there.
fn line(difference: &Difference) -> String {
    let place = match difference.path.as_str() {
        "" => "the message",
        path => path,
    };
    let value = |json: &Option<String>| json.clone().unwrap_or_default();
    let (recorded, replayed) = (value(&difference.recorded), value(&difference.replayed));
    match difference.kind.as_str() {
        "added" => format!("{place} added: {replayed}"),
        "removed" => format!("{place} removed: {recorded}"),
        kind => format!("{place} {kind}: {recorded} -> {replayed}"),
    }
}
