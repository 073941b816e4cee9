//! One live exchange: the records that the proxy would have made of it, read as they are made.

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::wire::{Event, What};
use crate::{
    capture::{
        End, ExchangeId, Fact, Head, Headers, Open, Outcome, Record, Side, Timestamp, Timing,
    },
    protocol::{Direction, Frame, Kind, Message, Reader, Summary},
};

/// The largest answer that is held while its step runs; a larger one is cut off there, and the
/// step says so.
const BODY_CAP: u64 = 64 << 20;

/// Frames at the beginning of a channel that stay: the endpoint's is among them.
const NAMES: usize = 4;

/// A live exchange.
pub(super) struct Exchange {
    /// Its records' id.
    pub(super) id: ExchangeId,
    /// The step that it belongs to; none for a stream that runs beside.
    pub(super) owner: Option<usize>,
    /// The response's head.
    pub(super) head: Option<Head>,
    /// It is over.
    pub(super) ended: bool,
    /// Why it is, where it did not end well.
    pub(super) failed: Option<String>,
    /// It never reached the server.
    pub(super) unreachable: bool,
    /// The last event's id and what was said of resuming.
    pub(super) last_event: Option<String>,
    pub(super) retry: Option<u64>,
    /// Frames that no step has taken yet, where answers of many steps come.
    pub(super) frames: Vec<Frame>,
    /// Answers of many steps come on it: what it names first, each step's story begins with.
    pub(super) is_channel: bool,
    /// Where it went.
    pub(super) url: String,
    /// How many notifications and requests of the server it brought.
    pub(super) brought: usize,
    /// Ends it.
    pub(super) cut: CancellationToken,
    /// Bytes of `frames`.
    held: u64,
    /// Those that the compared story is told of.
    records: Vec<Record>,
    opening: usize,
    n: u32,
    opened_at: Timestamp,
    head_at: Option<Timestamp>,
    bytes: [u64; 2],
    reader: Reader,
}

impl Exchange {
    /// An exchange whose request is sent; its first records are news.
    pub(super) fn new(
        (owner, at): (Option<usize>, Timestamp),
        open: Open,
        body: Option<Bytes>,
        cut: CancellationToken,
    ) -> Self {
        let mut exchange = Self {
            id: ExchangeId::next(),
            owner,
            head: None,
            ended: false,
            failed: None,
            unreachable: false,
            last_event: None,
            retry: None,
            frames: Vec::new(),
            is_channel: false,
            url: open.url.clone(),
            brought: 0,
            cut,
            held: 0,
            records: Vec::new(),
            opening: 0,
            n: 0,
            opened_at: at,
            head_at: None,
            bytes: [0, 0],
            reader: Reader::with_frames(),
        };
        exchange.add(at, Fact::Open(Box::new(open)));
        if let Some(data) = body {
            exchange.bytes[0] = data.len() as u64;
            exchange.add(at, Fact::Chunk { side: Side::Request, data, cut: 0 });
        }
        let trailers = Headers::default();
        exchange.add(at, Fact::BodyEnd { side: Side::Request, trailers });
        exchange
    }

    /// Takes what came; gives the messages in it.
    pub(super) fn take(&mut self, event: Event) -> Vec<Message> {
        let at = event.at;
        match event.what {
            What::Head(head) => {
                (self.head, self.head_at) = (Some(head.clone()), Some(at));
                self.add(at, Fact::Head(Box::new(head)));
                self.opening = self.records.len();
            }
            What::Data(data) => {
                self.bytes[1] += data.len() as u64;
                self.add(at, Fact::Chunk { side: Side::Response, data, cut: 0 });
                let held = self.owner.is_some() && self.bytes[1] > BODY_CAP;
                if held {
                    self.cut.cancel();
                    let why = format!("the answer is larger than {} MiB", BODY_CAP >> 20);
                    self.over(at, Outcome::ClientClosed, Some(why));
                }
            }
            What::End(trailers) => {
                self.add(at, Fact::BodyEnd { side: Side::Response, trailers });
                self.over(at, Outcome::Completed, None);
            }
            What::Unreachable(why) => {
                self.unreachable = true;
                self.over(at, Outcome::ProxyError, Some(why));
            }
            What::Broken(outcome, why) => self.over(at, outcome, Some(why)),
        }
        self.note_frames();
        let messages = self.reader.take_messages();
        let of_server = |message: &&Message| {
            message.direction == Direction::ServerToClient
                && matches!(message.kind, Kind::Notification | Kind::Request)
        };
        self.brought += messages.iter().filter(of_server).count();
        messages
    }

