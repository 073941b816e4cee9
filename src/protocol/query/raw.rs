//! Whether a text can stand in an exchange at all, told from its bytes as they were recorded: a
//! long search is nearly all exchanges without the word, and these need not be read as JSON.

use memchr::memchr2_iter;

use super::{Query, pattern::Pattern, term::Term};
use crate::{
    capture::{Fact, Headers, Record, Side},
    protocol::{index, model::Summary},
};

impl Query {
    /// Some term is a text that is looked for in messages.
    #[must_use]
    pub fn asks_for_text(&self) -> bool {
        self.terms.iter().any(|clause| !clause.negated && matches!(clause.term, Term::Text(_)))
    }

    /// False only if a text that is asked for stands in no message of the exchange. These are all
    /// its records.
    #[must_use]
    pub fn may_be_said(&self, summary: &Summary, records: &[Record]) -> bool {
        self.terms.iter().all(|clause| match &clause.term {
            Term::Text(pattern) if !clause.negated => may_be_said(pattern, summary, records),
            // What is negated can hold of any message: it is left to `matches`.
            _ => true,
        })
    }
}

fn may_be_said(pattern: &Pattern, summary: &Summary, records: &[Record]) -> bool {
    // A method or a name may be spelled with escapes, or stand in another exchange.
    let named = summary.methods.iter().chain(&summary.names);
    if summary.outcome.is_none()
        || index::is_unlisted(summary)
        || named.into_iter().any(|text| pattern.is_in(text.as_bytes()))
    {
        return true;
    }
    // A message is a slice of its body, save that lines of one event are joined and what is no
    // UTF-8 is replaced: neither makes printable ASCII.
    let plain = |text: &&str| !text.is_empty() && text.bytes().all(|b| matches!(b, b' '..=b'~'));
    let Some(texts) = pattern.texts().filter(|texts| texts.iter().all(plain)) else { return true };
    [Side::Request, Side::Response].into_iter().any(|side| stands(&texts, records, side))
}

/// One of the texts may stand in this side's body.
fn stands(texts: &[&str], records: &[Record], side: Side) -> bool {
    let longest = texts.iter().map(|text| text.len()).max().unwrap_or_default();
    // The end of what came before: a text may be cut in two by pieces.
    let mut seam: Vec<u8> = Vec::new();
    for record in records {
        match (&record.fact, side) {
            (Fact::Open(open), Side::Request) if is_coded(&open.headers) => return true,
            (Fact::Head(head), Side::Response) if is_coded(&head.headers) => return true,
            (Fact::Chunk { side: of, data, .. }, _) if *of == side => {
                let start = data.get(..longest.min(data.len())).unwrap_or_default();
                seam.extend_from_slice(start);
                if texts.iter().any(|text| is_in(text, data) || is_in(text, &seam)) {
                    return true;
                }
                let rest = data.get(start.len()..).unwrap_or_default();
                let end = rest.get(rest.len().saturating_sub(longest)..).unwrap_or_default();
                seam.extend_from_slice(end);
                seam.drain(..seam.len().saturating_sub(longest));
            }
            _ => {}
        }
    }
    false
}

fn is_coded(headers: &Headers) -> bool {
    headers.get("content-encoding").is_some()
}

/// Whatever the case of ASCII letters, as [`Pattern::is_in`] has it.
fn is_in(text: &str, within: &[u8]) -> bool {
    let text = text.as_bytes();
    let Some(first) = text.first() else { return true };
    memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), within).any(|place| {
        let found = within.get(place..).and_then(|rest| rest.get(..text.len()));
        found.is_some_and(|found| found.eq_ignore_ascii_case(text))
    })
}

#[cfg(test)]
mod tests;
