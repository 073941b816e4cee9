//! Newline-delimited JSON: one frame a line, all `raw` joined are the body.

use bytes::Bytes;

use super::model::Frame;
use crate::capture::Timestamp;

/// Cuts a decoded body into lines, however its bytes arrive.
#[derive(Debug)]
pub(crate) struct Ndjson {
    line: Vec<u8>,
    /// The line so far is above the cap, or bytes of it are missing.
    broken: bool,
    index: u32,
    cap: usize,
}

impl Ndjson {
    /// A parser at the start of a stream. A line of more than `cap` bytes is given out in pieces
    /// of that size, none of them `complete`.
    pub(crate) fn new(cap: usize) -> Self {
        Self { line: Vec::new(), broken: false, index: 0, cap }
    }

    /// Takes the next bytes, which arrived at `at`.
    pub(crate) fn push(&mut self, mut bytes: &[u8], at: Timestamp, out: &mut Vec<Frame>) {
        while !bytes.is_empty() {
            let room = self.cap.saturating_sub(self.line.len());
            if room == 0 {
                self.emit(false, at, out);
                self.broken = true;
                continue;
            }
            let within = &bytes[..bytes.len().min(room)];
            if let Some(end) = within.iter().position(|b| *b == b'\n') {
                self.line.extend_from_slice(&within[..=end]);
                bytes = &bytes[end + 1..];
                let complete = !std::mem::take(&mut self.broken);
                self.emit(complete, at, out);
            } else {
                self.line.extend_from_slice(within);
                bytes = &bytes[within.len()..];
            }
        }
    }

    /// Bytes are missing here: what is read up to the next line end is no whole line.
    pub(crate) fn gap(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        self.finish(at, out);
        self.broken = true;
    }

    /// The stream is over: an unterminated tail becomes the last frame.
    pub(crate) fn finish(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        if !self.line.is_empty() {
            self.emit(false, at, out);
        }
    }

    fn emit(&mut self, complete: bool, at: Timestamp, out: &mut Vec<Frame>) {
        let raw = Bytes::from(std::mem::take(&mut self.line));
        let data = raw.slice(..raw.trim_ascii_end().len());
        out.push(Frame {
            index: self.index,
            at,
            event: None,
            id: None,
            retry: None,
            comments: Vec::new(),
            has_data: !data.is_empty(),
            data,
            raw,
            complete,
        });
        self.index = self.index.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(parts: &[&[u8]]) -> Vec<Frame> {
        let (mut parser, mut out) = (Ndjson::new(64), Vec::new());
        for part in parts {
            parser.push(part, Timestamp(1), &mut out);
        }
        parser.finish(Timestamp(1), &mut out);
        out
    }

    #[test]
    fn a_line_is_a_frame_and_an_empty_one_too() {
        let out = frames(&[b"{\"a\":1}\r\n\n{\"b\"", b":2}"]);
        let seen: Vec<_> = out.iter().map(|f| (&f.data[..], f.has_data, f.complete)).collect();
        assert_eq!(
            seen,
            [
                (&b"{\"a\":1}"[..], true, true),
                (&b""[..], false, true),
                (&b"{\"b\":2}"[..], true, false)
            ]
        );
    }

    proptest! {
        #[test]
        fn every_split_gives_the_same_frames_and_their_raw_is_the_body(
            body in "[a-c\n\r]{0,200}", at in 0usize..200
        ) {
            let body = body.as_bytes();
            let at = at.min(body.len());
            let whole = frames(&[body]);
            prop_assert_eq!(&frames(&[&body[..at], &body[at..]]), &whole);
            let joined: Vec<u8> = whole.iter().flat_map(|f| f.raw.to_vec()).collect();
            prop_assert_eq!(joined, body);
        }
    }
}