    /// We leave first.
    pub(super) fn leave(&mut self, at: Timestamp) {
        if !self.ended {
            self.cut.cancel();
            self.over(at, Outcome::ClientClosed, None);
        }
    }

    /// What is known of it.
    pub(super) fn summary(&self) -> Option<Summary> {
        self.reader.summary()
    }

    /// The status of its answer.
    pub(super) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// The records since the last call, for whoever keeps them.
    pub(super) fn news(&self, from: usize) -> &[Record] {
        self.records.get(from..).unwrap_or_default()
    }

    /// How many records there are.
    pub(super) fn count(&self) -> usize {
        self.records.len()
    }

    /// The records that a step's story is told of. Of a channel: its opening, and the frames since
    /// the last step, which are let go.
    pub(super) fn told(&mut self) -> Vec<Record> {
        if !self.is_channel {
            return self.records.clone();
        }
        let mut told: Vec<Record> = self.records.iter().take(self.opening).cloned().collect();
        // Frames are decoded.
        if let Some(Record { fact: Fact::Head(head), .. }) = told.last_mut() {
            head.headers.0.retain(|(name, _)| name != "content-encoding");
        }
        let (mut names, mut rest) = (Vec::new(), Vec::new());
        for frame in std::mem::take(&mut self.frames) {
            let first = frame.index == 0 || frame.event.as_deref() == Some("endpoint");
            if first { names.push(frame) } else { rest.push(frame) }
        }
        for frame in names.iter().chain(&rest) {
            let n = u32::try_from(told.len()).unwrap_or(u32::MAX);
            let data = frame.raw.clone();
            let fact = Fact::Chunk { side: Side::Response, data, cut: 0 };
            told.push(Record { exchange: Some(self.id), n, at: frame.at, fact });
        }
        self.held = names.iter().map(|frame| frame.raw.len() as u64).sum();
        self.frames = names;
        told
    }

    /// Lets go of what only a story would need: the stream runs on beside the steps.
    pub(super) fn forget(&mut self) {
        self.records.truncate(self.opening);
    }

    fn over(&mut self, at: Timestamp, outcome: Outcome, error: Option<String>) {
        if self.ended {
            return;
        }
        (self.ended, self.failed) = (true, error.clone());
        let timing = Timing {
            first_byte_us: self.head_at.map(|head| head.micros_since(self.opened_at)),
            total_us: at.micros_since(self.opened_at),
            ..Timing::default()
        };
        let [request_bytes, response_bytes] = self.bytes;
        let end = End {
            outcome,
            error,
            timing,
            upstream: None,
            request_bytes,
            response_bytes,
            hashes: Vec::new(),
        };
        self.add(at, Fact::End(Box::new(end)));
        self.note_frames();
    }

    fn note_frames(&mut self) {
        for frame in self.reader.take_frames() {
            self.last_event = frame.id.clone().or(self.last_event.take());
            self.retry = frame.retry.or(self.retry);
            if self.is_channel {
                self.held += frame.raw.len() as u64;
                self.frames.push(frame);
                self.bound();
            }
        }
    }

    /// A channel on which much comes while no step takes it: the oldest of it is let go, but for
    /// what names the endpoint.
    fn bound(&mut self) {
        while self.held > BODY_CAP && self.frames.len() > NAMES {
            self.held -= self.frames.remove(NAMES).raw.len() as u64;
        }
    }

    fn add(&mut self, at: Timestamp, fact: Fact) {
        let record = Record { exchange: Some(self.id), n: self.n, at, fact };
        self.n = self.n.saturating_add(1);
        self.reader.push(&record);
        self.records.push(record);
    }
}
