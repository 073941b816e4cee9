//! Tells bodies that cannot mention the value without reading them: most of a recording.
//!
//! The longest run of ASCII letters and digits in the value stands in a body as it is, unless an
//! escape writes one of them, or the body is compressed. Where none of this is there, neither is
//! the value.

use aho_corasick::AhoCorasick;

use crate::capture::{Fact, Record, Side};

/// What may stand for a letter or digit of ASCII: JSON's and percent escapes.
const ESCAPES: [&str; 6] = ["\\u00", "%3", "%4", "%5", "%6", "%7"];

/// Looks for what a body that mentions the value must have.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    /// None where the value has no letter and no digit, or there is no room for the automaton.
    signs: Option<AhoCorasick>,
    longest: usize,
}

impl Sieve {
    pub(super) fn of(value: &str) -> Self {
        let runs = value.split(|c: char| !c.is_ascii_alphanumeric());
        let run = runs.max_by_key(|run| run.len()).unwrap_or_default();
        let signs = std::iter::once(run).chain(ESCAPES);
        let signs = if run.is_empty() { None } else { AhoCorasick::new(signs).ok() };
        Self { signs, longest: run.len().max(4) }
    }

    /// Whether a body among these records may mention the value.
    pub(super) fn lets_through(&self, records: &[Record]) -> bool {
        let Some(signs) = &self.signs else { return true };
        let is_coded = |record: &Record| match &record.fact {
            Fact::Open(open) => open.headers.get("content-encoding").is_some(),
            Fact::Head(head) => head.headers.get("content-encoding").is_some(),
            _ => false,
        };
        records.iter().any(is_coded)
            || [Side::Request, Side::Response].iter().any(|side| {
                let chunks = records.iter().filter_map(|record| match &record.fact {
                    Fact::Chunk { side: of, data, .. } if of == side => Some(data.as_ref()),
                    _ => None,
                });
                self.any(signs, chunks)
            })
    }

    /// Whether a sign stands in these pieces of one text, also over their edges.
    fn any<'a>(&self, signs: &AhoCorasick, pieces: impl Iterator<Item = &'a [u8]>) -> bool {
        let mut edge: Vec<u8> = Vec::new();
        for piece in pieces {
            let start = piece.get(..self.longest).unwrap_or(piece);
            edge.extend_from_slice(start);
            if signs.is_match(&edge) || signs.is_match(piece) {
                return true;
            }
            if start.len() < piece.len() {
                edge.clear();
                edge.extend_from_slice(
                    piece.get(piece.len().saturating_sub(self.longest)..).unwrap_or(piece),
                );
            } else {
                edge.drain(..edge.len().saturating_sub(self.longest));
            }
        }
        false
    }
}
