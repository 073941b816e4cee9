//! A text within a body, looked for in parts of a few milliseconds between keys.

use std::ops::Range;

use aho_corasick::AhoCorasick;
use bytes::Bytes;

/// Bytes that are looked through at once: a millisecond or two.
const PART: usize = 1 << 20;

/// Longer texts are not looked for.
const NEEDLE: usize = 1_024;

/// What is looked for, and how far that has come.
#[derive(Clone, Debug)]
pub(super) struct Search {
    finder: AhoCorasick,
    longest: usize,
    bytes: Bytes,
    /// Where it began; it is over when it is here again.
    from: usize,
    /// Bytes looked through.
    pub(super) done: usize,
    back: bool,
}

/// What a part brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A hit; whether the other end was passed on the way to it.
    Hit(Range<usize>, bool),
    /// There is none.
    Nothing,
    /// There is more to look through.
    More,
}

/// A finder for a text as it is typed and as JSON would spell it; case is ignored where it has no
/// capital.
pub(super) fn finder(needle: &str) -> Option<AhoCorasick> {
    if needle.is_empty() || needle.len() > NEEDLE {
        return None;
    }
    let spelled = serde_json::to_string(needle).ok()?;
    let spelled = spelled.trim_matches('"').to_owned();
    let escaped: String = needle
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let any_case = !needle.chars().any(char::is_uppercase);
    AhoCorasick::builder()
        .ascii_case_insensitive(any_case)
        .build([needle.to_owned(), spelled, escaped])
        .ok()
}

impl Search {
    /// Looks through these bytes: on from a place, which itself counts only where `here`.
    pub(super) fn new(
        finder: AhoCorasick,
        bytes: Bytes,
        place: usize,
        here: bool,
        back: bool,
    ) -> Self {
        let longest = finder.max_pattern_len();
        let from = (place + usize::from(!here && !back)).min(bytes.len());
        Self { finder, longest, bytes, from, done: 0, back }
    }

    pub(super) fn of(&self) -> usize {
        self.bytes.len()
    }

    /// Looks through one part.
    pub(super) fn step(&mut self) -> Found {
        let len = self.bytes.len();
        if self.done >= len {
            return Found::Nothing;
        }
        let size = PART.min(len - self.done);
        let found = if self.back { self.part_back(size) } else { self.part(size) };
        self.done += size;
        match found {
            Some((hit, turned)) => Found::Hit(hit, turned),
            None if self.done >= len => Found::Nothing,
            None => Found::More,
        }
    }

    /// From the place on, then from the beginning up to it. A hit counts by where it begins.
    fn part(&self, size: usize) -> Option<(Range<usize>, bool)> {
        let len = self.bytes.len();
        let begin = (self.from + self.done) % len.max(1);
        let turned = self.from + self.done >= len;
        let first = begin..(begin + size).min(len);
        let rest = size - first.len();
        self.first_in(first)
            .map(|hit| (hit, turned))
            .or_else(|| Some((self.first_in(0..rest)?, true)))
    }

    fn first_in(&self, part: Range<usize>) -> Option<Range<usize>> {
        let end = (part.end + self.longest.saturating_sub(1)).min(self.bytes.len());
        let hit = self.finder.find(self.bytes.get(part.start..end)?)?;
        let hit = hit.start() + part.start..hit.end() + part.start;
        (hit.start < part.end).then_some(hit)
    }

    /// The same the other way round.
    fn part_back(&self, size: usize) -> Option<(Range<usize>, bool)> {
        let len = self.bytes.len();
        let before_turn = self.from.saturating_sub(self.done).min(size);
        let end = self.from.saturating_sub(self.done);
        let rest = size - before_turn;
        // Behind the turn: what was looked through since then lies above.
        let upper = len - self.done.saturating_sub(self.from);
        self.last_in(end - before_turn..end)
            .map(|hit| (hit, false))
            .or_else(|| Some((self.last_in(upper.saturating_sub(rest)..upper)?, true)))
    }

    fn last_in(&self, part: Range<usize>) -> Option<Range<usize>> {
        let end = (part.end + self.longest.saturating_sub(1)).min(self.bytes.len());
        let looked = self.bytes.get(part.start..end)?;
        let hits = self.finder.find_iter(looked);
        let hit = hits.take_while(|hit| hit.start() + part.start < part.end).last()?;
        Some(hit.start() + part.start..hit.end() + part.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str, needle: &str, place: usize, back: bool) -> Found {
        let finder = finder(needle).unwrap();
        let mut search =
            Search::new(finder, Bytes::copy_from_slice(text.as_bytes()), place, false, back);
        loop {
            match search.step() {
                Found::More => {}
                found => return found,
            }
        }
    }

    #[test]
    fn hits_are_gone_through_in_both_ways_and_around() {
        let text = "a needle, a Needle, no more";
        assert_eq!(look(text, "needle", 0, false), Found::Hit(2..8, false));
        assert_eq!(look(text, "needle", 2, false), Found::Hit(12..18, false));
        assert_eq!(look(text, "needle", 12, false), Found::Hit(2..8, true));
        assert_eq!(look(text, "Needle", 0, false), Found::Hit(12..18, false));
        assert_eq!(look(text, "needle", 12, true), Found::Hit(2..8, false));
        assert_eq!(look(text, "needle", 2, true), Found::Hit(12..18, true));
        assert_eq!(look(text, "nothing", 2, true), Found::Nothing);
        assert_eq!(look(r#"{"a":"m\u00fcnchen"}"#, "münchen", 0, false), Found::Hit(6..18, false));
    }

    #[test]
    fn a_hit_on_the_edge_of_a_part_is_found() {
        let text = format!("{}needle{}", "x".repeat(PART - 3), "y".repeat(PART));
        let hit = PART - 3..PART + 3;
        assert_eq!(look(&text, "needle", 0, false), Found::Hit(hit.clone(), false));
        assert_eq!(look(&text, "needle", text.len(), true), Found::Hit(hit, false));
    }
}
