//! Server-sent events by WHATWG, over bytes (protocol.md §5).
//!
//! Every block up to its empty line is a frame, comment-only, id-only and empty ones too, and all
//! `raw` joined are the body: nothing is dropped. The parser never decides what a frame means.

use std::ops::Range;

use bytes::Bytes;

use super::model::Frame;
use crate::capture::Timestamp;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Cuts a decoded body into frames, however its bytes arrive.
#[derive(Debug)]
pub(crate) struct Sse {
    /// Bytes of the frame so far. Its length never exceeds `cap` by more than one line end.
    raw: Vec<u8>,
    /// Where the current line begins in `raw`.
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

/// Data of one line, nearly always, is a part of `raw`; only of several lines it is a copy.
#[derive(Debug, Default)]
enum Data {
    #[default]
    None,
    Line(Range<usize>),
    Lines(Vec<u8>),
}

impl Sse {
    /// A parser at the start of a stream. A frame of more than `cap` bytes is given out in pieces
    /// of that size, none of them `complete`.
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            raw: Vec::new(),
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
    pub(crate) fn push(&mut self, mut bytes: &[u8], at: Timestamp, out: &mut Vec<Frame>) {
        while let Some(&first) = bytes.first() {
            if self.after_cr {
                if first == b'\n' {
                    self.raw.push(b'\n');
                    bytes = &bytes[1..];
                }
                self.end_line(at, out);
                continue;
            }
            let room = self.cap.saturating_sub(self.raw.len());
            if room == 0 {
                self.cut(at, out);
                self.broken = true;
                continue;
            }
            let within = &bytes[..bytes.len().min(room)];
            let Some(end) = within.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
                self.raw.extend_from_slice(within);
                bytes = &bytes[within.len()..];
                continue;
            };
            self.raw.extend_from_slice(&within[..=end]);
            bytes = &bytes[end + 1..];
            if within[end] == b'\r' {
                self.after_cr = true;
            } else {
                self.end_line(at, out);
            }
        }
    }

    /// Bytes are missing here: what is read up to the next empty line is no whole frame.
    pub(crate) fn gap(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        self.finish(at, out);
        self.broken = true;
        self.at_start = false;
    }

    /// The stream is over: an unterminated tail becomes the last frame.
    pub(crate) fn finish(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        if self.after_cr {
            self.end_line(at, out);
        }
        if !self.raw.is_empty() {
            self.read_line(self.raw.len());
            self.cut(at, out);
        }
    }

    /// The line in `raw` from `line` on has its end.
    fn end_line(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        self.after_cr = false;
        let line = self.raw.get(self.line..).unwrap_or_default();
        let ends = line.iter().rev().take_while(|b| matches!(b, b'\n' | b'\r')).count();
        let end = self.raw.len() - ends;
        let start = self.line_start(end);
        if start == end {
            self.at_start = false;
            let complete = !self.broken;
            self.broken = false;
            self.emit(complete, at, out);
        } else {
            self.read_line(end);
            self.line = self.raw.len();
        }
    }

    /// Where the content of the current line begins: after the stream's BOM, if it has one.
    fn line_start(&self, end: usize) -> usize {
        let line = self.raw.get(self.line..end).unwrap_or_default();
        self.line + if self.at_start && line.starts_with(BOM) { BOM.len() } else { 0 }
    }

    /// Reads the field or comment in `raw[line..end]`.
    fn read_line(&mut self, end: usize) {
        let start = self.line_start(end);
        self.at_start = false;
        let line = self.raw.get(start..end).unwrap_or_default();
        if self.broken || line.is_empty() {
            return;
        }
        let colon = line.iter().position(|b| *b == b':');
        let name = &line[..colon.unwrap_or(line.len())];
        let mut from = colon.map_or(line.len(), |colon| colon + 1);
        if colon == Some(0) {
            self.fields.comments.push(text(&line[from..]));
            return;
        }
        if line.get(from) == Some(&b' ') {
            from += 1;
        }
        let value = &line[from..];
        match name {
            b"data" => self.fields.data.add(&self.raw, start + from..end),
            b"event" => self.fields.event = Some(text(value)),
            b"id" if !value.contains(&0) => self.fields.id = Some(text(value)),
            b"retry" if value.iter().all(u8::is_ascii_digit) => {
                self.fields.retry = text(value).parse().ok().or(self.fields.retry);
            }
            _ => {}
        }
    }

    /// Gives out what there is as a frame that is not complete.
    fn cut(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        self.emit(false, at, out);
    }

    fn emit(&mut self, complete: bool, at: Timestamp, out: &mut Vec<Frame>) {
        let raw = Bytes::from(std::mem::take(&mut self.raw));
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

impl Data {
    /// One more `data` line, at `range` of `raw`. Lines are joined by LF.
    fn add(&mut self, raw: &[u8], range: Range<usize>) {
        let mut joined = match std::mem::take(self) {
            Self::None => {
                *self = Self::Line(range);
                return;
            }
            Self::Line(first) => raw.get(first).unwrap_or_default().to_vec(),
            Self::Lines(lines) => lines,
        };
        joined.push(b'\n');
        joined.extend_from_slice(raw.get(range).unwrap_or_default());
        *self = Self::Lines(joined);
    }
}

/// Text decoded as WHATWG demands: replacement characters for what is not UTF-8.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
