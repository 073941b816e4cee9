//! Reads one exchange, record by record: its messages, its frames, its summary.
//!
//! The same code serves the recorder, the store's readers and tapes, so the same records give the
//! same reading everywhere (design.md, tenet 3).

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{
    body::{Body, Limits, Piece},
    dialect::{self, Spoken},
    facts::{Facts, LastUrl},
    jsonrpc::{self, Envelope},
    methods,
    model::{Direction, Frame, Kind, Message, SseFields, Summary, Transport},
    pair::id_key,
};
use crate::capture::{Fact, Headers, Open, Record, Side, Timestamp};

/// Response messages wait for the request's end, so that the request's have the first numbers.
/// When those that wait hold more than this, the request counts as ended, and messages that it
/// still brings are numbered as they come.
const HELD_CAP: usize = 16 << 20;

/// Requests of an exchange remembered to tell its answers; answers to further ones count as
/// answers to requests elsewhere.
const ASKED_CAP: usize = 1_024;

/// The longest document that is kept, in bytes; of a longer one only the dialects' facts are.
const DOCUMENT_CAP: usize = 1 << 20;

/// All that one exchange holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the catalog keeps of it.
    pub summary: Summary,
    /// Its messages by number.
    pub messages: Vec<Message>,
    /// The response's frames by index.
    pub frames: Vec<Frame>,
    /// JSON bodies that carry no JSON-RPC: a house's errors, OAuth's metadata and answers.
    pub documents: Vec<Document>,
}

/// A whole JSON body that is no JSON-RPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Whose body.
    pub side: Side,
    /// When its last byte arrived.
    pub at: Timestamp,
    /// The JSON text, decoded.
    pub json: Bytes,
}

/// Reads all records of one exchange; none where its `Open` is not among them.
#[must_use]
pub fn read(records: &[Record]) -> Option<Reading> {
    let mut reader = Reader::with_frames();
    for record in records {
        reader.push(record);
    }
    let summary = reader.summary()?;
    Some(Reading {
        summary,
        messages: reader.take_messages(),
        frames: reader.take_frames(),
        documents: reader.take_documents(),
    })
}

/// Reads one exchange as its records come. Memory is bounded by `Limits` and `HELD_CAP`,
/// provided that messages and frames are taken.
#[derive(Debug, Default)]
pub struct Reader {
    reading: Option<Box<InExchange>>,
    keeps: Keeps,
}

/// What a reader keeps beside the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Keeps {
    Nothing,
    #[default]
    Messages,
    /// Documents too.
    Frames,
}

/// A reader that has seen `Open`.
#[derive(Debug)]
struct InExchange {
    facts: Facts,
    request: Body,
    response: Option<Body>,
    request_over: bool,
    /// Pieces of the response that wait for the request's end, and their bytes.
    held: Vec<Piece>,
    held_bytes: usize,
    /// The requests so far: direction, id as compared, method.
    asked: Vec<(Direction, String, String)>,
    /// Which of them were answered here.
    answered: BTreeSet<usize>,
    /// Messages with an outcome that counts as an error.
    failures: u64,
    next: u32,
    messages: Vec<Message>,
    frames: Vec<Frame>,
    documents: Vec<Document>,
    keeps: Keeps,
}

impl Reader {
    /// A reader that keeps no frames.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader of the summary alone.
    #[must_use]
    pub fn for_summary() -> Self {
        Self { reading: None, keeps: Keeps::Nothing }
    }

    /// A reader that keeps the response's frames for [`Reader::take_frames`], and documents.
    #[must_use]
    pub fn with_frames() -> Self {
        Self { reading: None, keeps: Keeps::Frames }
    }

    /// Takes the exchange's next record. Records before `Open` are passed over.
    pub fn push(&mut self, record: &Record) {
        self.push_with(record, &mut LastUrl::default());
    }

    /// The same for who reads many exchanges, and keeps the last one's URL between them.
    pub fn push_with(&mut self, record: &Record, last: &mut LastUrl) {
        match (&mut self.reading, &record.fact, record.exchange) {
            (Some(reading), fact, _) => reading.push(fact, record.at),
            (none, Fact::Open(open), Some(id)) => {
                let facts = Facts::new(id, record.at, open, last);
                *none = Some(Box::new(InExchange::new(facts, open, self.keeps)));
            }
            _ => {}
        }
    }

    /// The messages since the last call, by number.
    ///
    /// Numbers count in the exchange from 0, request side first: what the response brings waits
    /// until the request has ended.
    pub fn take_messages(&mut self) -> Vec<Message> {
        self.reading
            .as_mut()
            .map(|reading| std::mem::take(&mut reading.messages))
            .unwrap_or_default()
    }

    /// The frames since the last call; none where they are not kept.
    pub fn take_frames(&mut self) -> Vec<Frame> {
        self.reading.as_mut().map(|reading| std::mem::take(&mut reading.frames)).unwrap_or_default()
    }

