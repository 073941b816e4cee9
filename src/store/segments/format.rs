//! Header and entry as bytes, pure: the drawing is in [`super`].

use crate::capture::{Record, codec};

/// The layout that this program writes.
pub(super) const FORMAT: u16 = 1;

/// Length of a segment's header; the first entry's offset.
pub(super) const HEADER_LEN: u32 = 16;

/// Length of what stands before a payload.
pub(super) const ENTRY_HEAD_LEN: u32 = 8;

/// A segment that would grow beyond this is sealed and the next one begun.
pub(super) const SEGMENT_BYTES: u32 = 64 << 20;

/// The longest payload. Appending a longer one is refused, and a length field that says more is
/// damage: no noise on disk makes a reader ask for more memory than this.
pub(super) const MAX_PAYLOAD: u32 = 80 << 20;

const MAGIC: [u8; 8] = *b"wiretape";

/// What a segment's first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) format: u16,
    pub(super) codec: u16,
    pub(super) number: u32,
}

impl Header {
    /// The header of a segment that this program begins.
    pub(super) fn current(number: u32) -> Self {
        Self { format: FORMAT, codec: codec::VERSION, number }
    }

    pub(super) fn encode(self) -> [u8; HEADER_LEN as usize] {
        let mut bytes = [0; HEADER_LEN as usize];
        let fields = MAGIC
            .into_iter()
            .chain(self.format.to_le_bytes())
            .chain(self.codec.to_le_bytes())
            .chain(self.number.to_le_bytes());
        for (byte, value) in bytes.iter_mut().zip(fields) {
            *byte = value;
        }
        bytes
    }

    /// None where the magic is missing: no segment, or noise.
    pub(super) fn decode(bytes: [u8; HEADER_LEN as usize]) -> Option<Self> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (format, rest) = rest.split_first_chunk()?;
        let (codec, rest) = rest.split_first_chunk()?;
        let (number, _) = rest.split_first_chunk()?;
        Some(Self {
            format: u16::from_le_bytes(*format),
            codec: u16::from_le_bytes(*codec),
            number: u32::from_le_bytes(*number),
        })
    }
}

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryHead {
    pub(super) length: u32,
    checksum: u32,
}

impl EntryHead {
    /// Refuses lengths that no writer writes. Zero is one of them: no payload is empty, and the
    /// checksum of nothing is zero, so a tail of zeros would else be a row of good entries.
    pub(super) fn decode(bytes: [u8; ENTRY_HEAD_LEN as usize]) -> Result<Self, String> {
        let too_short = || "an entry of no head".to_owned();
        let (length, rest) = bytes.split_first_chunk().ok_or_else(too_short)?;
        let checksum = rest.first_chunk().ok_or_else(too_short)?;
        let head =
            Self { length: u32::from_le_bytes(*length), checksum: u32::from_le_bytes(*checksum) };
        match head.length {
            0 => Err("an entry of no length".to_owned()),
            1..=MAX_PAYLOAD => Ok(head),
            more => Err(format!("an entry of {more} bytes, more than any that is written")),
        }
    }

    pub(super) fn fits(self, payload: &[u8]) -> bool {
        crc32fast::hash(payload) == self.checksum
    }
}

/// Appends an entry to a buffer. `Err` gives the buffer back as it was, and the length of a payload
/// that is too long.
pub(super) fn push_entry(records: &[Record], mut buffer: Vec<u8>) -> (Vec<u8>, Result<(), u64>) {
    let start = buffer.len();
    let body = start + ENTRY_HEAD_LEN as usize;
    buffer.resize(body, 0);
    buffer = codec::encode(records, buffer);
    let payload = buffer.get(body..).unwrap_or_default();
    let length = payload.len() as u64;
    let checksum = crc32fast::hash(payload);
    match u32::try_from(length) {
        Ok(short) if short <= MAX_PAYLOAD => {
            let head = short.to_le_bytes().into_iter().chain(checksum.to_le_bytes());
            for (byte, value) in buffer.iter_mut().skip(start).zip(head) {
                *byte = value;
            }
            (buffer, Ok(()))
        }
        _ => {
            buffer.truncate(start);
            (buffer, Err(length))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back() {
        let header = Header { format: 7, codec: 9, number: 0x0102_0304 };
        assert_eq!(Header::decode(header.encode()), Some(header));
        let mut noise = header.encode();
        noise[3] ^= 1;
        assert_eq!(Header::decode(noise), None);
    }

    #[test]
    fn lengths_that_nobody_writes_are_refused() {
        assert!(EntryHead::decode([0; 8]).is_err());
        assert!(EntryHead::decode([0xff; 8]).is_err());
        assert!(EntryHead::decode([1, 0, 0, 0, 0, 0, 0, 0]).is_ok());
    }
}
