//! What was learnt as a rules file for people to look through.

use std::fmt::Write as _;

use super::{Evidence, Learnt, Proposal, Proposed};
use crate::replay::rules::BYTES_CAP;

/// Characters shown of a value.
const VALUE_CHARS: usize = 80;

/// Bytes of rules that are written, so that the file can be read; the rest is counted.
const FILE_CAP: usize = BYTES_CAP / 2;

/// Lines told of what no rule is proposed for; the rest is counted.
const LEFT_CAP: usize = 200;

impl Learnt {
    /// A rules file; [`crate::replay::rules::Rules::parse`] reads it.
    #[must_use]
    pub fn toml(&self) -> String {
        let mut text = format!(
            "# Proposed from {} replays of one tape, for you to look through: delete what is no \
             noise.\n# Nothing of it holds until it is named: wiretape verify --rules FILE\n",
            self.runs
        );
        let mut more = self.more;
        for proposal in &self.proposals {
            if text.len() > FILE_CAP {
                more += 1;
            } else {
                rule(proposal, self.runs, &mut text);
            }
        }
        if !self.left.is_empty() {
            text.push_str("\n# No rule is proposed for:\n");
        }
        for line in self.left.iter().take(LEFT_CAP) {
            let _ = writeln!(text, "# - {}", comment(line));
        }
        more += self.left.len().saturating_sub(LEFT_CAP);
        if more > 0 {
            let _ = writeln!(text, "\n# {more} further places differ.");
        }
        text
    }
}

// Writing to a text cannot fail.
fn rule(proposal: &Proposal, runs: usize, text: &mut String) {
    let Proposal { method, name, path, rule, evidence } = proposal;
    text.push('\n');
    seen(evidence, runs, text);
    text.push_str("[[rule]]\n");
    let _ = writeln!(text, "path = {}", quoted(path));
    let _ = writeln!(text, "method = {}", quoted(&glob(method)));
    if let Some(name) = name {
        let _ = writeln!(text, "name = {}", quoted(&glob(name)));
    }
    let (what, value) = match rule {
        Proposed::Ignore => ("ignore", None),
        Proposed::Type => ("type", None),
        Proposed::Regex(regex) => ("regex", Some(quoted(regex))),
        Proposed::Unordered => ("unordered", None),
        Proposed::Tolerance(most) => ("tolerance", Some(toml::Value::Float(*most).to_string())),
    };
    let _ = writeln!(text, "do = \"{what}\"");
    if let Some(value) = value {
        let _ = writeln!(text, "value = {value}");
    }
}

fn seen(evidence: &Evidence, runs: usize, text: &mut String) {
    let Evidence { runs: differed, times, values, more } = evidence;
    let _ =
        writeln!(text, "# Differed in {differed} of {runs} replays, {times} times in all. Seen:");
    for value in values {
        let _ = writeln!(text, "#   {}", comment(value));
    }
    if *more > 0 {
        let _ = writeln!(text, "#   and {more} more");
    }
}

/// One line, in which nothing ends the comment.
fn comment(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = text.chars().take(VALUE_CHARS).map(plain).collect();
    if text.chars().nth(VALUE_CHARS).is_some() {
        line.push('…');
    }
    line
}

/// On one line: what JSON escapes TOML reads, which wants one more escaped.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// A name as a glob that means it alone, as far as globs can say that.
fn glob(name: &str) -> String {
    name.chars().map(|c| if matches!(c, '*' | '\\') { '?' } else { c }).collect()
}
