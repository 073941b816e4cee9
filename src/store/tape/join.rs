//! Which chunks share a line (design.md, Tape format): those of a plain body that follow on one
//! another. What is streamed keeps one record a chunk.
//!
//! The choice rests on the records alone, so that a tape that was imported is exported the same.

use std::mem;

use crate::capture::{ExchangeId, Fact, Headers, Record, Side};

/// Joined bodies are not longer than this, save for single chunks that are.
const MAX_JOINED_BYTES: usize = 1 << 20;

/// Groups the records of one exchange after the other, each ascending by `n`.
#[derive(Default)]
pub(super) struct Joiner {
    exchange: Option<ExchangeId>,
    request_streams: bool,
    response_streams: bool,
    group: Vec<Record>,
    bytes: usize,
}

impl Joiner {
    /// Takes a record; gives the group that ended before it, if one did.
    pub(super) fn push(&mut self, record: Record) -> Option<Vec<Record>> {
        if record.exchange != self.exchange {
            self.exchange = record.exchange;
            self.request_streams = false;
            self.response_streams = false;
        }
        match &record.fact {
            Fact::Open(open) => self.request_streams = is_stream(&open.headers),
            Fact::Head(head) => self.response_streams = is_stream(&head.headers),
            _ => {}
        }
        let length = if let Fact::Chunk { data, .. } = &record.fact { data.len() } else { 0 };
        if self.joins(&record, length) {
            self.bytes += length;
            self.group.push(record);
            return None;
        }
        self.bytes = length;
        Some(mem::replace(&mut self.group, vec![record])).filter(|group| !group.is_empty())
    }

    /// The group that nothing follows.
    pub(super) fn finish(&mut self) -> Option<Vec<Record>> {
        Some(mem::take(&mut self.group)).filter(|group| !group.is_empty())
    }

    fn joins(&self, record: &Record, length: usize) -> bool {
        let Some(last) = self.group.last() else { return false };
        let (Fact::Chunk { side, .. }, Fact::Chunk { side: last_side, cut: 0, .. }) =
            (&record.fact, &last.fact)
        else {
            return false;
        };
        let streams = match side {
            Side::Request => self.request_streams,
            Side::Response => self.response_streams,
        };
        !streams
            && side == last_side
            && record.exchange.is_some()
            && record.exchange == last.exchange
            && last.n.checked_add(1) == Some(record.n)
            && self.bytes + length <= MAX_JOINED_BYTES
    }
}

fn is_stream(headers: &Headers) -> bool {
    headers.media_type().is_some_and(|media| {
        matches!(
            media.as_str(),
            "text/event-stream" | "application/x-ndjson" | "application/ndjson"
        )
    })
}
