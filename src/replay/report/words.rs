//! What changed in a text, word by word.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Longer texts are not taken apart: both are given whole.
const LONGEST: usize = 64 << 10;

/// After that the rest is given as replaced.
const PATIENCE: Duration = Duration::from_millis(200);

/// A run of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// In both.
    Same(String),
    /// Only in the first.
    Gone(String),
    /// Only in the second.
    New(String),
}

/// The parts of two texts, in order.
#[must_use]
pub fn words(first: &str, second: &str) -> Vec<Part> {
    if first.len().max(second.len()) > LONGEST {
        return vec![Part::Gone(first.to_owned()), Part::New(second.to_owned())];
    }
    let diff = TextDiff::configure().timeout(PATIENCE).diff_unicode_words(first, second);
    let mut parts: Vec<Part> = Vec::new();
    for change in diff.iter_all_changes() {
        let text = change.value();
        match (change.tag(), parts.last_mut()) {
            (ChangeTag::Equal, Some(Part::Same(last)))
            | (ChangeTag::Delete, Some(Part::Gone(last)))
            | (ChangeTag::Insert, Some(Part::New(last))) => last.push_str(text),
            (ChangeTag::Equal, _) => parts.push(Part::Same(text.to_owned())),
            (ChangeTag::Delete, _) => parts.push(Part::Gone(text.to_owned())),
            (ChangeTag::Insert, _) => parts.push(Part::New(text.to_owned())),
        }
    }
    parts
}
