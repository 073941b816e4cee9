//! Hops through a chunked body from size line to size line (RFC 9112 §7.1), without keeping any of
//! it. Byte for byte hyper's own state machine (hyper `proto/h1/decode.rs`).

use super::skip;

/// Where we are in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunked {
    at: At,
    /// The size being read, then the bytes of this chunk still to come.
    size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    FirstDigit,
    Digits,
    Blanks,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
}

/// What became of some bytes.
pub(super) enum Step<'a> {
    /// All were the body's.
    More,
    /// The body ended before these.
    Ended(&'a [u8]),
    /// hyper refuses this.
    Odd,
}

impl Chunked {
    pub(super) fn new() -> Self {
        Self { at: At::FirstDigit, size: 0 }
    }

    pub(super) fn read<'a>(&mut self, mut bytes: &'a [u8]) -> Step<'a> {
        loop {
            if self.at == At::Data {
                bytes = skip(&mut self.size, bytes);
                if self.size > 0 {
                    return Step::More;
                }
                self.at = At::DataCr;
            }
            let Some((&byte, rest)) = bytes.split_first() else { return Step::More };
            bytes = rest;
            if self.at == At::EndLf && byte == b'\n' {
                return Step::Ended(bytes);
            }
            match self.after(byte) {
                Some(at) => self.at = at,
                None => return Step::Odd,
            }
        }
    }

    fn after(&mut self, byte: u8) -> Option<At> {
        Some(match (self.at, byte) {
            (At::FirstDigit | At::Digits, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16)?;
                self.size = self.size.checked_mul(16)?.checked_add(u64::from(digit))?;
                At::Digits
            }
            (At::Digits | At::Blanks, b' ' | b'\t') => At::Blanks,
            (At::Digits | At::Blanks, b';') => At::Extension,
            (At::Digits | At::Blanks | At::Extension, b'\r') => At::SizeLf,
            (At::Extension, byte) if byte != b'\n' => At::Extension,
            (At::SizeLf, b'\n') if self.size == 0 => At::TrailerStart,
            (At::SizeLf, b'\n') => At::Data,
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => At::FirstDigit,
            (At::TrailerStart, b'\r') => At::EndLf,
            (At::Trailer, b'\r') => At::TrailerLf,
            (At::TrailerStart | At::Trailer, _) => At::Trailer,
            (At::TrailerLf, b'\n') => At::TrailerStart,
            _ => return None,
        })
    }
}
