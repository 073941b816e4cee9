//! One exchange without its secrets.
//!
//! Every text of it goes through the [`Redactor`]: URL, header values, trailers, 1xx, rewrites,
//! notes, errors, bodies. Numbers, times and lengths stay those of the wire: `end` keeps the true
//! body lengths and gets the true SHA-256 of a body that was changed. A rewrite's offset is that in
//! the true body.
//!
//! A compressed body in which something was replaced is kept decoded, chunk by chunk, and its
//! `Content-Encoding` header is renamed to [`WAS_ENCODED`], so that what reads the tape takes the
//! bytes for what they are and a person still sees how they came.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::body::{self, Redacted};
use crate::capture::{
    BodyHash, End, Fact, Headers, Record, Side, hex,
    redact::{Leg, Mark, Redactor},
};

/// The name on a tape of the `Content-Encoding` of a body that the tape has decoded.
pub(in crate::cli) const WAS_ENCODED: &str = "x-wiretape-was-content-encoding";

/// What a user's rules say of a decoded body.
pub(super) type Marks<'m> = dyn Fn(Side, &[u8]) -> Vec<Mark> + 'm;

/// No rules.
pub(super) fn unmarked(_: Side, _: &[u8]) -> Vec<Mark> {
    Vec::new()
}

/// The same without rules of the user.
pub(in crate::cli) fn redact_plainly(records: &[Record], redactor: &mut Redactor) -> Vec<Record> {
    redact(records, redactor, &unmarked)
}

/// All records of one exchange, or notices, redacted; each keeps its number and time.
pub(super) fn redact(
    records: &[Record],
    redactor: &mut Redactor,
    marks: &Marks<'_>,
) -> Vec<Record> {
    let mut request = Headers::default();
    let mut response = Headers::default();
    let mut url = "";
    for record in records {
        match &record.fact {
            Fact::Open(open) => {
                request.clone_from(&open.headers);
                url = &open.url;
            }
            Fact::Head(head) => response.clone_from(&head.headers),
            _ => {}
        }
    }
    let leg = Leg::of(url, request.media_type().as_deref());
    // Heads come first, so that placeholders are numbered in the order of reading.
    let mut redacted: Vec<Record> = records
        .iter()
        .map(|record| Record { fact: redactor.fact(&record.fact, leg), ..record.clone() })
        .collect();
    for (side, headers) in [(Side::Request, &request), (Side::Response, &response)] {
        let outcome = body::redact(records, side, headers, leg, redactor, marks);
        apply(outcome, side, records, &mut redacted);
    }
    redacted
}

fn apply(outcome: Redacted, side: Side, records: &[Record], redacted: &mut [Record]) {
    let (decoded, pieces) = match outcome {
        Redacted::Unchanged => return,
        Redacted::LeftOut => (false, None),
        Redacted::Changed { pieces, decoded } => (decoded, Some(pieces)),
    };
    let mut pieces = pieces.map(Vec::into_iter);
    let hash = true_hash(records, side);
    for record in redacted {
        match &mut record.fact {
            Fact::Chunk { side: of, data, cut } if *of == side => {
                if let Some(pieces) = &mut pieces {
                    *data = pieces.next().unwrap_or_default();
                } else {
                    *cut += data.len() as u64;
                    *data = Bytes::new();
                }
            }
            Fact::Open(open) if decoded && side == Side::Request => rename(&mut open.headers),
            Fact::Head(head) if decoded && side == Side::Response => rename(&mut head.headers),
            Fact::End(end) => tell(end, side, hash.as_deref()),
            _ => {}
        }
    }
}

pub(in crate::cli) fn rename(headers: &mut Headers) {
    for (name, _) in &mut headers.0 {
        if name.eq_ignore_ascii_case("content-encoding") {
            WAS_ENCODED.clone_into(name);
        }
    }
}

fn tell(end: &mut End, side: Side, sha256: Option<&str>) {
    if end.hashes.iter().all(|hash| hash.side != side) {
        end.hashes.extend(sha256.map(|hash| BodyHash { side, sha256: hash.to_owned() }));
    }
}

/// SHA-256 of a body that is recorded whole; where it is not, `end` has it.
fn true_hash(records: &[Record], side: Side) -> Option<String> {
    let mut hasher = Sha256::new();
    for record in records {
        match &record.fact {
            Fact::Chunk { side: of, data, cut } if *of == side => {
                if *cut > 0 {
                    return None;
                }
                hasher.update(data);
            }
            Fact::Gap(gap) if gap.side.is_none_or(|of| of == side) => return None,
            _ => {}
        }
    }
    Some(hex(&hasher.finalize()))
}
