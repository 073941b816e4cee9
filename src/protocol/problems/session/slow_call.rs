//! A call takes far longer than its like in the same session.

use std::collections::HashMap;

use super::{Check, Finding, Findings, Look, Severity, view::asked};
use crate::protocol::{
    model::{Direction, Message},
    story::Story,
};

pub(super) static RULE: Check = Check {
    id: "slow-call",
    severity: Severity::Info,
    source: "the session's own distribution",
    look: Look::One(look),
};

/// So many calls of one method and name make a distribution.
const CALLS: usize = 10;

/// Below this nobody waits.
const FLOOR_US: u64 = 250_000;

fn look(story: &Story, found: &mut Findings<'_>) {
    let mut likes: HashMap<(&str, &str), Vec<(&Message, u64)>> = HashMap::new();
    for asked in asked(story, Direction::ClientToServer) {
        let Some(method) = asked.request.method.as_deref().filter(|m| !waits(m)) else { continue };
        let Some(latency) = asked.answer.and_then(|answer| answer.latency_us) else { continue };
        let name = asked.request.name.as_deref().unwrap_or_default();
        likes.entry((method, name)).or_default().push((asked.request, latency));
    }
    let mut slow: Vec<(&Message, u64, u64)> = Vec::new();
    for calls in likes.values().filter(|calls| calls.len() >= CALLS) {
        let (median, fence) = fence(calls.iter().map(|(_, latency)| *latency).collect());
        let far = calls.iter().filter(|(_, latency)| *latency > fence);
        slow.extend(far.map(|(request, latency)| (*request, *latency, median)));
    }
    slow.sort_by_key(|(request, ..)| (request.exchange, request.number));
    for (request, latency, median) in slow {
        found.report(Finding {
            exchange: Some(request.exchange),
            message: Some(request.id()),
            text: "the call took far longer than its like in this session".to_owned(),
            evidence: format!("{} ms; the median is {} ms", latency / 1_000, median / 1_000),
            remedy: "compare what was asked and what ran beside it".to_owned(),
            ..Finding::default()
        });
    }
}

/// These wait on purpose.
fn waits(method: &str) -> bool {
    matches!(method, "subscriptions/listen" | "tasks/result")
}

/// The median, and Tukey's outer fence: three interquartile ranges above the third quartile.
fn fence(mut latencies: Vec<u64>) -> (u64, u64) {
    latencies.sort_unstable();
    let at = |part: usize| latencies.get(latencies.len() * part / 4).copied().unwrap_or_default();
    let (first, median, third) = (at(1), at(2), at(3));
    let fence = third.saturating_add(3 * third.saturating_sub(first));
    (median, fence.max(median.saturating_mul(2)).max(FLOOR_US))
}
