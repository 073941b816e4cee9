//! Names of things. Only exchanges are named in records; the ids of sessions and messages are
//! derived from these by the fold (design.md, tape format).

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of one exchange: a `UUIDv7` made at its opening, kept on import.
///
/// Ids made by one process ascend strictly, so their order is the order of opening.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExchangeId(Uuid);

impl ExchangeId {
    /// The id of an exchange that opens now.
    #[must_use]
    pub fn next() -> Self {
        Self(Uuid::now_v7())
    }

    /// The sixteen bytes, in the order that sorts as the ids do.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

/// By its bytes, compared as one number: batches of records are sorted by it.
impl Ord for ExchangeId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.as_u128().cmp(&other.0.as_u128())
    }
}

impl PartialOrd for ExchangeId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ExchangeId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        Uuid::try_parse(text).map(Self).map_err(|_| BadId(text.to_owned()))
    }
}

/// Text that is no exchange id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an exchange id (a UUID)")]
pub struct BadId(String);
