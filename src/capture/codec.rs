//! Records as bytes for journal and local socket.
//!
//! A list of records is postcard: compact, serde-based, with a specified wire format. Every place
//! that stores it (a segment's header, the socket's greeting) names the [`VERSION`]. When a record
//! changes shape the version goes up, the old shape moves to a file of its own and [`decode`] gains
//! one step of upgrade; a newer version is refused by name.

use super::Record;

/// The shape that [`encode`] writes.
pub const VERSION: u16 = 1;

/// Appends records to a buffer.
pub fn encode(records: &[Record], mut out: Vec<u8>) -> Vec<u8> {
    out = postcard::to_extend(records, out).expect("records serialise: no maps, no unsized");
    out
}

/// Reads what [`encode`] wrote at `version`.
///
/// # Errors
///
/// A version that this program does not know, or bytes that are no records.
pub fn decode(version: u16, bytes: &[u8]) -> Result<Vec<Record>, CodecError> {
    match version {
        VERSION => postcard::from_bytes(bytes).map_err(CodecError::Malformed),
        other => Err(CodecError::Version(other)),
    }
}

/// Why bytes are no records.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The bytes do not parse.
    #[error("these bytes are no records: {0}")]
    Malformed(#[source] postcard::Error),
    /// Written by a newer program.
    #[error("records of version {0}; this program reads up to version {VERSION}")]
    Version(u16),
}
