//! How a verb fails: the exit code, and the text on stderr.

use std::process::ExitCode;

use super::output::{Output, OutputError, style};

/// Exit codes of faces.md.
pub mod code {
    /// Differences or findings.
    pub const FOUND: u8 = 1;
    /// Usage or unreadable input.
    pub const USAGE: u8 = 2;
    /// Network or target failed.
    pub const NETWORK: u8 = 3;
    /// A thread of ours panicked: Rust's own code.
    pub const PANIC: u8 = 101;
    /// Interrupted.
    pub const INTERRUPTED: u8 = 130;
}

/// An error with an exit code of its own; any other one exits with [`code::USAGE`].
#[derive(Debug)]
pub struct Failure {
    code: u8,
    why: anyhow::Error,
}

impl Failure {
    /// An error that exits with `code`.
    pub fn with_code(code: u8, why: impl Into<anyhow::Error>) -> anyhow::Error {
        Self { code, why: why.into() }.into()
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.why.fmt(f)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.why.source()
    }
}

/// Says what went wrong, and gives the code for it. A closed pipe ends quietly: its reader has
/// enough.
pub(crate) fn report(error: &anyhow::Error, out: &mut Output) -> ExitCode {
    if matches!(error.downcast_ref::<OutputError>(), Some(OutputError::Closed)) {
        return ExitCode::SUCCESS;
    }
    let (text, hints) = in_words(error);
    let label = out.paint_talk(style::BAD, "error");
    out.talk(format_args!("{label}: {text}"));
    for hint in hints {
        let label = out.paint_talk(style::GOOD, "hint");
        out.talk(format_args!("{label}: {hint}"));
    }
    let own = error.downcast_ref::<Failure>().map(|failure| failure.code);
    ExitCode::from(own.unwrap_or(code::USAGE))
}

/// The chain of causes on one line each where it adds something, and the hints of all of them.
fn in_words(error: &anyhow::Error) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut hints = Vec::new();
    for cause in error.chain() {
        let whole = cause.to_string();
        let mut said = Vec::new();
        for line in whole.lines() {
            match line.strip_prefix("hint: ") {
                Some(hint) if !hints.iter().any(|known| known == hint) => {
                    hints.push(hint.to_owned());
                }
                Some(_) => {}
                None => said.push(super::visible::line(line).into_owned()),
            }
        }
        let said = said.join("\n");
        if text.is_empty() {
            text = said;
        } else if !said.is_empty() && !text.contains(&said) {
            text.push_str("\n  because: ");
            text.push_str(&said);
        }
    }
    (text, hints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_told_once_and_its_hints_come_last() {
        #[derive(Debug, thiserror::Error)]
        #[error("port 7070 is taken\nhint: choose another with --listen")]
        struct Taken;
        let error = anyhow::Error::from(Taken).context("cannot listen").context("record");
        let (text, hints) = in_words(&error);
        assert_eq!(text, "record\n  because: cannot listen\n  because: port 7070 is taken");
        assert_eq!(hints, ["choose another with --listen"]);
    }

    #[test]
    fn a_code_of_its_own_survives_context() {
        let error = Failure::with_code(code::NETWORK, anyhow::anyhow!("down")).context("dialing");
        let failure = error.downcast_ref::<Failure>().expect("it stays");
        assert_eq!(failure.code, code::NETWORK);
    }
}
