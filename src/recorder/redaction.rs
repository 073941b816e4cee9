//! `--redact-at-capture`: secrets are replaced before journal, ring and feed get to see them.
//!
//! The rules are those of the reading verbs ([`Mode::Reading`]): credentials go; session ids stay
//! whole, so that sessions can be told apart, and so do keys that a host puts into a URL's path.
//! A secret's placeholder is the same for as long as the recorder runs; the next one counts anew.
//!
//! Heads are redacted as they come. Of a body that is passed on at once a secret could be missed
//! where chunks cut it, so bytes are held back until a line has ended at which no key waits for
//! its value (SSE: until the frame has ended, at the latest). What is held then becomes one chunk,
//! with the time of the chunk that ended it. A body without such lines is held until it ends.
//! What can never be looked at as a whole is left out as a gap of its true length: more than
//! [`HELD_BYTES`] without a line's end, a line that a gap has cut, a coding that cannot be undone.
//! A coding that can be undone is, and the recorded `Content-Encoding` says `identity`; the byte
//! counts of the exchange's end stay those of the wire.
//!
//! This happens on the recorder's thread. Traffic is not touched.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::{
    capture::{
        Fact, Gap, Headers, Record, Side, Timestamp,
        redact::{Leg, Mode, Redactor},
    },
    protocol::encoding::Decoder,
};

/// The most that is held back of one body. A line that is longer is left out, up to its end.
const HELD_BYTES: usize = 8 * 1024 * 1024;

/// The redactor of a whole recorder. Only the writer's thread uses it; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct AtCapture(Arc<Mutex<Redactor>>);

