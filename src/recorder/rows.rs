//! Keys and values of the catalog, as bytes. Whoever changes one of them raises [`VERSION`]: the
//! catalog is then rebuilt from the journal.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    capture::{ExchangeId, Record, codec},
    protocol::{DIALECT_COUNT, Summary},
    store::{CatalogBatch, Position, StoreError, Table},
};

/// Layout of these rows (upper half) and version of the readers in `protocol` that fill them
/// (lower half): the number under which the catalog is opened. A dialect more is a reader more.
pub(super) const VERSION: u32 = (3 << 16) | (8 + DIALECT_COUNT);

/// Up to this many positions stand in the exchange's row itself.
const INLINE_POSITIONS: usize = 16;

/// Few rows are longer: room for one is made at once.
const ROW_BYTES: usize = 512;

/// Positions in one value of [`Table::Positions`]: at most 1 KB (store.md).
const CHUNK_POSITIONS: usize = 90;

/// Meta: the last position whose entry is applied.
pub(super) const WATERMARK: &[u8] = b"watermark";

/// Meta: one key an exchange that was going on at the watermark.
pub(super) const OPEN: &[u8] = b"open/";

/// Meta: one key an origin that showed MCP.
pub(super) const ORIGIN: &[u8] = b"origin/";

/// The most bytes of an origin that is remembered.
const MAX_ORIGIN: usize = 512;

/// An exchange's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    /// What readers ask for.
    pub(super) summary: Summary,
    /// Where its entries lie, where they are few; else they are in [`Table::Positions`].
    pub(super) positions: Vec<Position>,
    /// How many entries it has.
    pub(super) entries: u32,
}

impl Row {
    /// A row, and whether its positions stand in it.
    pub(super) fn new(summary: Summary, positions: &[Position]) -> Self {
        let inline = positions.len() <= INLINE_POSITIONS;
        Self {
            summary,
            positions: if inline { positions.to_vec() } else { Vec::new() },
            entries: u32::try_from(positions.len()).unwrap_or(u32::MAX),
        }
    }

    /// Whether its positions are in the row itself.
    pub(super) fn is_inline(&self) -> bool {
        self.positions.len() == self.entries as usize
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let bytes = Vec::with_capacity(ROW_BYTES);
        postcard::to_extend(self, bytes).expect("a row serialises: no maps, no unsized")
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }
}

/// Adds the positions from number `stored` on to a batch.
pub(super) fn put_positions(
    id: ExchangeId,
    positions: &[Position],
    stored: usize,
    batch: &mut CatalogBatch,
) {
    let first = stored / CHUNK_POSITIONS;
    for (number, chunk) in positions.chunks(CHUNK_POSITIONS).enumerate().skip(first) {
        let value = postcard::to_stdvec(chunk).expect("positions serialise: numbers only");
        batch.changes.push((Table::Positions, positions_key(id, number), Some(value)));
    }
}

/// Removes `count` stored positions.
pub(super) fn remove_positions(id: ExchangeId, count: usize, batch: &mut CatalogBatch) {
    for number in 0..count.div_ceil(CHUNK_POSITIONS) {
        batch.changes.push((Table::Positions, positions_key(id, number), None));
    }
}

/// Reads one value of [`Table::Positions`].
pub(super) fn positions(bytes: &[u8]) -> Result<Vec<Position>, postcard::Error> {
    postcard::from_bytes(bytes)
}

fn positions_key(id: ExchangeId, number: usize) -> Vec<u8> {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    [&id.as_bytes()[..], &number.to_be_bytes()].concat()
}

/// The watermark as a value.
pub(super) fn watermark(position: Position) -> Vec<u8> {
    postcard::to_stdvec(&position).expect("a position serialises: numbers only")
}

/// The key of a notice: its time and what it says, so that the same notice is there once.
pub(super) fn notice_key(at: crate::capture::Timestamp, value: &[u8]) -> Vec<u8> {
    let hash = Sha256::digest(value);
    let mut key = at.0.to_be_bytes().to_vec();
    key.extend(hash.iter().take(8));
    key
}

/// A notice as a value.
pub(super) fn notice(record: &Record) -> Vec<u8> {
    codec::encode(std::slice::from_ref(record), Vec::new())
}

/// The record in a notice's value.
pub(super) fn read_notice(value: &[u8]) -> Result<Vec<Record>, StoreError> {
    codec::decode(codec::VERSION, value).map_err(|error| StoreError::Catalog(error.to_string()))
}

/// The key that marks an exchange as going on.
pub(super) fn open_key(id: ExchangeId) -> Vec<u8> {
    [OPEN, &id.as_bytes()[..]].concat()
}

/// The key that remembers an origin; none for one that is too long to be remembered.
pub(super) fn origin_key(origin: &str) -> Option<Vec<u8>> {
    (origin.len() <= MAX_ORIGIN).then(|| [ORIGIN, origin.as_bytes()].concat())
}

/// The id at the end of a key.
pub(super) fn id_in(key: &[u8]) -> Option<ExchangeId> {
    let bytes = key.get(key.len().checked_sub(16)?..)?;
    Some(ExchangeId::from_bytes(bytes.try_into().ok()?))
}
