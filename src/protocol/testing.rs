//! Small recordings that read like the wire, for tests.
//!
//! ```text
//! >> POST http://localhost:3000/mcp      a request begins: its head, an empty line, its body
//! << 200                                 the response's head, an empty line, its body
//! == completed                           the exchange's end
//! ++ 31m                                 time passes
//! .. 0                                   the first exchange goes on: more of its response's body
//! %% id: a\0b\n                          a body line of exactly these bytes: \n \r \0 \xff
//! ```
//! Each part lasts a millisecond. A new `>>` ends the exchange before it as completed, unless `..`
//! on a line of its own says that it goes on.

use bytes::Bytes;

use super::{Reading, Sessions, Story, Summary, read};
use crate::capture::{
    End, ExchangeId, Fact, Head, Headers, Mode, Open, Outcome, Record, Side, Timestamp, Timing,
};

/// When transcripts begin.
pub(crate) const START: Timestamp = Timestamp(1_795_168_800_000_000_000);

const STEP: u64 = 1_000_000;

/// The id of the `n`th exchange of a transcript, from 0.
pub(crate) fn id(n: u32) -> ExchangeId {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    bytes[6] = 0x70;
    ExchangeId::from_bytes(bytes)
}

/// The records of each exchange in a transcript.
pub(crate) fn exchanges(transcript: &str) -> Vec<Vec<Record>> {
    let mut script = Script { at: START, done: Vec::new(), now: None };
    for line in transcript.lines() {
        script.line(line.trim());
    }
    script.close(Outcome::Completed);
    script.done
}

/// What reading each exchange of a transcript yields.
pub(crate) fn readings(transcript: &str) -> Vec<Reading> {
    exchanges(transcript).iter().map(|records| read(records).expect("an exchange")).collect()
}

/// The summaries of a transcript.
pub(crate) fn summaries(transcript: &str) -> Vec<Summary> {
    readings(transcript).into_iter().map(|reading| reading.summary).collect()
}

/// The sessions of a transcript.
pub(crate) fn sessions(transcript: &str) -> Sessions {
    let mut sessions = Sessions::new();
    for summary in summaries(transcript) {
        sessions.apply(summary);
    }
    sessions
}

/// Every session of a transcript told whole, oldest first, at the time of its last record.
pub(crate) fn stories(transcript: &str) -> Vec<Story> {
    stories_of(&exchanges(transcript))
}

/// The same of the records of each exchange.
pub(crate) fn stories_of(exchanges: &[Vec<Record>]) -> Vec<Story> {
    let as_of = exchanges.iter().flatten().map(|record| record.at).max().unwrap_or(START);
    let mut sessions = Sessions::new();
    for reading in exchanges.iter().filter_map(|records| read(records)) {
        sessions.apply(reading.summary);
    }
    let mut told: Vec<Story> = sessions
        .list(as_of)
        .into_iter()
        .map(|session| {
            let own = session.exchanges.clone();
            let is_own = |records: &&Vec<Record>| {
                records
                    .first()
                    .and_then(|record| record.exchange)
                    .is_some_and(|id| own.contains(&id))
            };
            Story::tell(session, exchanges.iter().filter(is_own).map(Vec::as_slice))
        })
        .collect();
    told.reverse();
    told
}

