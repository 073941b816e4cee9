//! What a call's stream brought beside its answer: notifications as a multiset by method and
//! subject, progress by presence (faces.md, Tapes). Their order and number of progress steps are
//! the run's own.

use std::collections::BTreeMap;

use super::{Difference, Kind, steps::Step, value::Value};
use crate::protocol::Envelope;

/// The difference, if there is one.
pub(super) fn difference(own: &Step<'_>, its: &Step<'_>) -> Option<Difference> {
    let (ours, theirs) = (brought(own), brought(its));
    (ours != theirs).then(|| Difference {
        path: String::new(),
        kind: Kind::Notifications,
        recorded: Some(told(&ours)),
        replayed: Some(told(&theirs)),
    })
}

/// How often each was brought.
fn brought(step: &Step<'_>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let Some(call) = step.call else { return counts };
    let parts = call.parts.iter().filter_map(|part| step.story.calls.get(*part));
    for call in std::iter::once(call).chain(parts) {
        for message in call.notifications.iter().filter_map(|at| step.story.messages.get(*at)) {
            let method = message.method.as_deref().unwrap_or_default();
            let text = String::from_utf8_lossy(&message.payload);
            let subject = Envelope::read(&text).and_then(|envelope| subject(envelope.params?));
            let key = [Some(method), subject.as_deref()];
            let key: Vec<&str> = key.into_iter().flatten().collect();
            *counts.entry(key.join(" ")).or_insert(0) += 1;
        }
        if !call.progress.is_empty() {
            counts.insert("notifications/progress".to_owned(), 1);
        }
    }
    counts
}

/// What a notification is about; ids differ from run to run and are none.
fn subject(params: &str) -> Option<String> {
    let params = Value::of(params);
    if let Some(uri) = params.text_at("uri") {
        return Some(uri);
    }
    let level = params.text_at("level")?;
    Some(
        params
            .text_at("logger")
            .map_or_else(|| level.clone(), |logger| format!("{logger} {level}")),
    )
}

fn told(counts: &BTreeMap<String, u64>) -> String {
    serde_json::to_string(counts).unwrap_or_default()
}
