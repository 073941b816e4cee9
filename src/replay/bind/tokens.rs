//! Tokens looked for, all at once.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::token::is_bounded;

/// Tokens told of one text; the rest of the text is left as it is.
const SPANS_CAP: usize = 4_096;

/// A set of tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    /// None where there are none.
    automaton: Option<AhoCorasick>,
}

/// A token in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) range: Range<usize>,
    /// Which of the set.
    pub(super) token: usize,
}

impl Tokens {
    /// The places of the list are the tokens' numbers.
    pub(super) fn new<'t>(list: impl IntoIterator<Item = &'t str>) -> Self {
        let mut list = list.into_iter().peekable();
        let any = list.peek().is_some();
        // No room for an automaton: nothing is found, so that nothing is changed.
        Self { automaton: any.then(|| AhoCorasick::new(list).ok()).flatten() }
    }

    /// Where tokens that are wanted stand in a text: from the left, of those at one place the
    /// longest, none within another.
    pub(super) fn spans(&self, text: &str, wanted: impl Fn(usize) -> bool) -> Vec<Span> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let found = automaton
            .find_overlapping_iter(text)
            .map(|found| Span { range: found.range(), token: found.pattern().as_usize() });
        let found = found.filter(|span| is_bounded(text, &span.range) && wanted(span.token));
        let mut found: Vec<Span> = found.take(SPANS_CAP).collect();
        found.sort_by(|one, other| {
            one.range.start.cmp(&other.range.start).then(other.range.end.cmp(&one.range.end))
        });
        let mut done = 0;
        found.retain(|span| {
            let is_free = span.range.start >= done;
            if is_free {
                done = span.range.end;
            }
            is_free
        });
        found
    }
}
