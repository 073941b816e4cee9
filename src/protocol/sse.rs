//! Server-sent events by WHATWG, over bytes (protocol.md §5).
//!
//! Every block up to its empty line is a frame, comment-only, id-only and empty ones too, and all
//! `raw` joined are the body: nothing is dropped. The parser never decides what a frame means.

use std::ops::Range;

use bytes::Bytes;

use super::model::Frame;
use crate::capture::Timestamp;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Cuts a decoded body into frames, however its bytes arrive. A frame that lies in one chunk is a
/// part of that chunk and no copy: it keeps the chunk's memory for as long as it lives.
#[derive(Debug)]
pub struct Sse {
    /// Bytes of the frame so far that came in earlier chunks.
    held: Vec<u8>,
    /// Where the current line begins in the frame.
    line: usize,
    /// The last byte was a CR: whether a LF belongs to it shows with the next byte.
    after_cr: bool,
    /// No line of the stream has ended yet: a BOM may lead it.
    at_start: bool,
    /// The frame so far cannot be read: it is above the cap, or bytes of it are missing.
    broken: bool,
    fields: Fields,
    index: u32,
    cap: usize,
}

#[derive(Debug, Default)]
struct Fields {
    event: Option<String>,
    id: Option<String>,
    retry: Option<u64>,
    comments: Vec<String>,
    data: Data,
}

/// Data of one line, nearly always, is a part of the frame; only of several lines it is a copy.
#[derive(Debug, Default)]
enum Data {
    #[default]
    None,
    Line(Range<usize>),
    Lines(Vec<u8>),
}

/// The frame's bytes in the chunk at hand.
struct Window<'c> {
    chunk: &'c Bytes,
    from: usize,
    to: usize,
}

impl Sse {
    /// A parser at the start of a stream. A frame of more than `cap` bytes is given out in pieces
    /// of that size, none of them `complete`.
    #[must_use]
    pub fn new(cap: usize) -> Self {
        Self {
            held: Vec::new(),
            line: 0,
            after_cr: false,
            at_start: true,
            broken: false,
            fields: Fields::default(),
            index: 0,
            cap,
        }
    }

    /// Takes the next bytes, which arrived at `at`.
    pub fn push(&mut self, chunk: &Bytes, at: Timestamp, out: &mut Vec<Frame>) {
        let mut window = Window { chunk, from: 0, to: 0 };
        while let Some(&first) = chunk.get(window.to) {
            if self.after_cr {
                window.to += usize::from(first == b'\n');
                self.end_line(&mut window, at, out);
                continue;
            }
            let room = self.cap.saturating_sub(self.held.len() + window.to - window.from);
            if room == 0 {
                self.emit(false, &mut window, at, out);
                self.broken = true;
                continue;
            }
            let rest = chunk.get(window.to..).unwrap_or_default();
            let within = rest.get(..room).unwrap_or(rest);
            match memchr::memchr2(b'\n', b'\r', within) {
                None => window.to += within.len(),
                Some(end) => {
                    window.to += end + 1;
                    self.after_cr = within.get(end) == Some(&b'\r');
                    if !self.after_cr {
                        self.end_line(&mut window, at, out);
                    }
                }
            }
        }
        self.hold(&mut window);
    }

    /// Bytes are missing here: what is read up to the next empty line is no whole frame.
    pub fn gap(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        self.finish(at, out);
        self.broken = true;
        self.at_start = false;
    }

    /// The stream is over: an unterminated tail becomes the last frame.
    pub fn finish(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        let mut nothing = Window { chunk: &Bytes::new(), from: 0, to: 0 };
        if self.after_cr {
            self.end_line(&mut nothing, at, out);
        }
        if !self.held.is_empty() {
            self.read_line(self.held.len(), &nothing);
            self.emit(false, &mut nothing, at, out);
        }
    }

    /// What the window has of the frame is needed beyond the chunk, or beside what is held.
    fn hold(&mut self, window: &mut Window<'_>) {
        self.held.extend_from_slice(window.bytes());
        window.from = window.to;
    }

