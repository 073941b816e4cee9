//! The `endpoint` event that opens a stream of HTTP+SSE (protocol.md §2): an absolute URL in it would
//! take the client's POSTs around us, if the client did not refuse it before (§2.5).

use bytes::{Bytes, BytesMut};

use super::{Rewrite, in_body, origin::Origins};

/// How far into a stream the event is looked for; beyond, everything passes at once.
const MAX_LOOK_BYTES: u64 = 64 * 1024;

/// Looks at a stream up to the end of its first event, and holds no more than that one event.
#[derive(Debug)]
pub(super) struct Endpoint {
    origins: Origins,
    is_done: bool,
    /// Bytes of the stream before `held`.
    passed: u64,
    /// The block (lines up to an empty one) that is being read.
    held: BytesMut,
    /// Where in `held` the current line begins.
    line: usize,
    /// The last byte was the CR of a line's end: an LF now belongs to it.
    is_after_cr: bool,
}

/// What a block says.
enum Block {
    /// Comments, `retry`, a priming `id`: the first event is still to come.
    NoEvent,
    /// An event that is not, or cannot be, rewritten.
    Other,
    /// The data of an `endpoint` event: where in the block it is.
    Endpoint { start: usize, end: usize },
}

impl Endpoint {
    pub(super) fn new(origins: Origins) -> Self {
        Self {
            origins,
            is_done: false,
            passed: 0,
            held: BytesMut::new(),
            line: 0,
            is_after_cr: false,
        }
    }

    pub(super) fn push(&mut self, mut data: Bytes) -> (Vec<Bytes>, Vec<Rewrite>) {
        let mut out = Vec::new();
        let mut rewrites = Vec::new();
        while !self.is_done && !data.is_empty() {
            let Some(end) = self.end_of_block(&data) else {
                self.held.extend_from_slice(&data);
                data.clear();
                break;
            };
            self.held.extend_from_slice(&data.split_to(end));
            self.pass_block(&mut out, &mut rewrites);
        }
        if !self.is_done && self.passed + self.held.len() as u64 > MAX_LOOK_BYTES {
            self.is_done = true;
            out.extend(self.finish());
        }
        if !data.is_empty() {
            out.push(data);
        }
        (out, rewrites)
    }

    pub(super) fn finish(&mut self) -> Vec<Bytes> {
        let rest = self.held.split().freeze();
        if rest.is_empty() { Vec::new() } else { vec![rest] }
    }

    /// How many of these bytes end the block that is held.
    fn end_of_block(&mut self, data: &[u8]) -> Option<usize> {
        for (at, byte) in data.iter().enumerate() {
            let here = self.held.len() + at;
            match byte {
                b'\n' if self.is_after_cr => {
                    self.is_after_cr = false;
                    self.line = here + 1;
                }
                b'\r' | b'\n' => {
                    self.is_after_cr = *byte == b'\r';
                    let is_empty = self.line == here;
                    self.line = here + 1;
                    if is_empty {
                        self.line = 0;
                        return Some(at + 1);
                    }
                }
                _ => self.is_after_cr = false,
            }
        }
        None
    }

    fn pass_block(&mut self, out: &mut Vec<Bytes>, rewrites: &mut Vec<Rewrite>) {
        let mut block = self.held.split().freeze();
        let start = self.passed;
        self.passed += block.len() as u64;
        let said = read_block(&block, start == 0);
        self.is_done = !matches!(said, Block::NoEvent);
        if let Block::Endpoint { start: at, end } = said {
            let url = block.slice(at..end);
            if let Some(old) = self.origins.upstream_prefix(&url) {
                let new = self.origins.own();
                rewrites.push(in_body(start + at as u64, old, new));
                out.push(block.split_to(at));
                out.push(Bytes::copy_from_slice(new.as_bytes()));
                block = block.split_off(old.len());
            }
        }
        out.push(block);
    }
}

fn read_block(block: &[u8], is_first: bool) -> Block {
    let mut is_endpoint = false;
    let mut data = Vec::new();
    let mut start = if is_first && block.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    for line in block.get(start..).unwrap_or_default().split(|byte| matches!(byte, b'\r' | b'\n')) {
        let (name, value) = field(line);
        match name {
            b"event" => is_endpoint = value == b"endpoint",
            b"data" => {
                let blanks = value.len() - value.trim_ascii_start().len();
                let at = start + line.len() - value.len() + blanks;
                data.push((at, at + value.trim_ascii().len()));
            }
            _ => {}
        }
        start += line.len() + 1;
    }
    match data.as_slice() {
        [] => Block::NoEvent,
        &[(start, end)] if is_endpoint => Block::Endpoint { start, end },
        _ => Block::Other,
    }
}

/// A line's field and value; of a comment the name is empty.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else { return (line, b"") };
    let (name, value) = line.split_at(colon);
    let value = value.get(1..).unwrap_or_default();
    (name, value.strip_prefix(b" ").unwrap_or(value))
}
