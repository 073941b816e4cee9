//! Values that are the clock's: a time within a day of its own exchange says when something was
//! done, and is compared by type alone, alone or inside a longer text. A time farther away is data.

use std::{ops::Range, sync::LazyLock};

use regex::{Captures, Regex};
use time::{Date, Month};

use crate::capture::Timestamp;

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 24 * 60 * 60 * SECOND;

/// Longer texts are compared without a look for times in them.
const TEXT_CAP: usize = 1 << 20;

/// RFC 3339 and what comes near it (a blank for the `T`, no zone, the date alone, no separators),
/// the dates of HTTP and of mail, of C and of JavaScript, and seconds, milliseconds, microseconds
/// and nanoseconds since 1970.
static TIMES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?x-u)
        \b(?<y1>[0-9]{4})-(?<m1>[0-9]{2})-(?<d1>[0-9]{2})
          (?<t1>[Tt\ ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)?
          (?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?\b
      | \b(?<y2>[0-9]{4})(?<m2>[0-9]{2})(?<d2>[0-9]{2})(?<t2>T[0-9]{6})Z?\b
      | \b[A-Z][a-z]{2,8},\ (?<d3>[0-9]{1,2})[\ -](?<m3>[A-Z][a-z]{2})[\ -](?<y3>[0-9]{4})
          (?<t3>\ [0-9]{2}:[0-9]{2}:[0-9]{2})\ (?:GMT|UTC|[+-][0-9]{4})
      | \b[A-Z][a-z]{2}\ (?<m4>[A-Z][a-z]{2})\ (?<d4>[0-9\ ][0-9])
          (?<t4>\ [0-9]{2}:[0-9]{2}:[0-9]{2})\ (?<y4>[0-9]{4})\b
      | \b[A-Z][a-z]{2}\ (?<m5>[A-Z][a-z]{2})\ (?<d5>[0-9]{2})\ (?<y5>[0-9]{4})
          (?<t5>\ [0-9]{2}:[0-9]{2}:[0-9]{2})\ GMT[+-][0-9]{4}
      | (?<epoch>[0-9]{10,})(?<fraction>\.[0-9]{1,9})?
    ";
    Regex::new(pattern).expect("a constant pattern")
});

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time in a text.
struct Found {
    start: usize,
    end: usize,
    /// How it is spelled.
    form: Form,
}

/// Times of one form are of one type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Date(usize),
    Time(usize),
    /// With so many digits.
    Epoch(usize),
}

/// A text, when it came, and which places of it are more than the clock's: handles that have a time
/// in them.
#[derive(Clone, Copy)]
pub(super) struct Side<'t> {
    pub(super) text: &'t str,
    pub(super) at: Timestamp,
    pub(super) apart: &'t [Range<usize>],
}

/// Both texts have times in the same places, each near its own exchange, and `agrees` holds for
/// what stands between them.
pub(super) fn both_near(
    one: Side<'_>,
    other: Side<'_>,
    agrees: impl Fn(&str, &str) -> bool,
) -> bool {
    let (own, its) = (one.text, other.text);
    if own.len().max(its.len()) > TEXT_CAP {
        return false;
    }
    let ours = near(one);
    if ours.is_empty() {
        return false;
    }
    let theirs = near(other);
    let forms = |all: &[Found]| all.iter().map(|found| found.form).collect::<Vec<_>>();
    forms(&ours) == forms(&theirs)
        && between(own, &ours).zip(between(its, &theirs)).all(|(own, its)| agrees(own, its))
}

/// The texts before, between and after.
fn between<'t>(text: &'t str, times: &[Found]) -> impl Iterator<Item = &'t str> {
    let starts = std::iter::once(0).chain(times.iter().map(|found| found.end));
    let ends = times.iter().map(|found| found.start).chain([text.len()]);
    let cuts: Vec<(usize, usize)> = starts.zip(ends).collect();
    cuts.into_iter().filter_map(|(start, end)| text.get(start..end))
}

/// The times in a text that are near.
fn near(Side { text, at, apart }: Side<'_>) -> Vec<Found> {
    let found = TIMES.captures_iter(text);
    let found = found.filter_map(|found| time(&found, i128::from(at.0)));
    let is_free = |found: &Found| !apart.iter().any(|r| r.start < found.end && found.start < r.end);
    found.filter(is_free).collect()
}

/// There is something that may be a time.
pub(super) fn any(text: &str) -> bool {
    text.len() <= TEXT_CAP && TIMES.is_match(text)
}

/// What was found, where it is a time near the other one.
fn time(found: &Captures<'_>, at: i128) -> Option<Found> {
    let whole = found.get(0)?;
    let is_near = |from: i128, to: i128| from - DAY <= at && at <= to + DAY;
    if let Some(digits) = found.name("epoch") {
        let unit = match digits.len() {
            10 => SECOND,
            13 => SECOND / 1_000,
            16 => SECOND / 1_000_000,
            19 => 1,
            _ => return None,
        };
        let time = digits.as_str().parse::<i128>().ok()? * unit;
        let form = Form::Epoch(digits.len());
        let (start, end) = (whole.start(), whole.end());
        return is_near(time, time + unit).then_some(Found { start, end, form });
    }
    let form = (1..=5).find(|form| found.name(&format!("y{form}")).is_some())?;
    let part = |part: &str| found.name(&format!("{part}{form}")).map(|found| found.as_str());
    let (year, month, day) = (part("y")?, part("m")?, part("d")?);
    let month = match month.parse::<u8>() {
        Ok(month) => month,
        Err(_) => 1 + u8::try_from(MONTHS.iter().position(|name| *name == month)?).ok()?,
    };
    let month = Month::try_from(month).ok()?;
    let day = day.trim_start().parse().ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day).ok()?;
    let midnight = i128::from(date.midnight().assume_utc().unix_timestamp()) * SECOND;
    // The zone moves it by less than the day that it may be away; so the time of the day tells
    // little more than the date, which lasts a day.
    let (form, from, to) = match part("t") {
        None => (Form::Date(form), midnight, midnight + DAY),
        Some(time) => {
            let time = midnight + of_day(time)?;
            (Form::Time(form), time, time)
        }
    };
    is_near(from, to).then_some(Found { start: whole.start(), end: whole.end(), form })
}

/// `T10:00:00.5`, ` 10:00`, `T100000`; what is no time of a day is none.
fn of_day(text: &str) -> Option<i128> {
    let digits: Vec<i128> =
        text.bytes().filter(u8::is_ascii_digit).map(|digit| i128::from(digit - b'0')).collect();
    let pair = |at: usize| Some(digits.get(at)? * 10 + digits.get(at + 1)?);
    let (hour, minute, second) = (pair(0)?, pair(2)?, pair(4).unwrap_or(0));
    (hour < 24 && minute < 60 && second <= 60)
        .then_some(((hour * 60 + minute) * 60 + second) * SECOND)
}
