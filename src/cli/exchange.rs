//! One exchange put together from its records, for showing: heads, bodies, end.

use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    capture::{
        End, ExchangeId, Fact, Head, Headers, Informational, Open, Record, Rewrite, Side,
        Timestamp, hex,
    },
    protocol::encoding::Decoder,
};

/// What the records of one exchange say.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) id: ExchangeId,
    pub(crate) started_at: Timestamp,
    pub(crate) open: &'a Open,
    pub(crate) informational: Vec<&'a Informational>,
    pub(crate) head: Option<&'a Head>,
    pub(crate) rewrites: Vec<&'a Rewrite>,
    pub(crate) notes: Vec<&'a str>,
    pub(crate) request: Body,
    pub(crate) response: Body,
    pub(crate) end: Option<&'a End>,
}

impl<'a> Exchange<'a> {
    /// From all records of an exchange; none where its opening is missing.
    pub(crate) fn of(records: &'a [Record]) -> Option<Self> {
        let opening = records.iter().find_map(|record| match (&record.fact, record.exchange) {
            (Fact::Open(open), Some(id)) => Some((id, record.at, &**open)),
            _ => None,
        });
        let (id, started_at, open) = opening?;
        let mut exchange = Self {
            id,
            started_at,
            open,
            informational: Vec::new(),
            head: None,
            rewrites: Vec::new(),
            notes: Vec::new(),
            request: Body::default(),
            response: Body::default(),
            end: None,
        };
        for record in records {
            exchange.take(&record.fact);
        }
        exchange.measure();
        Some(exchange)
    }

    fn take(&mut self, fact: &'a Fact) {
        match fact {
            Fact::Chunk { side, data, cut } => {
                let body = self.body_mut(*side);
                body.chunks.push(data.clone());
                body.bytes = body.bytes.saturating_add(data.len() as u64);
                body.gap(*cut);
            }
            Fact::Gap(gap) => {
                if let Some(side) = gap.side {
                    self.body_mut(side).gap(gap.bytes);
                }
            }
            Fact::BodyEnd { side, trailers } => {
                let body = self.body_mut(*side);
                body.ended = true;
                body.trailers.clone_from(trailers);
            }
            Fact::Informational(answer) => self.informational.push(answer),
            Fact::Head(head) => self.head = Some(head),
            Fact::Rewrite(rewrite) => self.rewrites.push(rewrite),
            Fact::Note { text } => self.notes.push(text),
            Fact::End(end) => self.end = Some(end),
            _ => {}
        }
    }

    fn body_mut(&mut self, side: Side) -> &mut Body {
        match side {
            Side::Request => &mut self.request,
            Side::Response => &mut self.response,
        }
    }

    /// The end knows true lengths, and the hashes of bodies that are not kept whole.
    fn measure(&mut self) {
        let end = self.end;
        for side in [Side::Request, Side::Response] {
            let body = self.body_mut(side);
            if let Some(end) = end {
                body.bytes = match side {
                    Side::Request => end.request_bytes,
                    Side::Response => end.response_bytes,
                };
            }
            let told = end.and_then(|end| end.hashes.iter().find(|hash| hash.side == side));
            body.told_hash = told.map(|hash| hash.sha256.clone());
            body.is_seen = body.gaps.is_empty() && (body.ended || end.is_some());
        }
    }
}

/// A body as it is kept.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// The pieces, as on the wire.
    pub(crate) chunks: Vec<Bytes>,
    /// Its true length on the wire.
    pub(crate) bytes: u64,
    /// What is not kept of it, ascending.
    pub(crate) gaps: Vec<Gap>,
    /// Trailers, often none.
    pub(crate) trailers: Headers,
    ended: bool,
    told_hash: Option<String>,
    is_seen: bool,
}

/// Bytes of a body that are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Gap {
    /// Where in the true body.
    pub(crate) offset: u64,
    /// How many.
    pub(crate) bytes: u64,
}

impl Body {
    /// Its hash, where all of it was seen; it is counted when it is asked for.
    pub(crate) fn sha256(&self) -> Option<String> {
        self.told_hash.clone().or_else(|| self.is_seen.then(|| self.hash()))
    }

    /// How many of its bytes are kept.
    pub(crate) fn kept_bytes(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }

    /// How many of its bytes passed and are not kept. A redacted body is whole, whatever its length.
    pub(crate) fn left_out(&self) -> u64 {
        self.gaps.iter().fold(0, |sum, gap| sum.saturating_add(gap.bytes))
    }

    /// Its bytes without content coding, at most `cap` of them; and whether that is all of it.
    /// What cannot be decoded is given as it is on the wire.
    pub(crate) fn decoded(&self, encoding: Option<&str>, cap: usize) -> (Vec<u8>, bool) {
        let wire =
            || self.chunks.iter().flat_map(|chunk| chunk.iter().copied()).take(cap).collect();
        let Some(mut decoder) = Decoder::new(encoding.unwrap_or("")).ok() else {
            return (wire(), false);
        };
        // Most are not encoded.
        let kept = usize::try_from(self.kept_bytes()).unwrap_or(cap).min(cap);
        let mut plain = Vec::with_capacity(kept);
        for chunk in &self.chunks {
            if decoder.push(chunk, &mut plain).is_err() {
                let partial = !plain.is_empty();
                return (if partial { plain } else { wire() }, false);
            }
            if plain.len() > cap {
                plain.truncate(cap);
                return (plain, false);
            }
        }
        (plain, self.gaps.is_empty())
    }

    fn gap(&mut self, bytes: u64) {
        if bytes > 0 {
            self.gaps.push(Gap { offset: self.bytes, bytes });
            self.bytes = self.bytes.saturating_add(bytes);
        }
    }

    fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for chunk in &self.chunks {
            hasher.update(chunk);
        }
        hex(&hasher.finalize())
    }
}
