//! What is wrong in a session, each with evidence and remedy.
//!
//! One rule a file and one line in [`RULES`]. A rule looks at one session told whole and reports;
//! it knows no other rule. An error answer, a tool error or a 4xx is an outcome and no problem:
//! a rule fires only where it can say what went wrong in the protocol. A false alarm is a bug.

mod truncated_stream;

use serde::{Deserialize, Serialize};

use super::story::Story;
use crate::capture::ExchangeId;

/// All rules, in the order in which their findings are listed for one exchange.
pub static RULES: &[&dyn Rule] = &[&truncated_stream::TruncatedStream];

/// How bad a problem is (design.md, Severity).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// A rule broken without harm, or a risk.
    Warning,
    /// Something failed or was lost for the user.
    Error,
}

/// A small unit that finds one kind of problem.
pub trait Rule: Sync {
    /// Its name, kebab-case, stable: scripts rely on it.
    fn id(&self) -> &'static str;

    /// How bad what it finds is.
    fn severity(&self) -> Severity;

    /// Where the rule stands: `MCP 2025-11-25 basic/transports`, `houses.md 3`.
    fn source(&self) -> &'static str;

    /// Looks at a session and reports what it finds.
    fn check(&self, story: &Story, found: &mut Findings<'_>);
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The rule's name.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The session.
    pub session: ExchangeId,
    /// The exchange at fault; none where it is the session as a whole.
    pub exchange: Option<ExchangeId>,
    /// The message at fault, `EXCHANGE.N`.
    pub message: Option<String>,
    /// What is wrong, one sentence.
    pub text: String,
    /// What was seen on the wire.
    pub evidence: String,
    /// What to do about it.
    pub remedy: String,
    /// Where the rule stands.
    pub source: String,
}

/// Problems reported of one rule on one session; further ones are counted in the last one's text.
const FINDINGS_CAP: usize = 100;

/// Where a rule reports.
pub struct Findings<'a> {
    rule: &'a dyn Rule,
    session: ExchangeId,
    found: Vec<Problem>,
    more: usize,
}

/// What a rule has to say of one finding.
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// The exchange at fault.
    pub exchange: Option<ExchangeId>,
    /// The message at fault, `EXCHANGE.N`.
    pub message: Option<String>,
    /// What is wrong, one sentence.
    pub text: String,
    /// What was seen on the wire.
    pub evidence: String,
    /// What to do about it.
    pub remedy: String,
}

impl Findings<'_> {
    /// Reports one.
    pub fn report(&mut self, finding: Finding) {
        if self.found.len() >= FINDINGS_CAP {
            self.more += 1;
            return;
        }
        let Finding { exchange, message, text, evidence, remedy } = finding;
        self.found.push(Problem {
            rule: self.rule.id().to_owned(),
            severity: self.rule.severity(),
            session: self.session,
            exchange,
            message,
            text,
            evidence,
            remedy,
            source: self.rule.source().to_owned(),
        });
    }
}

/// All problems of a session, in the order of its exchanges, then of the rules.
#[must_use]
pub fn judge(story: &Story) -> Vec<Problem> {
    let mut problems = Vec::new();
    for rule in RULES {
        let mut findings =
            Findings { rule: *rule, session: story.session.id, found: Vec::new(), more: 0 };
        rule.check(story, &mut findings);
        if let (true, Some(last)) = (findings.more > 0, findings.found.last_mut()) {
            last.text = format!("{} ({} more like it)", last.text, findings.more);
        }
        problems.append(&mut findings.found);
    }
    problems.sort_by_key(|problem| problem.exchange);
    problems
}

#[cfg(test)]
mod tests;