    /// The documents since the last call; none where frames are not kept.
    pub fn take_documents(&mut self) -> Vec<Document> {
        self.reading
            .as_mut()
            .map(|reading| std::mem::take(&mut reading.documents))
            .unwrap_or_default()
    }

    /// What is known by now; none before `Open`.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let reading = self.reading.as_ref()?;
        Some(counted(reading.facts.told(), reading.failures, reading.answered.len()))
    }

    /// The same where nothing more comes.
    #[must_use]
    pub fn into_summary(self) -> Option<Summary> {
        let InExchange { facts, failures, answered, .. } = *self.reading?;
        Some(counted(facts.into_told(), failures, answered.len()))
    }
}

impl InExchange {
    fn new(mut facts: Facts, open: &Open, keeps: Keeps) -> Self {
        facts.with_url(|url, facts| dialect::request(open, url, facts));
        Self {
            facts,
            request: Body::new(Side::Request, &open.headers, Limits::READING),
            response: None,
            request_over: has_no_body(open),
            held: Vec::new(),
            held_bytes: 0,
            asked: Vec::new(),
            answered: BTreeSet::new(),
            failures: 0,
            next: 0,
            messages: Vec::new(),
            frames: Vec::new(),
            documents: Vec::new(),
            keeps,
        }
    }

    fn push(&mut self, fact: &Fact, at: Timestamp) {
        let summary = &mut self.facts.summary;
        summary.last_at = summary.last_at.max(at);
        match fact {
            Fact::Chunk { side, data, cut } => {
                self.body(*side, |body, out| {
                    body.push(data, at, out);
                    if *cut > 0 {
                        body.gap(at, out);
                    }
                });
            }
            Fact::BodyEnd { side, .. } => self.end(*side),
            Fact::Head(head) => {
                summary.status = Some(head.status);
                dialect::response(head, &mut self.facts);
                self.response = Some(Body::new(Side::Response, &head.headers, Limits::READING));
                self.notice_stream();
            }
            Fact::Gap(gap) => {
                if let Some(side) = gap.side {
                    self.body(side, |body, out| body.gap(at, out));
                }
            }
            Fact::End(end) => {
                summary.outcome = Some(end.outcome);
                self.end(Side::Request);
                self.end(Side::Response);
            }
            _ => {}
        }
    }

    fn body(&mut self, side: Side, act: impl FnOnce(&mut Body, &mut Vec<Piece>)) {
        let mut pieces = Vec::new();
        match side {
            Side::Request => act(&mut self.request, &mut pieces),
            Side::Response => {
                let Some(body) = &mut self.response else { return };
                act(body, &mut pieces);
                self.notice_stream();
            }
        }
        let unread = match side {
            Side::Request => self.request.unread(),
            Side::Response => self.response.as_ref().and_then(Body::unread),
        };
        if let Some(why) = unread
            && self.facts.summary.unread.is_none()
        {
            self.facts.summary.unread = Some(why.lines().next().unwrap_or(why).to_owned());
        }
        for piece in pieces {
            self.take(side, piece);
        }
    }

    /// A body is over, well or not.
    fn end(&mut self, side: Side) {
        self.body(side, Body::finish);
        if side == Side::Request {
            self.request_is_over();
        }
    }

    fn request_is_over(&mut self) {
        self.request_over = true;
        self.held_bytes = 0;
        for piece in std::mem::take(&mut self.held) {
            self.read(Side::Response, &piece);
        }
    }

    /// The response's body has shown what it is.
    fn notice_stream(&mut self) {
        let Some(body) = &self.response else { return };
        self.facts.summary.streaming |= body.is_stream();
        if body.is_ndjson() && self.facts.summary.transport.is_none() {
            self.facts.transport(Transport::Ndjson);
        }
    }

    fn take(&mut self, side: Side, piece: Piece) {
        if let (Side::Response, Piece::Frame(frame)) = (side, &piece) {
            self.facts.summary.counts.frames += 1;
            dialect::frame(frame, &mut self.facts);
            self.facts.heard(frame.at);
            if self.keeps == Keeps::Frames {
                self.frames.push(frame.clone());
            }
        }
        if side == Side::Request || self.request_over {
            return self.read(side, &piece);
        }
        self.held_bytes += piece.size();
        self.held.push(piece);
        if self.held_bytes > HELD_CAP {
            self.request_is_over();
        }
    }

    /// Reads the messages in a frame or body.
    fn read(&mut self, side: Side, piece: &Piece) {
        let (payload, at, frame) = match piece {
            Piece::Json(body, at) => (body, *at, None),
            Piece::Frame(frame) => (&frame.data, frame.at, Some(frame)),
        };
        // A cut SSE event is discarded by clients; a last NDJSON line without its line end is not,
        // and it reads as JSON only if it is whole.
        if payload.is_empty()
            || frame.is_some_and(|frame| !frame.complete && frame.raw.ends_with(b"\n"))
        {
            return;
        }
        if frame.is_some_and(|frame| !frame.complete) && !self.side_is_ndjson(side) {
            return;
        }
        let text = jsonrpc::text(payload);
        let before = self.next;
        jsonrpc::messages(&text, |envelope| self.message(side, &envelope, payload, at, frame));
        if frame.is_none() && self.next == before {
            self.document(side, payload, &text, at);
        }
    }

