//! HTTP Archive 1.1 to 1.3 as browsers' devtools, mitmproxy, Charles and wiretape write it.
//!
//! The document is read as it comes, one entry in memory at a time. Bodies in HAR are decoded: a
//! `Content-Encoding` of the response is renamed, as on a tape that has decoded a body. Entries that
//! are no HTTP (`data:`, `blob:`, frames of `WebSocket`s) are passed over and counted. wiretape's own
//! archives bring back ids, outcomes and the frames' times from `_mcp`.

mod document;
mod entry;
mod exchange;

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
};

use serde::Deserializer as _;
use time::{OffsetDateTime, PrimitiveDateTime, format_description::well_known::Iso8601};

use super::{
    error::ImportError,
    intake::{Foreign, Intake},
};
use crate::capture::Timestamp;

const NAME: &str = "HAR";

const LACKS: &str = "it keeps no times of a body's pieces, no bytes before decoding, no 1xx, trailers \
                     or TLS";

/// Reads an archive.
pub(super) fn read(mut input: BufReader<File>) -> Result<Foreign, ImportError> {
    if input.fill_buf()?.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.consume(3);
    }
    let mut archive = document::Archive {
        intake: Intake::new(NAME, LACKS)?,
        entries: 0,
        has_log: false,
        failed: None,
    };
    let mut json = serde_json::Deserializer::from_reader(input);
    let read = json.deserialize_map(&mut archive).and_then(|()| json.end());
    if let Some(why) = archive.failed {
        return Err(why);
    }
    read.map_err(|error| ImportError::json(&error, 1))?;
    if !archive.has_log {
        let what = "it has no `log` with `entries`".to_owned();
        return Err(ImportError::NotThat { format: "HAR", what });
    }
    archive.intake.finish()
}

/// A time as HAR writers write it: RFC 3339, with an offset without colon, or without offset.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let at = OffsetDateTime::parse(text, &Iso8601::PARSING);
    let utc =
        || PrimitiveDateTime::parse(text, &Iso8601::PARSING).map(PrimitiveDateTime::assume_utc);
    let nanos = at.or_else(|_| utc()).ok()?.unix_timestamp_nanos();
    u64::try_from(nanos).ok().map(Timestamp)
}

/// So many milliseconds later; none where they are negative or beyond what times hold.
pub(super) fn after(at: Timestamp, ms: f64) -> Option<Timestamp> {
    micros(ms).and_then(|us| at.0.checked_add(us.checked_mul(1_000)?)).map(Timestamp)
}

/// Longer than any recording: about 317 years.
const LONGEST_US: f64 = 1e16;

/// Milliseconds as microseconds; none for what is no duration.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
pub(super) fn micros(ms: f64) -> Option<u64> {
    let us = (ms * 1_000.0).round();
    (0.0..=LONGEST_US).contains(&us).then_some(us as u64)
}

/// An absolute URL of HTTP.
pub(super) fn is_http(url: &str) -> bool {
    let parsed = url::Url::parse(url);
    parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// A header's name, a method (RFC 9110, 5.6.2).
pub(super) fn is_token(text: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(token)
}
