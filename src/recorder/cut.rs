//! `--max-body`: what of one body is recorded, with its true hash where something was left out
//! (design.md, The full queue). Pure.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::capture::{BodyHash, Side, hex};

/// One exchange's two bodies under a cap.
#[derive(Debug)]
pub(super) struct Cutter {
    max: u64,
    bodies: [Body; 2],
}

#[derive(Debug, Default)]
struct Body {
    seen: u64,
    /// Left out and not told yet.
    untold: u64,
    was_cut: bool,
    hash: Sha256,
}

impl Cutter {
    /// Records at most `max` bytes of each body.
    pub(super) fn new(max: u64) -> Self {
        Self { max, bodies: [Body::default(), Body::default()] }
    }

    /// What is recorded of a chunk; none for nothing.
    pub(super) fn chunk(&mut self, side: Side, data: &Bytes) -> Option<Bytes> {
        let max = self.max;
        let body = self.body(side);
        body.hash.update(data);
        let len = data.len() as u64;
        let room = max.saturating_sub(body.seen).min(len);
        body.seen += len;
        if room == len {
            return Some(data.clone());
        }
        body.was_cut = true;
        body.untold += len - room;
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        // A copy: a slice would keep the whole frame in memory.
        (room > 0).then(|| Bytes::copy_from_slice(data.get(..room).unwrap_or(data)))
    }

    /// How many bytes were left out since this was last asked; 0 for none.
    pub(super) fn take_cut(&mut self, side: Side) -> u64 {
        std::mem::take(&mut self.body(side).untold)
    }

    /// The hashes of the bodies that were cut.
    pub(super) fn hashes(self) -> Vec<BodyHash> {
        let [request, response] = self.bodies;
        [(Side::Request, request), (Side::Response, response)]
            .into_iter()
            .filter(|(_, body)| body.was_cut)
            .map(|(side, body)| BodyHash { side, sha256: hex(&body.hash.finalize()) })
            .collect()
    }

    fn body(&mut self, side: Side) -> &mut Body {
        let [request, response] = &mut self.bodies;
        match side {
            Side::Request => request,
            Side::Response => response,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_body_keeps_its_start_true_length_and_hash() {
        let mut cutter = Cutter::new(5);
        assert_eq!(cutter.chunk(Side::Response, &Bytes::from_static(b"abc")).unwrap(), "abc");
        assert_eq!(cutter.take_cut(Side::Response), 0);
        assert_eq!(cutter.chunk(Side::Response, &Bytes::from_static(b"defg")).unwrap(), "de");
        assert_eq!(cutter.chunk(Side::Response, &Bytes::from_static(b"hi")), None);
        assert_eq!(cutter.take_cut(Side::Response), 4);
        assert_eq!(cutter.take_cut(Side::Response), 0);
        cutter.chunk(Side::Request, &Bytes::from_static(b"12345"));
        let hashes = cutter.hashes();
        assert_eq!(hashes.len(), 1, "only the body that was cut");
        assert_eq!(hashes[0].side, Side::Response);
        assert_eq!(hashes[0].sha256, hex(&Sha256::digest(b"abcdefghi")));
    }
}
