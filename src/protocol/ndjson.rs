//! Newline-delimited JSON: one frame a line, all `raw` joined are the body.

use bytes::Bytes;

use super::model::Frame;
use crate::capture::Timestamp;

/// Cuts a decoded body into lines, however its bytes arrive. A line that lies in one chunk is a
/// part of that chunk and no copy.
#[derive(Debug)]
pub(crate) struct Ndjson {
    /// Bytes of the line so far, which came in earlier chunks.
    held: Vec<u8>,
    /// The line so far is above the cap, or bytes of it are missing.
    broken: bool,
    index: u32,
    cap: usize,
}

impl Ndjson {
    /// A parser at the start of a stream. A line of more than `cap` bytes is given out in pieces
    /// of that size, none of them `complete`.
    pub(crate) fn new(cap: usize) -> Self {
        Self { held: Vec::new(), broken: false, index: 0, cap }
    }

    /// Takes the next bytes, which arrived at `at`.
    pub(crate) fn push(&mut self, chunk: &Bytes, at: Timestamp, out: &mut Vec<Frame>) {
        let mut from = 0;
        while let Some(rest) = chunk.get(from..).filter(|rest| !rest.is_empty()) {
            let room = self.cap.saturating_sub(self.held.len());
            if room == 0 {
                let piece = Bytes::from(std::mem::take(&mut self.held));
                self.emit(piece, false, at, out);
                self.broken = true;
                continue;
            }
            let within = rest.get(..room).unwrap_or(rest);
            let Some(end) = memchr::memchr(b'\n', within) else {
                self.held.extend_from_slice(within);
                from += within.len();
                continue;
            };
            let line = chunk.slice(from..=from + end);
            from += end + 1;
            let line = if self.held.is_empty() {
                line
            } else {
                self.held.extend_from_slice(&line);
                Bytes::from(std::mem::take(&mut self.held))
            };
            let complete = !std::mem::take(&mut self.broken);
            self.emit(line, complete, at, out);
        }
    }

    /// Bytes are missing here: what is read up to the next line end is no whole line.
    pub(crate) fn gap(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        self.finish(at, out);
        self.broken = true;
    }

    /// The stream is over: an unterminated tail becomes the last frame.
    pub(crate) fn finish(&mut self, at: Timestamp, out: &mut Vec<Frame>) {
        if !self.held.is_empty() {
            let tail = Bytes::from(std::mem::take(&mut self.held));
            self.emit(tail, false, at, out);
        }
    }

    fn emit(&mut self, raw: Bytes, complete: bool, at: Timestamp, out: &mut Vec<Frame>) {
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
            parser.push(&Bytes::copy_from_slice(part), Timestamp(1), &mut out);
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

    #[test]
    fn a_line_above_the_cap_comes_in_pieces_and_the_next_one_is_whole() {
        let body = format!("\"{}\"\n{{}}\n", "x".repeat(150));
        let out = frames(&[body.as_bytes()]);
        let seen: Vec<_> = out.iter().map(|f| (f.raw.len(), f.complete)).collect();
        assert_eq!(seen, [(64, false), (64, false), (25, false), (3, true)]);
    }

    #[test]
    fn a_gap_spoils_one_line_only() {
        let (mut parser, mut out) = (Ndjson::new(64), Vec::new());
        parser.push(&Bytes::from_static(b"1\n[2,"), Timestamp(1), &mut out);
        parser.gap(Timestamp(1), &mut out);
        parser.push(&Bytes::from_static(b"3]\n4\n"), Timestamp(1), &mut out);
        let seen: Vec<_> = out.iter().map(|f| (&f.data[..], f.complete)).collect();
        assert_eq!(seen, [(&b"1"[..], true), (b"[2,", false), (b"3]", false), (b"4", true)]);
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
