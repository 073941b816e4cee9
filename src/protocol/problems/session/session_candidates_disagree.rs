//! One request bears two session ids.

use super::{Check, Finding, Findings, Look, Severity, view::puts};
use crate::protocol::{
    model::Candidate,
    story::{Story, Told},
};

pub(super) static RULE: Check = Check {
    id: "session-candidates-disagree",
    severity: Severity::Warning,
    source: "houses.md 2",
    look: Look::One(look),
};

fn look(story: &Story, found: &mut Findings<'_>) {
    for told in &story.exchanges {
        let Some((chosen, other)) = disagreement(told) else { continue };
        found.report(Finding {
            exchange: Some(told.id()),
            text: "the request names two different sessions".to_owned(),
            evidence: format!(
                "{} is {}, {} is {}; the first one counts",
                chosen.source, chosen.value, other.source, other.value
            ),
            remedy: "send the session id in one place, or the same one in all".to_owned(),
            ..Finding::default()
        });
    }
}

fn disagreement(told: &Told) -> Option<(&Candidate, &Candidate)> {
    let candidates = &told.reading.summary.candidates;
    let mut sent = candidates.iter().filter(|c| !c.in_response && puts(&c.source));
    let chosen = sent.next()?;
    let other = sent.find(|c| c.value != chosen.value)?;
    Some((chosen, other))
}
