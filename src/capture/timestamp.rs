//! Points in time, as values: this room has no clock.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Nanoseconds since the Unix epoch, UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Microseconds from `earlier` to this, 0 when `earlier` is the later one.
    #[must_use]
    pub fn micros_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000
    }

    /// The same as a calendar date and time, UTC.
    #[must_use]
    pub fn to_datetime(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// RFC 3339 with nine digits of a second, UTC (faces.md): `2026-11-20T10:00:00.000000001Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.to_datetime();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.nanosecond()
        )
    }
}

impl FromStr for Timestamp {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = || BadTime(text.to_owned());
        let t = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| bad())?;
        u64::try_from(t.unix_timestamp_nanos()).map(Self).map_err(|_| bad())
    }
}

/// Text that is no RFC 3339 time since 1970.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a time like 2026-11-20T10:00:00Z")]
pub struct BadTime(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back_keeps_every_nanosecond() {
        for ns in [0, 1, 1_795_168_800_000_000_001, 4_102_444_799_999_999_999] {
            let t = Timestamp(ns);
            assert_eq!(t.to_string().parse::<Timestamp>().expect("our own text"), t);
        }
        assert_eq!(
            Timestamp(1_795_168_800_000_000_001).to_string(),
            "2026-11-20T10:00:00.000000001Z"
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterday", "2026-11-20", "1960-01-01T00:00:00Z"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
