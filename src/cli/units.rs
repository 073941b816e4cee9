//! Numbers as people read them. JSON has microseconds and bytes instead.

use std::fmt::Write as _;

use bytesize::ByteSize;

use crate::capture::Timestamp;

/// A duration in at most two units: `850µs`, `12ms`, `1.25s`, `3m 4s`, `2h 5m`, `3d 4h`.
pub(crate) fn duration(us: u64) -> String {
    let seconds = us / 1_000_000;
    let two = |big: u64, word: &str, small: u64, small_word: &str| {
        let mut text = format!("{big}{word}");
        if small > 0 {
            let _ = write!(text, " {small}{small_word}");
        }
        text
    };
    match us {
        0..1_000 => format!("{us}µs"),
        1_000..1_000_000 => format!("{}ms", us / 1_000),
        1_000_000..60_000_000 => format!("{seconds}.{:02}s", us % 1_000_000 / 10_000),
        _ if seconds < 3_600 => two(seconds / 60, "m", seconds % 60, "s"),
        _ if seconds < 86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "m"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// A size: `0 B`, `812 B`, `1.2 kB`, `3.4 MB`.
pub(crate) fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().si().to_string()
}

/// A count with its noun: `1 session`, `2 sessions`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The time of day, UTC, to the millisecond: `10:00:00.123`.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    let t = at.to_datetime();
    format!("{:02}:{:02}:{:02}.{:03}", t.hour(), t.minute(), t.second(), t.millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_read_them() {
        let table = [
            (0, "0µs"),
            (999, "999µs"),
            (12_345, "12ms"),
            (1_250_000, "1.25s"),
            (59_999_999, "59.99s"),
            (184_000_000, "3m 4s"),
            (120_000_000, "2m"),
            (7_500_000_000, "2h 5m"),
            (273_600_000_000, "3d 4h"),
        ];
        for (us, text) in table {
            assert_eq!(duration(us), text);
        }
        assert_eq!([size(0), size(812), size(1_234)], ["0 B", "812 B", "1.2 kB"]);
        assert_eq!(count(1, "session"), "1 session");
        assert_eq!(time_of_day(Timestamp(1_795_168_800_123_000_000)), "10:00:00.123");
    }
}
