//! Sessions are opened and neither used nor closed.

use super::{Check, Finding, Findings, Look, Severity};
use crate::protocol::model::{Session, State};

pub(super) static RULE: Check = Check {
    id: "session-leak",
    severity: Severity::Warning,
    source: "houses.md 3, fault 3",
    look: Look::All(look),
};

/// So many sessions left behind are no accident of one client's end.
const LEAKED: usize = 5;

fn look(sessions: &[&Session], found: &mut Findings<'_>) {
    let opened: Vec<&&Session> = sessions.iter().filter(|s| was_opened(s)).collect();
    let leaked: Vec<&&Session> = opened.iter().copied().filter(|s| was_left(s)).collect();
    let (Some(first), Some(last)) = (leaked.first(), leaked.last()) else { return };
    if leaked.len() < LEAKED || leaked.len() * 2 <= opened.len() {
        return;
    }
    let minutes = last.started_at.micros_since(first.started_at) / 60_000_000;
    let oldest = leaked.iter().map(|s| s.age_us).max().unwrap_or_default() / 1_000_000;
    let youngest = leaked.iter().map(|s| s.age_us).min().unwrap_or_default() / 1_000_000;
    found.report(Finding {
        session: Some(last.id),
        exchange: Some(last.id),
        text: "sessions are opened and neither used nor closed".to_owned(),
        evidence: format!(
            "{} of {} sessions within {minutes} min, {youngest} s to {oldest} s old, without a \
             call and without a DELETE",
            leaked.len(),
            opened.len(),
        ),
        remedy: "open one session a client and use it again; end it with DELETE; let the server \
                 sweep idle ones"
            .to_owned(),
        ..Finding::default()
    });
}

fn was_opened(session: &Session) -> bool {
    session.wire_id.is_some() && session.states.iter().any(|s| s.state == State::Connected)
}

/// `initialize` alone, and nobody closed it. Whether it is idle by now is the server's business.
fn was_left(session: &Session) -> bool {
    let closed = session.states.iter().any(|s| s.state == State::Closed);
    let refused = session.states.iter().any(|s| s.state == State::Expired && s.exchange.is_some());
    !closed && !refused && session.open_streams == 0 && session.counts.calls <= 1
}