    /// The line from `line` on has its end.
    fn end_line(&mut self, window: &mut Window<'_>, at: Timestamp, out: &mut Vec<Frame>) {
        self.after_cr = false;
        if !self.held.is_empty() {
            self.hold(window);
        }
        let frame = if self.held.is_empty() { window.bytes() } else { &self.held };
        let length = frame.len();
        let ends = match frame.get(self.line..) {
            Some([.., b'\r', b'\n']) => 2,
            _ => 1,
        };
        let end = length.saturating_sub(ends);
        // A line that is only a BOM is empty too.
        if self.line_start(end, frame) == end {
            self.at_start = false;
            let complete = !std::mem::take(&mut self.broken);
            self.emit(complete, window, at, out);
        } else {
            self.read_line(end, window);
            self.line = length;
        }
    }

    /// Where the content of the current line begins: after the stream's BOM, if it has one.
    fn line_start(&self, end: usize, frame: &[u8]) -> usize {
        let leads = || frame.get(self.line..end).is_some_and(|line| line.starts_with(BOM));
        self.line + if self.at_start && leads() { BOM.len() } else { 0 }
    }

    /// Reads the field or comment that the current line is, up to `end` of the frame.
    fn read_line(&mut self, end: usize, window: &Window<'_>) {
        let frame = if self.held.is_empty() { window.bytes() } else { &self.held };
        let start = self.line_start(end, frame);
        self.at_start = false;
        if !self.broken {
            self.fields.read(frame, start..end);
        }
    }

    /// Gives out the frame, or the piece of one, that there is.
    fn emit(
        &mut self,
        complete: bool,
        window: &mut Window<'_>,
        at: Timestamp,
        out: &mut Vec<Frame>,
    ) {
        let raw = if self.held.is_empty() {
            window.chunk.slice(window.from..window.to)
        } else {
            self.hold(window);
            Bytes::from(std::mem::take(&mut self.held))
        };
        window.from = window.to;
        let fields = std::mem::take(&mut self.fields);
        let has_data = !matches!(fields.data, Data::None);
        let data = match fields.data {
            Data::None => Bytes::new(),
            Data::Line(range) => raw.slice(range),
            Data::Lines(lines) => Bytes::from(lines),
        };
        out.push(Frame {
            index: self.index,
            at,
            event: fields.event,
            id: fields.id,
            retry: fields.retry,
            comments: fields.comments,
            data,
            has_data,
            raw,
            complete,
        });
        self.index = self.index.saturating_add(1);
        self.line = 0;
    }
}

impl Window<'_> {
    fn bytes(&self) -> &[u8] {
        self.chunk.get(self.from..self.to).unwrap_or_default()
    }
}

impl Fields {
    /// Reads the field or comment in `frame[range]`, a line without its end.
    fn read(&mut self, frame: &[u8], range: Range<usize>) {
        let line = frame.get(range.clone()).unwrap_or_default();
        let (name, value) = match memchr::memchr(b':', line) {
            Some(colon) => line.split_at(colon),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b":").unwrap_or(value);
        if name.is_empty() {
            if !line.is_empty() {
                self.comments.push(text(value));
            }
            return;
        }
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => self.data.add(frame, range.end - value.len()..range.end),
            b"event" => self.event = Some(text(value)),
            b"id" if !value.contains(&0) => self.id = Some(text(value)),
            b"retry" if value.iter().all(u8::is_ascii_digit) => {
                self.retry = text(value).parse().ok().or(self.retry);
            }
            _ => {}
        }
    }
}

impl Data {
    /// One more `data` line, at `range` of the frame. Lines are joined by LF.
    fn add(&mut self, frame: &[u8], range: Range<usize>) {
        let mut joined = match std::mem::take(self) {
            Self::None => {
                *self = Self::Line(range);
                return;
            }
            Self::Line(first) => frame.get(first).unwrap_or_default().to_vec(),
            Self::Lines(lines) => lines,
        };
        joined.push(b'\n');
        joined.extend_from_slice(frame.get(range).unwrap_or_default());
        *self = Self::Lines(joined);
    }
}

/// Text decoded as WHATWG demands: replacement characters for what is not UTF-8.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
