//! One body: its content coding undone, its format found, cut into what can be read.
//!
//! The content type is a hint and no more: servers send event streams as `text/plain` and JSON
//! without any type, so the first bytes decide (protocol.md §9).

use bytes::Bytes;

use super::{encoding::Decoder, jsonrpc, model::Frame, ndjson::Ndjson, sse::Sse};
use crate::capture::{Headers, Side, Timestamp};

/// How much of a body is held while it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// A JSON body is read whole; one above this is not read for messages.
    pub(crate) json: usize,
    /// A frame above this is given out in pieces that are not read for messages.
    pub(crate) frame: usize,
}

impl Limits {
    /// For reading: JSON bodies of 64 MiB, frames of 16 MiB.
    pub(crate) const READING: Self = Self { json: 64 << 20, frame: 16 << 20 };
    /// For detection, where thousands of exchanges wait at once: 1 MiB and 256 KiB.
    pub(crate) const DETECTING: Self = Self { json: 1 << 20, frame: 256 << 10 };
}

/// After so many bytes without a sign the content type decides.
const SNIFF_CAP: usize = 64 << 10;

/// What a body yields.
#[derive(Debug)]
pub(crate) enum Piece {
    /// An SSE event or NDJSON line.
    Frame(Frame),
    /// A whole JSON body, and when its last byte arrived.
    Json(Bytes, Timestamp),
}

/// The reader of one body.
#[derive(Debug)]
pub(crate) struct Body {
    decoder: Option<Decoder>,
    side: Side,
    hint: Hint,
    format: Format,
    limits: Limits,
    last_at: Timestamp,
    /// Frames of the current push, kept for their allocation.
    frames: Vec<Frame>,
    /// Why the body, or the rest of it, was not read.
    unread: Option<String>,
    /// Its coding could not be undone.
    undecodable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    Binary,
    Json,
    Ndjson,
    Sse,
    Text,
}

#[derive(Debug)]
enum Format {
    Sniffing(Gathered),
    Json(Gathered),
    Ndjson(Ndjson),
    Sse(Sse),
    /// Nothing that we read.
    Opaque,
}

/// Chunks put together; the first one alone is no copy.
#[derive(Debug, Default)]
enum Gathered {
    #[default]
    None,
    One(Bytes),
    Many(Vec<u8>),
}

impl Gathered {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, chunk: &Bytes) {
        match self {
            Self::None if chunk.is_empty() => {}
            Self::None => *self = Self::One(chunk.clone()),
            Self::One(first) => {
                let mut many = Vec::with_capacity((first.len() + chunk.len()) * 2);
                many.extend_from_slice(first);
                many.extend_from_slice(chunk);
                *self = Self::Many(many);
            }
            Self::Many(bytes) => bytes.extend_from_slice(chunk),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Many(bytes) => Bytes::from(bytes),
        }
    }
}

impl AsRef<[u8]> for Gathered {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::None => &[],
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes,
        }
    }
}

impl Body {
    /// A body of this side whose headers are these.
    pub(crate) fn new(side: Side, headers: &Headers, limits: Limits) -> Self {
        let decoder = headers.text("content-encoding").map(Decoder::new).transpose();
        let (decoder, error) = match decoder {
            Ok(decoder) => (decoder.filter(|d| !d.is_identity()), None),
            Err(error) => (None, Some(error)),
        };
        let mut body = Self {
            decoder,
            side,
            hint: Hint::of(headers),
            format: Format::Sniffing(Gathered::None),
            limits,
            last_at: Timestamp::default(),
            frames: Vec::new(),
            unread: None,
            undecodable: error.is_some(),
        };
        if let Some(error) = error {
            body.give_up(&error.to_string());
        }
        body
    }

