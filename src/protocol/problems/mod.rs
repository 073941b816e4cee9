//! What is wrong in a session, each with evidence and remedy.
//!
//! One rule a file and one line in [`RULES`]. A rule looks at one session told whole and reports;
//! it knows no other rule. An error answer, a tool error or a 4xx is an outcome and no problem:
//! a rule fires only where it can say what went wrong in the protocol. A false alarm is a bug.

mod judgement;
mod session;
mod transport;
mod truncated_stream;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{model::Session, story::Story};
use crate::capture::ExchangeId;
pub use judgement::{Basis, JUDGED_BYTES, JUDGED_EXCHANGES, Judgement, RULES_VERSION, as_judged};

/// All rules, in the order in which their findings are listed for one exchange.
pub static RULES: &[&[&dyn Rule]] =
    &[&[&truncated_stream::TruncatedStream], transport::RULES, session::RULES];

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
    fn check(&self, _story: &Story, _found: &mut Findings<'_>) {}

    /// Looks at all sessions with one server, oldest first, and reports what only shows there.
    fn check_all(&self, _sessions: &[&Session], _found: &mut Findings<'_>) {}
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
    /// The session at fault, for rules that look at several.
    pub session: Option<ExchangeId>,
    /// How bad this one is, where it is not as bad as the rule's.
    pub severity: Option<Severity>,
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
        let Finding { session, severity, exchange, message, text, evidence, remedy } = finding;
        self.found.push(Problem {
            rule: self.rule.id().to_owned(),
            severity: severity.unwrap_or(self.rule.severity()),
            session: session.unwrap_or(self.session),
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
    let mut problems = gather(story.session.id, |rule, found| rule.check(story, found));
    problems.sort_by_key(|problem| problem.exchange);
    problems
}

/// The problems that show only over several sessions of one server: what [`judge`] cannot see.
/// The result is in the order of servers, then of the rules.
#[must_use]
pub fn judge_all<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Vec<Problem> {
    let mut servers: BTreeMap<&str, Vec<&Session>> = BTreeMap::new();
    for session in sessions {
        servers.entry(origin(&session.server)).or_default().push(session);
    }
    let mut problems = Vec::new();
    for sessions in servers.values_mut() {
        sessions.sort_by_key(|session| session.id);
        let Some(newest) = sessions.last().map(|session| session.id) else { continue };
        problems.append(&mut gather(newest, |rule, found| rule.check_all(sessions, found)));
    }
    problems
}

/// `scheme://host:port` of a server's URL.
fn origin(server: &str) -> &str {
    let path = server.match_indices('/').nth(2).map(|(at, _)| at);
    path.and_then(|at| server.get(..at)).unwrap_or(server)
}

fn gather(
    session: ExchangeId,
    look: impl Fn(&'static dyn Rule, &mut Findings<'_>),
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for rule in RULES.iter().copied().flatten().copied() {
        let mut findings = Findings { rule, session, found: Vec::new(), more: 0 };
        look(rule, &mut findings);
        if let (true, Some(last)) = (findings.more > 0, findings.found.last_mut()) {
            last.text = format!("{} ({} more like it)", last.text, findings.more);
        }
        problems.append(&mut findings.found);
    }
    problems
}

#[cfg(test)]
mod tests;
