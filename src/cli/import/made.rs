//! An exchange made of what another tool kept, and the records it stands for.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::capture::{
    End, ExchangeId, Fact, Gap, Head, Headers, Open, Outcome, Record, Side, Timestamp, Timing,
};

/// An exchange.
pub(super) struct Made {
    /// Its id, where the file has it.
    pub(super) id: Option<ExchangeId>,
    /// Its place in the file: tells exchanges of one millisecond apart, and orders them.
    pub(super) index: u32,
    pub(super) at: Timestamp,
    pub(super) open: Open,
    pub(super) notes: Vec<String>,
    pub(super) request: Body,
    pub(super) head: Option<(Timestamp, Head)>,
    pub(super) response: Body,
    /// When it was over, how, and why.
    pub(super) ended_at: Timestamp,
    pub(super) outcome: Outcome,
    pub(super) error: Option<String>,
    pub(super) timing: Timing,
    pub(super) upstream: Option<String>,
}

/// A body.
#[derive(Default)]
pub(super) struct Body {
    pub(super) chunks: Vec<(Timestamp, Bytes)>,
    /// Bytes that passed and are not in the file.
    pub(super) left_out: u64,
    /// What it took on the wire, where that is known and is not what the chunks hold.
    pub(super) wire_bytes: Option<u64>,
    pub(super) trailers: Headers,
    /// When it was seen to end well.
    pub(super) ended_at: Option<Timestamp>,
}

impl Body {
    /// One piece, whole.
    pub(super) fn whole(at: Timestamp, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let chunks = if bytes.is_empty() { Vec::new() } else { vec![(at, bytes)] };
        Self { chunks, ended_at: Some(at), ..Self::default() }
    }

    fn bytes(&self) -> u64 {
        let kept: u64 = self.chunks.iter().map(|(_, chunk)| chunk.len() as u64).sum();
        self.wire_bytes.unwrap_or(kept.saturating_add(self.left_out))
    }
}

impl Made {
    /// Its id: its own, or one that the same exchange of the same file always gets. It sorts by
    /// time, then by place in the file, as the ids of recorded exchanges do.
    pub(super) fn id(&self, format: &str) -> ExchangeId {
        if let Some(id) = self.id {
            return id;
        }
        let mut hasher = Sha256::new();
        let run = self.open.run.as_deref().unwrap_or_default();
        for part in [format, run, &self.open.method, &self.open.url] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.update(self.at.0.to_be_bytes());
        for (_, chunk) in &self.request.chunks {
            hasher.update(chunk);
        }
        let hash: [u8; 32] = hasher.finalize().into();
        let ms = u128::from(self.at.0 / 1_000_000);
        let index = u128::from(self.index);
        let noise = hash.iter().take(6).fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
        // UUIDv7 (RFC 9562): 48 bits of time, version, 12 bits, variant, 62 bits; of the free 74 the
        // first 32 are the place.
        let free = index << 42 | noise & ((1 << 42) - 1);
        let bits = ms << 80 | 0x7 << 76 | (free >> 62) << 64 | 0b10 << 62 | free & ((1 << 62) - 1);
        ExchangeId::from_bytes(bits.to_be_bytes())
    }

    /// Its records, their times ascending.
    pub(super) fn records(self, format: &str) -> Vec<Record> {
        let id = self.id(format);
        let mut list = List { id, records: Vec::new(), at: self.at };
        let (sent, received) = (self.request.bytes(), self.response.bytes());
        list.push(self.at, Fact::Open(Box::new(self.open)));
        for text in self.notes {
            list.push(self.at, Fact::Note { text });
        }
        list.body(Side::Request, self.request);
        if let Some((at, head)) = self.head {
            list.push(at, Fact::Head(Box::new(head)));
        }
        list.body(Side::Response, self.response);
        let end = End {
            outcome: self.outcome,
            error: self.error,
            timing: self.timing,
            upstream: self.upstream,
            request_bytes: sent,
            response_bytes: received,
            hashes: Vec::new(),
        };
        list.push(self.ended_at, Fact::End(Box::new(end)));
        list.records
    }
}

struct List {
    id: ExchangeId,
    records: Vec<Record>,
    at: Timestamp,
}

impl List {
    fn push(&mut self, at: Timestamp, fact: Fact) {
        self.at = self.at.max(at);
        // A file with more records of one exchange was too large to be read.
        let n = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.records.push(Record { exchange: Some(self.id), n, at: self.at, fact });
    }

    fn body(&mut self, side: Side, body: Body) {
        for (at, data) in body.chunks {
            self.push(at, Fact::Chunk { side, data, cut: 0 });
        }
        if body.left_out > 0 {
            let reason = "it is not in the imported file".to_owned();
            self.push(self.at, Fact::Gap(Gap { side: Some(side), bytes: body.left_out, reason }));
        }
        if let Some(at) = body.ended_at {
            self.push(at, Fact::BodyEnd { side, trailers: body.trailers });
        }
    }
}