    /// A JSON body without a message in it.
    fn document(&mut self, side: Side, json: &Bytes, text: &str, at: Timestamp) {
        dialect::document(side, text, &mut self.facts);
        if self.keeps == Keeps::Frames && json.len() <= DOCUMENT_CAP {
            self.documents.push(Document { side, at, json: json.clone() });
        }
    }

    fn side_is_ndjson(&self, side: Side) -> bool {
        side == Side::Response && self.facts.summary.transport == Some(Transport::Ndjson)
    }

    fn message(
        &mut self,
        side: Side,
        envelope: &Envelope<'_>,
        body: &Bytes,
        at: Timestamp,
        frame: Option<&Frame>,
    ) {
        let direction = match side {
            Side::Request => Direction::ClientToServer,
            Side::Response => Direction::ServerToClient,
        };
        let method = envelope.method();
        let name = method.as_deref().and_then(|method| envelope.subject(method));
        let asked = self.asked_method(direction, envelope, method.as_deref());
        let spoken = Spoken { direction, envelope, method: method.as_deref().or(asked.as_deref()) };
        dialect::message(&spoken, &mut self.facts);
        self.facts.heard(at);
        let (tool_error, rpc_code) = (envelope.is_tool_error(), envelope.code());
        self.count(envelope.kind, tool_error, method.as_deref(), name.as_deref());
        let number = self.next;
        self.next = number.saturating_add(1);
        if self.keeps == Keeps::Nothing {
            return;
        }
        self.messages.push(Message {
            exchange: self.facts.summary.id,
            number,
            frame: frame.map(|frame| frame.index),
            direction,
            kind: envelope.kind,
            rpc_id: envelope.id.map(str::to_owned),
            method,
            name,
            tool_error,
            rpc_code,
            answers: None,
            duplicate: false,
            latency_us: None,
            at,
            sse: frame.filter(|_| !self.side_is_ndjson(side)).map(|frame| SseFields {
                event: frame.event.clone(),
                id: frame.id.clone(),
                retry: frame.retry,
            }),
            payload: payload_of(body, envelope.text),
        });
    }

    /// Remembers a request; of an answer tells the method that this exchange asked for.
    fn asked_method(
        &mut self,
        direction: Direction,
        envelope: &Envelope<'_>,
        method: Option<&str>,
    ) -> Option<String> {
        let key = id_key(envelope.id?)?;
        if let Some(method) = method {
            if self.asked.len() < ASKED_CAP {
                self.asked.push((direction, key, method.to_owned()));
            }
            return None;
        }
        let asked = |(by, id, _): &(Direction, String, String)| *by != direction && *id == key;
        let place = self.asked.iter().position(asked);
        self.answered.extend(place);
        self.facts.summary.answers_elsewhere |= place.is_none();
        self.asked.get(place?).map(|(.., method)| method.clone())
    }

    fn count(&mut self, kind: Kind, tool_error: bool, method: Option<&str>, name: Option<&str>) {
        let counts = &mut self.facts.summary.counts;
        counts.messages += 1;
        counts.calls += u64::from(kind == Kind::Request);
        self.failures += u64::from(kind == Kind::Error || tool_error);
        if let Some(method) = method {
            self.facts.method(method);
            if methods::is_mcp(method) {
                self.facts.shows_mcp();
            }
        }
        if let Some(name) = name {
            self.facts.name(name);
        }
    }
}

/// A summary with its errors, and whether it waits for answers.
fn counted(mut summary: Summary, failures: u64, answered: usize) -> Summary {
    let refused = if summary.declines_listening() {
        0
    } else if summary.status.is_some_and(|status| status >= 400) {
        failures.max(1)
    } else {
        failures
    };
    // Of what is too much to be remembered nobody knows: it counts as not answered.
    summary.awaits = summary.counts.calls > answered as u64;
    let fault = summary.outcome.is_some_and(crate::capture::Outcome::is_fault);
    summary.counts.errors = refused + u64::from(fault);
    summary
}

impl Piece {
    fn size(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.raw.len() + frame.data.len(),
            Self::Json(body, _) => body.len(),
        }
    }
}

/// The bytes of one message within those of its body: no copy where the text was UTF-8.
fn payload_of(body: &Bytes, text: &str) -> Bytes {
    let within = body.as_ptr_range().contains(&text.as_ptr());
    if within { body.slice_ref(text.as_bytes()) } else { Bytes::copy_from_slice(text.as_bytes()) }
}

/// Such a request is over with its head (RFC 9112 6.3; on HTTP/2 these methods bring no body).
fn has_no_body(open: &Open) -> bool {
    let length = |headers: &Headers| headers.text("content-length").map(|length| length != "0");
    let bodiless = matches!(open.method.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS");
    match length(&open.headers) {
        Some(some) => !some,
        None => bodiless && open.headers.get("transfer-encoding").is_none(),
    }
}

#[cfg(test)]
mod tests;
