//! Where the fresh value stands in a live text: by what stands before and after the recorded one.

use std::ops::Range;

use memchr::memmem;

/// How much of the text beside a value is looked for at first; then ever less of it.
const CONTEXTS: [usize; 6] = [48, 24, 12, 6, 3, 1];

/// The live value of the `nth` of these places of the recorded text; they do not overlap and are
/// in order.
pub(super) fn locate(
    recorded: &str,
    places: &[Range<usize>],
    nth: usize,
    live: &str,
) -> Option<Range<usize>> {
    let place = places.get(nth)?;
    let from = nth.checked_sub(1).and_then(|before| places.get(before)).map_or(0, |p| p.end);
    let to = places.get(nth + 1).map_or(recorded.len(), |next| next.start);
    let before = recorded.get(from..place.start)?;
    let after = recorded.get(place.end..to)?;
    let is_first = from == 0;
    let is_last = to == recorded.len();
    let start = if is_first && live.starts_with(before) {
        before.len()
    } else {
        start(recorded, place.start, before, live)?
    };
    let rest = live.get(start..)?;
    let length = match rest.strip_suffix(after) {
        Some(value) if is_last && !after.is_empty() && !value.contains(after) => value.len(),
        _ => end(before, after, rest)?,
    };
    (length > 0).then_some(start..start + length)
}

/// Behind what stands before the value, as often as it has come before.
fn start(recorded: &str, place: usize, before: &str, live: &str) -> Option<usize> {
    CONTEXTS.into_iter().find_map(|length| {
        let context = tail(before, length).filter(|context| !context.is_empty())?;
        let searched = memmem::Finder::new(context);
        let earlier = recorded.get(..place - context.len())?;
        let nth = searched.find_iter(earlier.as_bytes()).count();
        let mut found = searched.find_iter(live.as_bytes());
        found.nth(nth).map(|at| at + context.len())
    })
}

/// Before what stands after the value.
fn end(before: &str, after: &str, rest: &str) -> Option<usize> {
    if after.is_empty() {
        let ends = |c: char| c.is_whitespace() || before.ends_with('=') && "&#".contains(c);
        return Some(rest.find(ends).unwrap_or(rest.len()));
    }
    CONTEXTS.into_iter().find_map(|length| {
        let context = head(after, length);
        memmem::find(rest.as_bytes(), context.as_bytes()).filter(|length| *length > 0)
    })
}

/// The last characters of a text, no more than so many bytes.
fn tail(text: &str, length: usize) -> Option<&str> {
    let mut start = text.len().saturating_sub(length);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..)
}

/// The first ones.
fn head(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    text.get(..end).unwrap_or(text)
}
