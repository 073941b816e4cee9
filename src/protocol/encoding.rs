//! Content codings, undone as the bytes come: after each flush of the sender its event is there.
//!
//! Decoding is for reading only; what is kept is the wire (design.md, tenet 2). Every decoder
//! writes into a capped buffer, so that a bomb costs no more than the cap.

use std::io::{self, Write};

/// What one chunk of wire bytes may unfold to. Above it, or above [`TOTAL_CAP`], the body is not
/// read any further ([`DecodeError::TooLarge`]).
pub(crate) const CHUNK_CAP: usize = 64 << 20;

/// What one body may unfold to in all.
pub(crate) const TOTAL_CAP: u64 = 1 << 30;

/// How many codings may be stacked; more are refused as unknown.
const STACK_CAP: usize = 4;

/// The largest zstd window: 8 MiB, as RFC 9659 allows a content coding.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Undoes a `Content-Encoding`, several stacked ones too.
pub struct Decoder {
    /// The last coding applied is the first undone.
    stages: Vec<Stage>,
    left: u64,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("stages", &self.stages.len())
            .field("left", &self.left)
            .finish()
    }
}

/// Why a body could not be decoded, or not any further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A coding that we do not know.
    #[error(
        "the content coding `{0}` is not known\nhint: wiretape reads gzip, deflate, br and zstd; `show --raw` gives the bytes as they were"
    )]
    Unknown(String),
    /// The bytes are not what the header says.
    #[error("the body is no valid {coding}: {what}")]
    Broken {
        /// The coding.
        coding: &'static str,
        /// What its decoder said.
        what: String,
    },
    /// It unfolds to more than the cap.
    #[error(
        "the body unfolds to more than wiretape reads\nhint: `show --raw` gives the bytes as they were"
    )]
    TooLarge,
}

impl Decoder {
    /// A decoder for the value of a `Content-Encoding` header.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Unknown`] where a coding is not gzip, deflate, br, zstd or identity.
    pub fn new(header: &str) -> Result<Self, DecodeError> {
        let names = header.split(',').map(|name| name.trim().to_ascii_lowercase());
        let mut stages = Vec::new();
        for name in names.filter(|name| !name.is_empty() && name != "identity") {
            stages.push(Stage::new(&name)?);
        }
        if stages.len() > STACK_CAP {
            return Err(DecodeError::Unknown(header.to_owned()));
        }
        stages.reverse();
        Ok(Self { stages, left: TOTAL_CAP })
    }

    /// Whether the bytes are plain already.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.stages.is_empty()
    }

    /// Decodes the next bytes and appends all that they yield to `out`.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Broken`] or [`DecodeError::TooLarge`]; what could be decoded is in `out`, and
    /// the decoder is of no more use.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let Some((first, rest)) = self.stages.split_first_mut() else {
            out.extend_from_slice(bytes);
            return Ok(());
        };
        let mut ended = first.push(bytes);
        let mut plain = first.take();
        for stage in rest {
            let inner = stage.push(&plain);
            plain = stage.take();
            ended = ended.and(inner);
        }
        let allowed = usize::try_from(self.left).unwrap_or(usize::MAX).min(plain.len());
        self.left -= allowed as u64;
        let fits = allowed == plain.len();
        if out.is_empty() {
            plain.truncate(allowed);
            *out = plain;
        } else {
            out.extend_from_slice(plain.get(..allowed).unwrap_or_default());
        }
        if fits { ended } else { Err(DecodeError::TooLarge) }
    }
}

/// Takes what a decoder yields, up to [`CHUNK_CAP`] between two `take`s.
#[derive(Debug, Default)]
struct Sink {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = CHUNK_CAP - self.bytes.len();
        if room == 0 && !bytes.is_empty() {
            self.full = true;
            return Err(io::Error::other("above the cap"));
        }
        let taken = &bytes[..bytes.len().min(room)];
        self.bytes.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Stage {
    Brotli(Box<brotli::DecompressorWriter<Sink>>),
    Deflate(Box<flate2::write::DeflateDecoder<Sink>>),
    /// `deflate` before it shows whether it has zlib's header, as RFC 9110 has it, or none.
    DeflateStart(Vec<u8>, Sink),
    Gzip(Box<flate2::write::MultiGzDecoder<Sink>>),
    Zlib(Box<flate2::write::ZlibDecoder<Sink>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Sink>>),
}

impl Stage {
    fn new(coding: &str) -> Result<Self, DecodeError> {
        let sink = Sink::default();
        match coding {
            "br" => Ok(Self::Brotli(Box::new(brotli::DecompressorWriter::new(sink, 4096)))),
            "deflate" => Ok(Self::DeflateStart(Vec::new(), sink)),
            "gzip" | "x-gzip" => Ok(Self::Gzip(Box::new(flate2::write::MultiGzDecoder::new(sink)))),
            "zstd" => Self::zstd(sink).map_err(|error| broken("zstd", &error)),
            other => Err(DecodeError::Unknown(other.to_owned())),
        }
    }

    fn zstd(sink: Sink) -> io::Result<Self> {
        let mut decoder = zstd::stream::write::Decoder::new(sink)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        Ok(Self::Zstd(Box::new(decoder)))
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let (coding, written) = match self {
            Self::Brotli(d) => ("br", write(&mut **d, bytes)),
            Self::Deflate(d) => ("deflate", write(&mut **d, bytes)),
            Self::Gzip(d) => ("gzip", write(&mut **d, bytes)),
            Self::Zlib(d) => ("deflate", write(&mut **d, bytes)),
            Self::Zstd(d) => ("zstd", write(&mut **d, bytes)),
            Self::DeflateStart(start, sink) => {
                start.extend_from_slice(bytes);
                let (start, sink) = match start.as_slice() {
                    [_, _, ..] => (std::mem::take(start), std::mem::take(sink)),
                    _ => return Ok(()),
                };
                *self = Self::deflate(&start, sink);
                return self.push(&start);
            }
        };
        written.map_err(|error| {
            if self.sink().full { DecodeError::TooLarge } else { broken(coding, &error) }
        })
    }

    /// RFC 1950 2.2: a zlib header's two bytes are a multiple of 31, its method is 8.
    fn deflate(start: &[u8], sink: Sink) -> Self {
        match start {
            [a, b, ..] if a & 0x0f == 8 && (u16::from(*a) << 8 | u16::from(*b)) % 31 == 0 => {
                Self::Zlib(Box::new(flate2::write::ZlibDecoder::new(sink)))
            }
            _ => Self::Deflate(Box::new(flate2::write::DeflateDecoder::new(sink))),
        }
    }

    fn sink(&mut self) -> &mut Sink {
        match self {
            Self::Brotli(d) => d.get_mut(),
            Self::Deflate(d) => d.get_mut(),
            Self::DeflateStart(_, sink) => sink,
            Self::Gzip(d) => d.get_mut(),
            Self::Zlib(d) => d.get_mut(),
            Self::Zstd(d) => d.get_mut(),
        }
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sink().bytes)
    }
}

fn write(decoder: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    decoder.write_all(bytes)?;
    decoder.flush()
}

fn broken(coding: &'static str, error: &io::Error) -> DecodeError {
    DecodeError::Broken { coding, what: error.to_string() }
}

#[cfg(test)]
mod tests;
