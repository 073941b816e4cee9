//! The exchanges that are going on: their numbering, what `--max-body` leaves out of them, and what
//! the writer has to remember of each until its end.

use std::sync::Arc;

use crate::{
    capture::{End, ExchangeId, Fact, Outcome, Record, Side, Timestamp, Timing},
    tap::{Item, Label},
};

use super::{
    cut::Cutter,
    ids::IdMap,
    redaction::{AtCapture, Redaction},
};

/// The exchanges that have not ended. It is as large as the traffic has connections.
#[derive(Debug, Default)]
pub(super) struct OpenTable {
    exchanges: IdMap<OpenExchange>,
    max_body: Option<u64>,
    at_capture: Option<AtCapture>,
}

/// One exchange that has not ended.
#[derive(Debug)]
pub(super) struct OpenExchange {
    /// Written as it comes; otherwise it waits in the ring.
    pub(super) kept: bool,
    /// Whose traffic it is.
    pub(super) label: Arc<Label>,
    /// Its response is a stream, which is synced at its end.
    pub(super) streaming: bool,
    next_n: u32,
    started_at: Timestamp,
    bytes: [u64; 2],
    cutter: Option<Box<Cutter>>,
    redaction: Option<Box<Redaction>>,
}

impl OpenTable {
    pub(super) fn new(max_body: Option<u64>, redact: bool) -> Self {
        let at_capture = redact.then(AtCapture::new);
        Self { exchanges: IdMap::default(), max_body, at_capture }
    }

    /// What is no exchange, as it may be recorded.
    pub(super) fn notice(&self, record: Record) -> Record {
        match &self.at_capture {
            Some(redactor) => redactor.notice(&record),
            None => record,
        }
    }

    pub(super) fn open(&mut self, id: ExchangeId, at: Timestamp, label: Arc<Label>, kept: bool) {
        let exchange = OpenExchange {
            kept,
            label,
            streaming: false,
            next_n: 0,
            started_at: at,
            bytes: [0; 2],
            cutter: self.max_body.map(|max| Box::new(Cutter::new(max))),
            redaction: self.at_capture.clone().map(|redactor| Box::new(Redaction::new(redactor))),
        };
        self.exchanges.insert(id, exchange);
    }

    pub(super) fn get_mut(&mut self, id: ExchangeId) -> Option<&mut OpenExchange> {
        self.exchanges.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: ExchangeId) -> Option<OpenExchange> {
        self.exchanges.remove(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.exchanges.len()
    }

    pub(super) fn ids(&self) -> Vec<ExchangeId> {
        self.exchanges.keys().copied().collect()
    }
}

impl OpenExchange {
    /// Numbers what came and appends the records that it makes: none, one, or several where a cut
    /// has to be told first or what was held back goes before.
    pub(super) fn number(&mut self, item: Item, out: &mut Vec<Record>) {
        let record = item.into_record(0);
        if let Fact::Chunk { side, data, cut } = &record.fact {
            self.count(*side, data.len() as u64 + cut);
        }
        match self.redaction.take() {
            None => self.cut(record, out),
            Some(mut redaction) => {
                redaction.take(record, |record| self.cut(record, out));
                self.redaction = Some(redaction);
            }
        }
    }

    /// Numbers a record after what `--max-body` leaves of it.
    fn cut(&mut self, record: Record, out: &mut Vec<Record>) {
        match record.fact {
            Fact::Chunk { side, data, cut } => {
                let data = match &mut self.cutter {
                    Some(cutter) => cutter.chunk(side, &data),
                    None => Some(data),
                };
                if let Some(data) = data {
                    self.push(Record { fact: Fact::Chunk { side, data, cut }, ..record }, out);
                }
            }
            Fact::BodyEnd { side, trailers } => {
                self.tell_cut(record.exchange, record.at, side, out);
                self.push(Record { fact: Fact::BodyEnd { side, trailers }, ..record }, out);
            }
            Fact::End(mut end) => {
                for side in [Side::Request, Side::Response] {
                    self.tell_cut(record.exchange, record.at, side, out);
                }
                if let Some(cutter) = self.cutter.take() {
                    end.hashes = cutter.hashes();
                }
                self.push(Record { fact: Fact::End(end), ..record }, out);
            }
            Fact::Head(head) => {
                self.streaming = head.headers.text("content-type").is_some_and(is_stream);
                self.push(Record { fact: Fact::Head(head), ..record }, out);
            }
            fact => self.push(Record { fact, ..record }, out),
        }
    }

