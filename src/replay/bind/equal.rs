//! Placeholders of a redacted tape held against what a live server says: one equals any text, and
//! the same text wherever it stands again.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::tokens::Span;

/// Placeholders of which is remembered what they stood for. Those beyond equal any text each time.
const REMEMBERED_CAP: usize = 1 << 16;

/// What placeholders were equal to so far.
#[derive(Debug, Default)]
pub(super) struct Equal {
    texts: Mutex<BTreeMap<usize, String>>,
}

impl Clone for Equal {
    fn clone(&self) -> Self {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        Self { texts: Mutex::new(texts.clone()) }
    }
}

impl Equal {
    /// Whether the live text is the recorded one, in which placeholders stand at these places.
    pub(super) fn holds(&self, recorded: &str, spans: &[Span], live: &str) -> bool {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = captured(recorded, spans, live, &texts) else { return false };
        for (placeholder, text) in found {
            if texts.len() < REMEMBERED_CAP {
                texts.entry(placeholder).or_insert(text);
            }
        }
        true
    }
}

/// What each placeholder stands for in the live text; none where that is another text.
fn captured(
    recorded: &str,
    spans: &[Span],
    live: &str,
    known: &BTreeMap<usize, String>,
) -> Option<Vec<(usize, String)>> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut rest, mut done) = (live, 0);
    for (nth, span) in spans.iter().enumerate() {
        rest = rest.strip_prefix(recorded.get(done..span.range.start)?)?;
        done = span.range.end;
        let here = found.iter().find(|(placeholder, _)| *placeholder == span.token);
        if let Some(text) = here.map(|(_, text)| text).or_else(|| known.get(&span.token)) {
            rest = rest.strip_prefix(text.as_str())?;
            continue;
        }
        let next = spans.get(nth + 1).map_or(recorded.len(), |next| next.range.start);
        let after = recorded.get(done..next)?;
        let is_last = nth + 1 == spans.len();
        let length = match (is_last, after.is_empty()) {
            (true, _) => rest.len().checked_sub(after.len())?,
            (false, false) => rest.find(after)?,
            // Two in a row: nobody can say where the first one ends.
            (false, true) => return Some(found),
        };
        let (text, behind) = rest.split_at_checked(length)?;
        found.push((span.token, text.to_owned()));
        rest = behind;
    }
    (rest == recorded.get(done..)?).then_some(found)
}