impl AtCapture {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Redactor::new(Mode::Reading))))
    }

    /// A tunnel, a failure, a gap: their words quote what came.
    pub(super) fn notice(&self, record: &Record) -> Record {
        let fact = self.with(|redactor| redactor.fact(&record.fact, Leg::Mcp));
        Record { fact, ..record.clone() }
    }

    fn with<T>(&self, redact: impl FnOnce(&mut Redactor) -> T) -> T {
        redact(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One exchange under redaction.
#[derive(Debug)]
pub(super) struct Redaction {
    redactor: AtCapture,
    leg: Leg,
    bodies: [Body; 2],
}

impl Redaction {
    pub(super) fn new(redactor: AtCapture) -> Self {
        Self { redactor, leg: Leg::Mcp, bodies: [Body::default(), Body::default()] }
    }

    /// Takes in a record, and passes on what can be recorded now: none, one, or several where a
    /// body's rest comes first.
    pub(super) fn take(&mut self, mut record: Record, mut out: impl FnMut(Record)) {
        let (exchange, n, at) = (record.exchange, record.n, record.at);
        let mut made = Vec::new();
        match &mut record.fact {
            Fact::Chunk { side, data, .. } => {
                self.body(*side).take(data, at);
                self.pass(*side, false, &mut made);
                return made
                    .into_iter()
                    .for_each(|(at, fact)| out(Record { exchange, n, at, fact }));
            }
            Fact::Gap(Gap { side: Some(side), .. }) => {
                self.body(*side).interrupt();
                self.pass(*side, false, &mut made);
            }
            Fact::BodyEnd { side, .. } => self.pass(*side, true, &mut made),
            Fact::End(_) => {
                self.pass(Side::Request, true, &mut made);
                self.pass(Side::Response, true, &mut made);
            }
            Fact::Open(open) => {
                self.leg = Leg::of(&open.url, open.headers.media_type().as_deref());
                self.body(Side::Request).begin(&mut open.headers);
            }
            Fact::Head(head) => self.body(Side::Response).begin(&mut head.headers),
            _ => {}
        }
        for (at, fact) in made {
            out(Record { exchange, n, at, fact });
        }
        let leg = self.leg;
        let fact = self.redactor.with(|redactor| redactor.fact(&record.fact, leg));
        out(Record { fact, ..record });
    }

    /// Moves what can be passed on out of a body.
    fn pass(&mut self, side: Side, ended: bool, made: &mut Vec<(Timestamp, Fact)>) {
        let leg = self.leg;
        let redactor = self.redactor.clone();
        let body = self.body(side);
        let at = body.at;
        if let Some(plain) = body.ready(ended) {
            let media = body.media.clone();
            let data: Bytes = redactor
                .with(|redactor| redactor.text(media.as_deref(), leg, &plain).into_owned())
                .into();
            made.push((at, Fact::Chunk { side, data, cut: 0 }));
        }
        let bytes = std::mem::take(&mut body.left_out);
        if bytes > 0 {
            let reason = "left out: it could not be looked through for secrets".to_owned();
            made.push((at, Fact::Gap(Gap { side: Some(side), bytes, reason })));
        }
    }

    fn body(&mut self, side: Side) -> &mut Body {
        let [request, response] = &mut self.bodies;
        match side {
            Side::Request => request,
            Side::Response => response,
        }
    }
}

/// One body.
#[derive(Debug, Default)]
struct Body {
    media: Option<String>,
    is_stream: bool,
    decoder: Option<Decoder>,
    /// Its coding is unknown or broken: nothing more of it can be read.
    unreadable: bool,
    /// Bytes are left out up to the next safe end of a line.
    skipping: bool,
    held: Vec<u8>,
    /// Where in `held` the look for a line's end goes on: every byte is looked at once.
    looked: usize,
    /// The last byte before that place that is no blank.
    last: Option<u8>,
    /// Left out and not told yet.
    left_out: u64,
    /// When the latest chunk came.
    at: Timestamp,
}

impl Body {
    /// Reads the head's word on the body; a coding that is undone is no longer named.
    fn begin(&mut self, headers: &mut Headers) {
        self.media = headers.media_type();
        self.is_stream = self.media.as_deref() == Some("text/event-stream");
        let Some(coding) = headers.text("content-encoding").map(str::to_owned) else { return };
        match Decoder::new(&coding) {
            Ok(decoder) if decoder.is_identity() => {}
            Ok(decoder) => {
                self.decoder = Some(decoder);
                for (name, value) in &mut headers.0 {
                    if name.eq_ignore_ascii_case("content-encoding") {
                        *value = Bytes::from_static(b"identity");
                    }
                }
            }
            Err(_) => self.unreadable = true,
        }
    }

    fn take(&mut self, data: &Bytes, at: Timestamp) {
        self.at = at;
        if self.unreadable {
            self.left_out += data.len() as u64;
            return;
        }
        match &mut self.decoder {
            None => self.held.extend_from_slice(data),
            Some(decoder) => {
                if decoder.push(data, &mut self.held).is_err() {
                    self.unreadable = true;
                    self.left_out += data.len() as u64;
                }
            }
        }
    }

    /// Something is missing here: the line around it cannot be looked at as a whole.
    fn interrupt(&mut self) {
        self.drop_held(self.held.len());
        self.skipping = true;
        self.last = None;
        // A coding cannot be undone across a hole.
        self.unreadable |= self.decoder.is_some();
    }

    /// What can be looked through now; what is left out meanwhile is counted.
    fn ready(&mut self, ended: bool) -> Option<Vec<u8>> {
        if self.skipping {
            let next = self.next_end();
            self.skipping = next.is_none() && !ended;
            self.drop_held(next.unwrap_or(self.held.len()));
        }
        let mut end = 0;
        while let Some(next) = self.next_end() {
            end = next;
        }
        if ended {
            end = self.held.len();
        }
        if end == 0 {
            if self.held.len() > HELD_BYTES {
                self.drop_held(self.held.len());
                self.skipping = true;
            }
            return None;
        }
        let rest = self.held.split_off(end);
        self.looked = rest.len();
        Some(std::mem::replace(&mut self.held, rest))
    }

    fn drop_held(&mut self, count: usize) {
        self.left_out += count as u64;
        self.held.drain(..count);
        self.looked = 0;
    }

    /// Looks on, up to and with the next end of a line at which the text may be cut: no key waits
    /// there for its value, which the redactor looks for on the next lines too. A frame's end ends
    /// every document in it.
    fn next_end(&mut self) -> Option<usize> {
        while let Some(&byte) = self.held.get(self.looked) {
            let before = self.held.get(..self.looked).unwrap_or_default();
            self.looked += 1;
            if byte == b'\n' {
                let frame_ends =
                    self.is_stream && (before.ends_with(b"\n") || before.ends_with(b"\n\r"));
                if frame_ends || self.last.is_some_and(|last| !b":\"\\".contains(&last)) {
                    return Some(self.looked);
                }
            } else if !byte.is_ascii_whitespace() {
                self.last = Some(byte);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
