//! Numbers, durations, sizes and times as they are typed: `2s`, `1M`, `1d`, `2026-11-20T10:00`.

use time::{
    Date, PrimitiveDateTime, Time, format_description::BorrowedFormatItem,
    macros::format_description,
};

use crate::capture::Timestamp;

/// A duration in microseconds: `250us`, `20ms`, `2s`, `1.5m`, `3h`, `1d`.
pub(super) fn duration(text: &str) -> Option<u64> {
    const UNITS: [(&str, f64); 6] =
        [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7), ("h", 3.6e9), ("d", 8.64e10)];
    scaled(text, &UNITS)
}

/// A size in bytes: `512`, `10K`, `1M`, `1MiB`, `2GB`; K is 1,024.
pub(super) fn size(text: &str) -> Option<u64> {
    const UNITS: [(&str, f64); 5] =
        [("", 1.0), ("b", 1.0), ("k", 1024.0), ("m", 1_048_576.0), ("g", 1_073_741_824.0)];
    let text = text.to_ascii_lowercase();
    let short = text
        .strip_suffix("ib")
        .or_else(|| text.strip_suffix('b').filter(|text| text.ends_with(['k', 'm', 'g'])));
    scaled(short.unwrap_or(&text), &UNITS)
}

/// A time: an amount back from `now`, or a date with or without time, UTC unless it says.
pub(super) fn time(text: &str, now: Timestamp) -> Option<Timestamp> {
    const MINUTE: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]");
    const SECOND: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
    if let Some(ago) = duration(text) {
        return Some(Timestamp(now.0.saturating_sub(ago.saturating_mul(1_000))));
    }
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let zoneless = text.trim_end_matches('Z');
    let at = PrimitiveDateTime::parse(zoneless, MINUTE)
        .or_else(|_| PrimitiveDateTime::parse(zoneless, SECOND))
        .or_else(|_| Date::parse(zoneless, DAY).map(|day| day.with_time(Time::MIDNIGHT)))
        .ok()?;
    u64::try_from(at.assume_utc().unix_timestamp_nanos()).ok().map(Timestamp)
}

/// A decimal number before one of the units.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<u64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    let value = number.parse::<f64>().ok()? * factor;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "digits only: not negative, and too much saturates"
    )]
    Some(value as u64)
}
