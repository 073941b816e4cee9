//! Follows the framing of one direction of an HTTP/1 connection: where heads begin and end.
//!
//! Pure: bytes in, heads out. It agrees with hyper 1.12 (crates.md 2.7) because it parses whole
//! heads with hyper's own parser, httparse, and draws hyper's conclusions; where hyper would refuse
//! a message, looking ends.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use http::Method;

use super::Reads;

mod chunked;
mod length;

use chunked::Chunked;
use length::{Answers, Body};

/// The longest head kept. A longer one ends the looking; hyper refuses it too.
const MAX_HEAD_BYTES: usize = 512 * 1024;
/// The most bytes of heads that wait to be taken; one more ends the looking. hyper's read buffer
/// (about 400 KiB) keeps pipelined heads below it.
const MAX_WAITING_BYTES: usize = 2 * MAX_HEAD_BYTES;

/// Where one direction of a connection stands.
#[derive(Debug)]
pub(super) struct Framing {
    reads: Reads,
    state: State,
    /// The head being read; empty in any other state.
    head: BytesMut,
    /// Length of the line of `head` being read.
    line: usize,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    /// What the answers to come belong to.
    expected: VecDeque<Answers>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Head,
    Counted(u64),
    Chunked(Chunked),
    /// A body to the end of the connection, an upgrade, or something odd: nothing to see any more.
    Blind,
}

impl Framing {
    pub(super) fn new(reads: Reads) -> Self {
        Self {
            reads,
            state: State::Head,
            head: BytesMut::new(),
            line: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            expected: VecDeque::new(),
        }
    }

    pub(super) fn take(&mut self) -> Option<Bytes> {
        let head = self.waiting.pop_front()?;
        self.waiting_bytes = self.waiting_bytes.saturating_sub(head.len());
        Some(head)
    }

    pub(super) fn expect(&mut self, method: &Method) {
        if self.state != State::Blind {
            self.expected.push_back(Answers::to(method));
        }
    }

    pub(super) fn stop(&mut self) {
        self.look_no_more();
        self.waiting.clear();
        self.waiting_bytes = 0;
    }

    /// Looks at bytes that were read from the stream.
    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match &mut self.state {
                State::Blind => return,
                State::Head => self.read_head(bytes),
                State::Counted(left) => {
                    let skipped = skip(left, bytes);
                    if *left == 0 {
                        self.state = State::Head;
                    }
                    skipped
                }
                State::Chunked(body) => match body.read(bytes) {
                    chunked::Step::More => return,
                    chunked::Step::Ended(rest) => {
                        self.state = State::Head;
                        rest
                    }
                    chunked::Step::Odd => {
                        self.look_no_more();
                        return;
                    }
                },
            };
        }
    }

    /// Takes one line, or what there is of it. Gives back what follows.
    fn read_head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        // Most heads arrive whole, and are copied whole.
        if self.head.is_empty()
            && let Some((head, rest)) = whole_head(bytes)
        {
            self.end_head(Bytes::copy_from_slice(head));
            return rest;
        }
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |at| at + 1));
        if self.head.len() + line.len() > MAX_HEAD_BYTES {
            self.look_no_more();
            return rest;
        }
        self.head.extend_from_slice(line);
        self.line += line.len();
        if end.is_some() {
            let is_empty_line = self.line == 1 || (self.line == 2 && self.head.ends_with(b"\r\n"));
            let is_first_line = self.line == self.head.len();
            self.line = 0;
            match (is_empty_line, is_first_line) {
                // RFC 9112 §2.2: empty lines before a message are ignored; httparse does so.
                (true, true) => self.head.clear(),
                (true, false) => {
                    let head = self.head.split().freeze();
                    self.end_head(head);
                }
                (false, _) => {}
            }
        }
        rest
    }

    fn end_head(&mut self, head: Bytes) {
        let body = match self.reads {
            Reads::Requests => length::of_request(&head),
            Reads::Responses => length::of_response(&head, self.expected.front().copied()),
        };
        self.state = match body {
            None => return self.look_no_more(),
            Some(Body::Informational | Body::Counted(0)) => State::Head,
            Some(Body::Counted(length)) => State::Counted(length),
            Some(Body::Chunked) => State::Chunked(Chunked::new()),
            Some(Body::ToTheEnd) => State::Blind,
        };
        if body != Some(Body::Informational) {
            self.expected.pop_front();
        }
        self.waiting_bytes += head.len();
        if self.waiting_bytes > MAX_WAITING_BYTES {
            return self.stop();
        }
        self.waiting.push_back(head);
    }

    /// Heads that were read whole before can still be taken: they are what hyper read.
    fn look_no_more(&mut self) {
        self.state = State::Blind;
        self.head = BytesMut::new();
        self.expected = VecDeque::new();
    }
}

/// The head that these bytes begin with, up to and with its empty line, and what follows; none where
/// it is not there whole, or begins in a way that is read line by line.
fn whole_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if matches!(bytes.first(), Some(b'\r' | b'\n')) {
        return None;
    }
    let mut at = 0;
    loop {
        at += memchr::memchr(b'\n', bytes.get(at..)?)? + 1;
        let empty_line = match bytes.get(at..)? {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => continue,
        };
        let whole = at + empty_line;
        return (whole <= MAX_HEAD_BYTES).then(|| bytes.split_at(whole));
    }
}

/// Counts bytes off `left`; gives back those beyond it.
fn skip<'a>(left: &mut u64, bytes: &'a [u8]) -> &'a [u8] {
    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
    *left -= here as u64;
    bytes.get(here..).unwrap_or_default()
}
