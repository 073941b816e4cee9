//! Values that are the clock's: a time within a day of its own exchange says when something was
//! done, and is compared by type alone. A time farther away is data.

use crate::capture::Timestamp;

use super::value::Value;

const DAY: u64 = 24 * 60 * 60 * 1_000_000_000;

/// Both are times of the same kind, each near its own exchange.
pub(super) fn both_near(own: &Value<'_>, at: Timestamp, its: &Value<'_>, other: Timestamp) -> bool {
    let near = |value: &Value<'_>, at: Timestamp| {
        let time = time(value)?;
        Some(time.0.abs_diff(at.0) <= DAY)
    };
    own.is_like(its) && near(own, at) == Some(true) && near(its, other) == Some(true)
}

/// RFC 3339 text; seconds or milliseconds since 1970.
fn time(value: &Value<'_>) -> Option<Timestamp> {
    match value {
        Value::Text(text) => text.parse().ok(),
        Value::Number(number) => {
            let number: u64 = number.parse().ok()?;
            let unit = match number {
                0..100_000_000_000 => 1_000_000_000,
                _ => 1_000_000,
            };
            number.checked_mul(unit).map(Timestamp)
        }
        _ => None,
    }
}
