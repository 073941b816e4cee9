//! The one clock. Everything else takes a [`Timestamp`] (style.md, habit 5); clippy bans the
//! system's clocks elsewhere.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::capture::Timestamp;

/// The time by the system's wall clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