/// Which exchange of a transcript this is, from 0: the reverse of [`id`].
pub(crate) fn number(id: ExchangeId) -> usize {
    let bytes = id.as_bytes();
    bytes[12..].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// A record of the first exchange.
pub(crate) fn record(fact: Fact) -> Record {
    Record { exchange: Some(id(0)), n: 0, at: START, fact }
}

/// The opening of an exchange.
pub(crate) fn open(method: &str, url: &str, headers: &[(&str, &str)]) -> Fact {
    let header =
        |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    let real = headers.iter().filter(|(name, _)| !name.starts_with('~'));
    Fact::Open(Box::new(Open {
        client: header("~client").unwrap_or_else(|| "127.0.0.1:50000".to_owned()),
        pid: header("~pid").and_then(|pid| pid.parse().ok()),
        run: header("~run"),
        name: None,
        mode: Mode::Reverse,
        method: method.to_owned(),
        url: url.to_owned(),
        version: "HTTP/1.1".to_owned(),
        headers: real.map(|(n, v)| ((*n).to_owned(), Bytes::from((*v).to_owned()))).collect(),
    }))
}

/// The head of a response.
pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Fact {
    let headers: Headers =
        headers.iter().map(|(n, v)| ((*n).to_owned(), Bytes::from((*v).to_owned()))).collect();
    Fact::Head(Box::new(Head { status, reason: None, version: "HTTP/1.1".to_owned(), headers }))
}

/// A piece of a body.
pub(crate) fn chunk(side: Side, data: &[u8]) -> Fact {
    Fact::Chunk { side, data: Bytes::copy_from_slice(data), cut: 0 }
}

/// A body's end.
pub(crate) fn body_end(side: Side) -> Fact {
    Fact::BodyEnd { side, trailers: Headers::default() }
}

/// The end of an exchange.
pub(crate) fn end(outcome: Outcome) -> Fact {
    Fact::End(Box::new(End {
        outcome,
        error: None,
        timing: Timing::default(),
        upstream: None,
        request_bytes: 0,
        response_bytes: 0,
        hashes: Vec::new(),
    }))
}

struct Script {
    at: Timestamp,
    done: Vec<Vec<Record>>,
    now: Option<Now>,
}

struct Now {
    number: usize,
    /// Its response's head was read: there is only more of its body.
    is_more: bool,
    records: Vec<Record>,
    side: Side,
    first: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    goes_on: bool,
    /// Bytes of the request's and the response's body.
    bytes: [u64; 2],
}

impl Script {
    fn line(&mut self, line: &str) {
        if let Some(request) = line.strip_prefix(">> ") {
            self.close(Outcome::Completed);
            self.now = Some(Now::new(self.done.len(), request));
            self.done.push(Vec::new());
        } else if let Some(number) = line.strip_prefix(".. ") {
            self.close(Outcome::Completed);
            let number = number.parse().expect("a number");
            let mut now = Now::new(number, "");
            now.records = std::mem::take(self.done.get_mut(number).expect("begun before"));
            (now.side, now.is_more, now.body) = (Side::Response, true, Some(Vec::new()));
            self.now = Some(now);
        } else if let Some(status) = line.strip_prefix("<< ") {
            self.flush();
            let now = self.now.as_mut().expect("a request first");
            (now.side, now.first) = (Side::Response, status.to_owned());
        } else if let Some(outcome) = line.strip_prefix("== ") {
            let outcomes = [
                Outcome::ClientClosed,
                Outcome::UpstreamReset,
                Outcome::Truncated,
                Outcome::ProxyError,
            ];
            let outcome = outcomes.into_iter().find(|o| o.as_str() == outcome);
            self.close(outcome.unwrap_or(Outcome::Completed));
        } else if let Some(minutes) = line.strip_prefix("++ ") {
            self.close(Outcome::Completed);
            let minutes: u64 = minutes.trim_end_matches('m').parse().expect("minutes");
            self.at.0 += minutes * 60_000_000_000;
        } else if let Some(now) = &mut self.now {
            now.line(line);
        }
    }

    /// The current part's records.
    fn flush(&mut self) {
        let Some(now) = &mut self.now else { return };
        let number = u32::try_from(now.number).expect("few");
        let headers: Vec<(&str, &str)> =
            now.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let mut facts = Vec::new();
        if now.side == Side::Request {
            let (method, url) = now.first.split_once(' ').expect("method and URL");
            facts.push(open(method, url, &headers));
        } else if !now.is_more {
            facts.push(head(now.first.trim().parse().expect("a status"), &headers));
        }
        if let Some(body) = now.body.take() {
            let counted = usize::from(now.side == Side::Response);
            now.bytes[counted] += body.len() as u64;
            facts.push(chunk(now.side, &body));
        }
        if now.side == Side::Request || !now.goes_on {
            facts.push(body_end(now.side));
        }
        now.headers.clear();
        for fact in facts {
            let n = u32::try_from(now.records.len()).expect("few");
            now.records.push(Record { exchange: Some(id(number)), n, at: self.at, fact });
        }
        self.at.0 += STEP;
    }

    fn close(&mut self, outcome: Outcome) {
        self.flush();
        let Some(mut now) = self.now.take() else { return };
        if !now.goes_on {
            let exchange = Some(id(u32::try_from(now.number).expect("few")));
            let n = u32::try_from(now.records.len()).expect("few");
            let mut fact = end(outcome);
            if let Fact::End(end) = &mut fact {
                [end.request_bytes, end.response_bytes] = now.bytes;
            }
            now.records.push(Record { exchange, n, at: self.at, fact });
        }
        *self.done.get_mut(now.number).expect("its own place") = now.records;
    }
}

impl Now {
    fn new(number: usize, request: &str) -> Self {
        Self {
            number,
            is_more: false,
            records: Vec::new(),
            side: Side::Request,
            first: request.to_owned(),
            headers: Vec::new(),
            body: None,
            goes_on: false,
            bytes: [0, 0],
        }
    }

    fn line(&mut self, line: &str) {
        match &mut self.body {
            _ if line == ".." => self.goes_on = true,
            Some(body) => {
                if let Some(exact) = line.strip_prefix("%% ") {
                    return unescape(exact, body);
                }
                body.extend_from_slice(line.as_bytes());
                body.push(b'\n');
            }
            None if line.is_empty() => self.body = Some(Vec::new()),
            None => {
                let (name, value) = line.split_once(": ").expect("a header, or an empty line");
                self.headers.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}

/// `\n`, `\r`, `\0` and `\xff` as the bytes they name.
fn unescape(text: &str, body: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        body.extend_from_slice(plain.as_bytes());
        let (byte, length) = match escaped.as_bytes().first() {
            Some(b'n') => (b'\n', 1),
            Some(b'r') => (b'\r', 1),
            Some(b'0') => (0, 1),
            Some(b'x') => (u8::from_str_radix(&escaped[1..3], 16).expect("two hex digits"), 3),
            other => panic!("no such escape: {other:?}"),
        };
        body.push(byte);
        rest = &escaped[length..];
    }
    body.extend_from_slice(rest.as_bytes());
}