    /// Its end, where nobody saw it.
    pub(super) fn truncate(mut self, id: ExchangeId, at: Timestamp, out: &mut Vec<Record>) {
        let [request_bytes, response_bytes] = self.bytes;
        let end = truncated(self.started_at, at, request_bytes, response_bytes);
        let item = Item {
            exchange: Some(id),
            at,
            event: crate::tap::Event::Fact(Fact::End(Box::new(end))),
            cost: 0,
        };
        self.number(item, out);
    }

    fn tell_cut(
        &mut self,
        exchange: Option<ExchangeId>,
        at: Timestamp,
        side: Side,
        out: &mut Vec<Record>,
    ) {
        let cut = self.cutter.as_mut().map_or(0, |cutter| cutter.take_cut(side));
        if cut > 0 {
            let fact = Fact::Chunk { side, data: bytes::Bytes::new(), cut };
            self.push(Record { exchange, n: 0, at, fact }, out);
        }
    }

    fn count(&mut self, side: Side, bytes: u64) {
        let [request, response] = &mut self.bytes;
        *match side {
            Side::Request => request,
            Side::Response => response,
        } += bytes;
    }

    fn push(&mut self, record: Record, out: &mut Vec<Record>) {
        out.push(Record { n: self.next_n, ..record });
        self.next_n = self.next_n.saturating_add(1);
    }
}

/// Whether a body of this content type is a stream, whose end is made durable at once.
fn is_stream(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim().as_bytes();
    let ndjson = |part: &[u8]| part.eq_ignore_ascii_case(b"ndjson");
    media.eq_ignore_ascii_case(b"text/event-stream") || media.windows(6).any(ndjson)
}

/// The end record of an exchange whose end nobody saw (design.md, Store: after a crash no exchange
/// goes on).
pub(super) fn truncated(
    started_at: Timestamp,
    at: Timestamp,
    request_bytes: u64,
    response_bytes: u64,
) -> End {
    End {
        outcome: Outcome::Truncated,
        error: Some("wiretape was stopped before it ended".to_owned()),
        timing: Timing { total_us: at.micros_since(started_at), ..Timing::default() },
        upstream: None,
        request_bytes,
        response_bytes,
        hashes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{recorder::testing::id, tap::Event};

    fn feed(exchange: &mut OpenExchange, id: ExchangeId, fact: Fact) -> Vec<Record> {
        let mut out = Vec::new();
        let item = Item { exchange: Some(id), at: Timestamp(7), event: Event::Fact(fact), cost: 0 };
        exchange.number(item, &mut out);
        out
    }

    #[test]
    fn numbers_ascend_without_holes_and_a_cut_is_told_before_the_body_ends() {
        let mut table = OpenTable::new(Some(2), false);
        let id = id();
        table.open(id, Timestamp(1), Arc::default(), true);
        let exchange = table.get_mut(id).unwrap();
        let side = Side::Response;
        let chunk =
            |data: &'static [u8]| Fact::Chunk { side, data: Bytes::from_static(data), cut: 0 };
        let mut all = feed(exchange, id, chunk(b"abc"));
        all.extend(feed(exchange, id, chunk(b"de")));
        all.extend(feed(
            exchange,
            id,
            Fact::BodyEnd { side, trailers: crate::capture::Headers::default() },
        ));
        assert_eq!(all.iter().map(|record| record.n).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(
            matches!(&all[1].fact, Fact::Chunk { data, cut: 3, .. } if data.is_empty()),
            "{all:?}"
        );
        let mut end = Vec::new();
        table.remove(id).unwrap().truncate(id, Timestamp(3_001), &mut end);
        let Fact::End(end) = &end[0].fact else { panic!("{end:?}") };
        assert_eq!((end.outcome, end.response_bytes), (Outcome::Truncated, 5));
        assert_eq!((end.timing.total_us, end.hashes.len()), (3, 1));
    }
}