    /// It is read as an event stream or as NDJSON.
    pub(crate) fn is_stream(&self) -> bool {
        match &self.format {
            Format::Sniffing(_) => matches!(self.hint, Hint::Sse | Hint::Ndjson),
            Format::Ndjson(_) | Format::Sse(_) => true,
            Format::Json(_) | Format::Opaque => false,
        }
    }

    /// It is read as NDJSON.
    pub(crate) fn is_ndjson(&self) -> bool {
        matches!(self.format, Format::Ndjson(_))
    }

    /// Why it was not read, or not to its end.
    pub(crate) fn unread(&self) -> Option<&str> {
        self.unread.as_deref()
    }

    /// Its content coding could not be undone.
    pub(crate) fn is_undecodable(&self) -> bool {
        self.undecodable
    }

    /// Takes the next bytes of the wire.
    pub(crate) fn push(&mut self, wire: &Bytes, at: Timestamp, out: &mut Vec<Piece>) {
        if matches!(self.format, Format::Opaque) {
            return;
        }
        self.last_at = at;
        let Some(decoder) = &mut self.decoder else { return self.read(wire, at, out) };
        let mut plain = Vec::new();
        let pushed = decoder.push(wire, &mut plain);
        self.read(&Bytes::from(plain), at, out);
        if let Err(error) = pushed {
            self.undecodable = true;
            self.finish(out);
            self.give_up(&error.to_string());
        }
    }

    /// Bytes are missing here.
    pub(crate) fn gap(&mut self, at: Timestamp, out: &mut Vec<Piece>) {
        match &mut self.format {
            Format::Sse(sse) if self.decoder.is_none() => sse.gap(at, &mut self.frames),
            Format::Ndjson(lines) if self.decoder.is_none() => lines.gap(at, &mut self.frames),
            _ => {
                self.finish(out);
                self.give_up("bytes of it were not recorded");
            }
        }
        out.extend(self.frames.drain(..).map(Piece::Frame));
    }

    /// The body is over. Calling it again does nothing.
    pub(crate) fn finish(&mut self, out: &mut Vec<Piece>) {
        if let Format::Sniffing(start) = &mut self.format {
            let start = std::mem::take(start).into_bytes();
            self.format = if start.is_empty() { Format::Opaque } else { self.decide(&start, true) };
            self.parse(&start, self.last_at, out);
        }
        match std::mem::replace(&mut self.format, Format::Opaque) {
            Format::Json(body) => out.push(Piece::Json(body.into_bytes(), self.last_at)),
            Format::Ndjson(mut lines) => lines.finish(self.last_at, &mut self.frames),
            Format::Sse(mut sse) => sse.finish(self.last_at, &mut self.frames),
            Format::Sniffing(_) | Format::Opaque => {}
        }
        out.extend(self.frames.drain(..).map(Piece::Frame));
    }

    fn read(&mut self, plain: &Bytes, at: Timestamp, out: &mut Vec<Piece>) {
        let Format::Sniffing(start) = &mut self.format else { return self.parse(plain, at, out) };
        start.push(plain);
        let start = std::mem::take(start);
        self.format = self.decide(start.as_ref(), start.len() >= SNIFF_CAP);
        if let Format::Sniffing(kept) = &mut self.format {
            *kept = start;
        } else {
            self.parse(&start.into_bytes(), at, out);
        }
    }

    fn parse(&mut self, plain: &Bytes, at: Timestamp, out: &mut Vec<Piece>) {
        match &mut self.format {
            Format::Json(body) if body.len() + plain.len() > self.limits.json => {
                self.give_up("it is larger than wiretape reads for messages");
            }
            Format::Json(body) => body.push(plain),
            Format::Ndjson(lines) => lines.push(plain, at, &mut self.frames),
            Format::Sse(sse) => sse.push(plain, at, &mut self.frames),
            Format::Sniffing(_) | Format::Opaque => {}
        }
        out.extend(self.frames.drain(..).map(Piece::Frame));
    }

    fn give_up(&mut self, why: &str) {
        self.unread.get_or_insert_with(|| why.to_owned());
        self.format = Format::Opaque;
    }

