//! One body without its secrets: put together over its chunks, decoded, searched, and cut again
//! where it was cut.

use bytes::Bytes;

use super::exchange::Marks;
use crate::{
    capture::{
        Fact, Headers, Record, Side,
        redact::{Leg, Redactor, Replacement},
    },
    protocol::encoding::Decoder,
};

/// A decoded body above this is not searched but left out, as length and hash: a secret may stand
/// across any cut, so it would have to be held whole. `--reveal` exports bodies of any size.
const LONGEST_SEARCHED: usize = 64 << 20;

/// What became of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redacted {
    /// Nothing in it is secret: it stays as it was, compressed or not.
    Unchanged,
    /// Its chunks' new bytes, one for each, some perhaps empty.
    Changed {
        /// One for each chunk.
        pieces: Vec<Bytes>,
        /// They are decoded, and the wire's were not.
        decoded: bool,
    },
    /// It cannot be searched: its coding cannot be undone, it is too long or has too many escapes.
    LeftOut,
}

/// Redacts the body of one side.
pub(super) fn redact(
    records: &[Record],
    side: Side,
    headers: &Headers,
    leg: Leg,
    redactor: &mut Redactor,
    marks: &Marks<'_>,
) -> Redacted {
    let Some(plain) = Plain::of(records, side, headers) else { return Redacted::LeftOut };
    let media = headers.media_type();
    let marks = marks(side, &plain.text);
    let places = redactor.replacements(media.as_deref(), leg, &plain.text, &marks);
    let Some(places) = places else { return Redacted::LeftOut };
    let same =
        |place: &Replacement| plain.text.get(place.range.clone()) == Some(place.text.as_bytes());
    if places.iter().all(same) {
        return Redacted::Unchanged;
    }
    Redacted::Changed { pieces: cut(&plain.text, &plain.ends, &places), decoded: plain.decoded }
}

/// The chunks' new bytes where other texts stand in a body's places, and whether they are decoded
/// now and the wire's were not. None where one does not stand in it.
pub(in crate::cli) fn with(
    records: &[Record],
    side: Side,
    headers: &Headers,
    values: &[(&str, String)],
) -> Option<(Vec<Bytes>, bool)> {
    let plain = Plain::of(records, side, headers)?;
    let mut places = Vec::new();
    for (old, new) in values {
        let start = memchr::memmem::find(&plain.text, old.as_bytes())?;
        let range = start..start + old.len();
        places.push(Replacement { range, text: new.clone() });
    }
    places.sort_by_key(|place| place.range.start);
    Some((cut(&plain.text, &plain.ends, &places), plain.decoded))
}

/// A decoded body and where each of its chunks ends in it.
struct Plain {
    text: Vec<u8>,
    ends: Vec<usize>,
    decoded: bool,
}

impl Plain {
    /// None where it cannot be searched.
    fn of(records: &[Record], side: Side, headers: &Headers) -> Option<Self> {
        let mut decoder = Decoder::new(headers.text("content-encoding").unwrap_or("")).ok();
        let encoded = decoder.as_ref().is_none_or(|decoder| !decoder.is_identity());
        let mut text = Vec::new();
        let mut ends = Vec::new();
        for record in records {
            match &record.fact {
                Fact::Chunk { side: of, data, .. } if *of == side => {
                    if !data.is_empty() {
                        decoder.as_mut()?.push(data, &mut text).ok()?;
                    }
                    ends.push(text.len());
                }
                // What follows missing bytes cannot be decoded.
                Fact::Gap(gap) if encoded && gap.side == Some(side) => decoder = None,
                _ => {}
            }
            if text.len() > LONGEST_SEARCHED {
                return None;
            }
        }
        Some(Self { text, ends, decoded: encoded })
    }
}

/// The new bytes of each chunk. A placeholder stands whole in the chunk where its secret began.
fn cut(text: &[u8], ends: &[usize], places: &[Replacement]) -> Vec<Bytes> {
    let mut places = places.iter().peekable();
    let mut at = 0;
    let mut pieces = Vec::with_capacity(ends.len());
    for &end in ends {
        let mut piece = Vec::new();
        while let Some(place) = places.next_if(|place| place.range.start < end) {
            piece.extend_from_slice(text.get(at..place.range.start).unwrap_or_default());
            piece.extend_from_slice(place.text.as_bytes());
            at = place.range.end;
        }
        // A secret that goes on in the next chunk has taken this one's end along.
        piece.extend_from_slice(text.get(at..end).unwrap_or_default());
        at = at.max(end);
        pieces.push(Bytes::from(piece));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_placeholder_stands_where_its_secret_began() {
        let place = |start: usize, end: usize| Replacement { range: start..end, text: "X".into() };
        let cut = |ends: &[usize], places: &[Replacement]| -> Vec<String> {
            let pieces = cut(b"0123456789", ends, places);
            pieces.iter().map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
        };
        assert_eq!(cut(&[4, 10], &[place(2, 6)]), ["01X", "6789"]);
        assert_eq!(cut(&[4, 5, 10], &[place(2, 6)]), ["01X", "", "6789"]);
        assert_eq!(cut(&[4, 10], &[place(4, 6)]), ["0123", "X6789"]);
        assert_eq!(cut(&[2, 10], &[place(0, 1), place(1, 3), place(9, 10)]), ["XX", "345678X"]);
    }

    proptest! {
        #[test]
        fn cutting_loses_nothing(mut ends in prop::collection::vec(0_usize..=40, 0..6),
                                 mut points in prop::collection::vec(0_usize..=40, 0..8)) {
            let text: Vec<u8> = (0..40).collect();
            ends.push(40);
            ends.sort_unstable();
            points.sort_unstable();
            points.dedup();
            let places: Vec<_> = points
                .chunks_exact(2)
                .map(|pair| Replacement { range: pair[0]..pair[1], text: "placeholder".into() })
                .collect();
            let pieces = cut(&text, &ends, &places);
            prop_assert_eq!(pieces.len(), ends.len());
            let mut whole = Vec::new();
            let mut at = 0;
            for place in &places {
                whole.extend_from_slice(&text[at..place.range.start]);
                whole.extend_from_slice(place.text.as_bytes());
                at = place.range.end;
            }
            whole.extend_from_slice(&text[at..]);
            prop_assert_eq!(pieces.concat(), whole);
        }
    }
}
