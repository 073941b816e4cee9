//! Mentions in bodies: messages, frames, documents, forms, and what nothing else reads.

use std::collections::HashSet;

use super::{
    Found, Needle, Spot,
    json::{escape, walk},
};
use crate::{
    capture::{Record, Side, Timestamp},
    protocol::{
        jsonrpc::text,
        model::{Direction, Frame},
        plain::{self, Form},
        reader::Reading,
    },
};

/// The messages, each by its id; paths are from the message.
pub(super) fn messages(needle: &Needle, reading: &Reading, found: &mut Found) {
    for message in &reading.messages {
        let side = match message.direction {
            Direction::ClientToServer => Side::Request,
            Direction::ServerToClient => Side::Response,
        };
        walk(needle, &text(&message.payload), &mut |hit| {
            found.add(Spot {
                message: Some(message.id()),
                frame: message.frame,
                inner: hit.inner,
                ..Spot::of(message.at, side, place(side, &hit.path), hit.whole)
            });
        });
    }
}

/// Frames that carry no message, and the ids of all events.
pub(super) fn frames(needle: &Needle, reading: &Reading, found: &mut Found) {
    let told: HashSet<u32> = reading.messages.iter().filter_map(|message| message.frame).collect();
    for frame in &reading.frames {
        if let Some(whole) = frame.id.as_deref().and_then(|id| needle.is_in(id)) {
            let place = Spot::of(frame.at, Side::Response, "event-id".to_owned(), whole);
            found.add(Spot { frame: Some(frame.index), ..place });
        }
        if !told.contains(&frame.index) {
            let data = text(&frame.data);
            let within = Within { side: Side::Response, at: frame.at, frame: Some(frame.index) };
            json_or_text(needle, &data, within, found);
            comments(needle, frame, found);
        }
    }
}

fn comments(needle: &Needle, frame: &Frame, found: &mut Found) {
    if frame.comments.iter().any(|comment| needle.is_in(comment).is_some()) {
        let place = place(Side::Response, "");
        let place = Spot::of(frame.at, Side::Response, place, false);
        found.add(Spot { frame: Some(frame.index), ..place });
    }
}

/// JSON bodies that carry no message.
pub(super) fn documents(needle: &Needle, reading: &Reading, found: &mut Found) {
    for document in &reading.documents {
        let within = Within { side: document.side, at: document.at, frame: None };
        json_or_text(needle, &text(&document.json), within, found);
    }
}

/// A body was read to its end by one of the above.
pub(super) fn is_read(reading: &Reading, side: Side) -> bool {
    let by = match side {
        Side::Request => Direction::ClientToServer,
        Side::Response => Direction::ServerToClient,
    };
    let frames = side == Side::Response && !reading.frames.is_empty();
    reading.summary.unread.is_none()
        && (frames
            || reading.messages.iter().any(|message| message.direction == by)
            || reading.documents.iter().any(|document| document.side == side))
}

/// A body that nothing else reads: a form by its fields, anything else as a stream of text in
/// bounded memory.
pub(super) fn unread(needle: &Needle, records: &[Record], side: Side, found: &mut Found) {
    if let Some(Form { at, fields }) = plain::form(records, side) {
        for (name, value) in fields {
            if let Some(whole) = needle.is_in(&value).or(needle.is_in(&name).map(|_| false)) {
                let path = format!("/{}", escape(&name));
                found.add(Spot::of(at, side, place(side, &path), whole));
            }
        }
        return;
    }
    let mut window = Window::new(needle);
    let mut last = Timestamp::default();
    plain::decoded(records, side, &mut |bytes, at| {
        last = at;
        !window.push(bytes)
    });
    if window.mentions || window.finish() {
        found.add(Spot::of(last, side, place(side, ""), false));
    }
}

/// The last bytes of a stream of text, in which the value may stand over the edges of pieces.
struct Window<'n> {
    needle: &'n Needle,
    bytes: Vec<u8>,
    mentions: bool,
}

/// Stands for a neighbour that is judged elsewhere: what touches it is no token.
const NEIGHBOUR: u8 = b'x';

impl<'n> Window<'n> {
    fn new(needle: &'n Needle) -> Self {
        Self { needle, bytes: Vec::new(), mentions: false }
    }

    /// Takes the next piece; whether the value has been found.
    fn push(&mut self, piece: &[u8]) -> bool {
        self.bytes.extend_from_slice(piece);
        // What touches the end may go on in the next piece.
        self.bytes.push(NEIGHBOUR);
        self.mentions |= self.needle.is_in(&text(&self.bytes)).is_some();
        self.bytes.pop();
        // What a match and its neighbours take when each byte is written as three.
        let kept = 2 * (3 * self.needle.len() + 8);
        if self.bytes.len() > kept {
            let from = self.bytes.len() - kept;
            let tail = self.bytes.get(from..).unwrap_or_default();
            let within = tail.iter().take_while(|byte| (0x80..0xC0).contains(*byte)).count();
            self.bytes.drain(..from + within);
            // What begins here was judged with what stood before it.
            self.bytes.insert(0, NEIGHBOUR);
        }
        self.mentions
    }

    /// The end: nothing goes on.
    fn finish(&self) -> bool {
        self.needle.is_in(&text(&self.bytes)).is_some()
    }
}

#[derive(Clone, Copy)]
struct Within {
    side: Side,
    at: Timestamp,
    frame: Option<u32>,
}

fn json_or_text(needle: &Needle, body: &str, within: Within, found: &mut Found) {
    let Within { side, at, frame } = within;
    let start = body.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with(['{', '[']) {
        walk(needle, start, &mut |hit| {
            let place = Spot::of(at, side, place(side, &hit.path), hit.whole);
            found.add(Spot { frame, inner: hit.inner, ..place });
        });
    } else if let Some(whole) = needle.is_in(body.trim()) {
        found.add(Spot { frame, ..Spot::of(at, side, place(side, ""), whole) });
    }
}

fn place(side: Side, path: &str) -> String {
    let word = if side == Side::Request { "request" } else { "response" };
    format!("{word}-body:{path}")
}