    /// The format of a body that begins with `start`; `Sniffing` where that does not show yet and
    /// it is not the `last` chance to say.
    fn decide(&self, start: &[u8], last: bool) -> Format {
        let sse = || Format::Sse(Sse::new(self.limits.frame));
        let ndjson = || Format::Ndjson(Ndjson::new(self.limits.frame));
        // However the bytes arrive, the same ones decide.
        let start = start.get(..SNIFF_CAP).unwrap_or(start);
        match sniff(start, self.hint, self.side) {
            _ if self.hint == Hint::Binary => Format::Opaque,
            Some(Sniffed::Json) => Format::Json(Gathered::None),
            Some(Sniffed::Lines) => ndjson(),
            Some(Sniffed::Sse) => sse(),
            Some(Sniffed::Other) => Format::Opaque,
            None if !last => Format::Sniffing(Gathered::None),
            None => match self.hint {
                Hint::Ndjson => ndjson(),
                Hint::Sse => sse(),
                Hint::Json | Hint::Text if start.trim_ascii_start().starts_with(b"{") => {
                    Format::Json(Gathered::None)
                }
                _ => Format::Opaque,
            },
        }
    }
}

impl Hint {
    fn of(headers: &Headers) -> Self {
        let media = headers.media_type().unwrap_or_default();
        match media.as_str() {
            "text/event-stream" => Self::Sse,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines" => Self::Ndjson,
            "application/json" => Self::Json,
            _ if media.ends_with("+json") => Self::Json,
            _ if ["image/", "audio/", "video/", "font/"].iter().any(|m| media.starts_with(m)) => {
                Self::Binary
            }
            _ => Self::Text,
        }
    }
}

enum Sniffed {
    Json,
    Lines,
    Sse,
    Other,
}

/// What the first bytes say; none where more of them are needed.
fn sniff(start: &[u8], hint: Hint, side: Side) -> Option<Sniffed> {
    const BOM: &[u8] = b"\xEF\xBB\xBF";
    const FIELDS: [&[u8]; 5] = [b":", b"data:", b"event:", b"id:", b"retry:"];
    if start.len() < BOM.len() && BOM.starts_with(start) {
        return None;
    }
    let text = start.strip_prefix(BOM).unwrap_or(start).trim_ascii_start();
    match (text.first()?, hint) {
        (b'{', Hint::Ndjson) => Some(Sniffed::Lines),
        (b'{', Hint::Text) => {
            let (line, rest) = text.split_at(memchr::memchr(b'\n', text)?);
            first_line(line, side)
                .or_else(|| (!rest.trim_ascii().is_empty()).then_some(Sniffed::Lines))
        }
        (b'{' | b'[', _) => Some(Sniffed::Json),
        (_, Hint::Sse) => Some(Sniffed::Sse),
        (_, Hint::Ndjson) => Some(Sniffed::Lines),
        _ if FIELDS.iter().any(|field| text.starts_with(field)) => Some(Sniffed::Sse),
        _ if FIELDS.iter().any(|field| field.starts_with(text)) => None,
        _ => Some(Sniffed::Other),
    }
}

/// Newline-delimited JSON without its type: the first line is a whole object, and what follows is
/// one too. An object that servers begin a stream with says so alone, so that it is read as soon as
/// it is there; an answer and its line end are JSON unless more comes.
fn first_line(line: &[u8], side: Side) -> Option<Sniffed> {
    let parts =
        std::str::from_utf8(line).ok().and_then(|line| jsonrpc::pick(line, ["method", "type"]));
    match parts {
        None => Some(Sniffed::Json),
        Some([method, kind]) => {
            let begins = method.is_some() || kind == Some("\"session\"");
            (side == Side::Response && begins).then_some(Sniffed::Lines)
        }
    }
}

#[cfg(test)]
mod tests;
