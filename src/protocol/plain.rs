//! A body as it was before its content coding, and forms: what `reader` leaves aside because no
//! message can stand in it.

use super::encoding::Decoder;
use crate::capture::{Fact, Headers, Record, Side, Timestamp};

/// The longest form that is read, in bytes; a longer one is none of OAuth's and is not read as one.
const FORM_CAP: usize = 256 << 10;

/// The body of a form, `application/x-www-form-urlencoded`: how OAuth asks for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// When its last byte arrived.
    pub at: Timestamp,
    /// Its fields in the order of the wire, decoded.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The first value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// The form that a side's body is, by its type; none where it is something else, is longer than
/// is read, or has bytes missing.
pub(crate) fn form(records: &[Record], side: Side) -> Option<Form> {
    const FORM: &str = "application/x-www-form-urlencoded";
    if headers(records, side)?.media_type().as_deref() != Some(FORM) {
        return None;
    }
    let (mut body, mut last) = (Vec::new(), Timestamp::default());
    let whole = decoded(records, side, &mut |bytes, at| {
        body.extend_from_slice(bytes);
        last = at;
        body.len() <= FORM_CAP
    });
    // A form typed at a shell often ends with a line end, which is no part of its last value.
    let fields = url::form_urlencoded::parse(body.trim_ascii_end()).into_owned().collect();
    whole.then_some(Form { at: last, fields })
}

/// Gives out a side's body in pieces, its content coding undone, until `take` wants no more. False
/// where it did not come to its end: `take` had enough, bytes are missing, or the coding is broken.
pub(crate) fn decoded(
    records: &[Record],
    side: Side,
    take: &mut impl FnMut(&[u8], Timestamp) -> bool,
) -> bool {
    let coding = headers(records, side).and_then(|headers| headers.text("content-encoding"));
    let Ok(decoder) = coding.map(Decoder::new).transpose() else { return false };
    let mut decoder = decoder.filter(|decoder| !decoder.is_identity());
    let mut plain = Vec::new();
    for record in records {
        match &record.fact {
            Fact::Chunk { side: of, data, cut } if *of == side => {
                let bytes = match &mut decoder {
                    None => data.as_ref(),
                    Some(decoder) => {
                        plain.clear();
                        if decoder.push(data, &mut plain).is_err() {
                            return false;
                        }
                        plain.as_slice()
                    }
                };
                if !take(bytes, record.at) || *cut > 0 {
                    return false;
                }
            }
            // Uncoded bytes after a gap are text again.
            Fact::Gap(gap) if gap.side == Some(side) && decoder.is_some() => return false,
            _ => {}
        }
    }
    true
}

/// The head that says what a side's body is.
fn headers(records: &[Record], side: Side) -> Option<&Headers> {
    records.iter().find_map(|record| match (&record.fact, side) {
        (Fact::Open(open), Side::Request) => Some(&open.headers),
        (Fact::Head(head), Side::Response) => Some(&head.headers),
        _ => None,
    })
}
