//! Mentions in header fields and cookies.

use super::{Found, Needle, Spot};
use crate::capture::{Headers, Side, Timestamp};

/// The fields of one head, or trailers.
pub(super) fn headers(
    needle: &Needle,
    headers: &Headers,
    side: Side,
    at: Timestamp,
    found: &mut Found,
) {
    for (name, value) in headers.iter() {
        let value = String::from_utf8_lossy(value);
        let value = value.trim();
        let name = name.to_ascii_lowercase();
        let cookies = match (name.as_str(), side) {
            ("cookie", Side::Request) => cookies(needle, value.split(';'), side, at, found),
            // What follows the pair are attributes.
            ("set-cookie", Side::Response) => {
                cookies(needle, value.split(';').take(1), side, at, found)
            }
            _ => false,
        };
        if cookies {
            continue;
        }
        if let Some(whole) = needle.is_in_header(value) {
            let word = if side == Side::Request { "request" } else { "response" };
            found.add(Spot::of(at, side, format!("{word}-header:{name}"), whole));
        }
    }
}

/// The cookies among these pairs that mention the value; whether there are any.
fn cookies<'a>(
    needle: &Needle,
    pairs: impl Iterator<Item = &'a str>,
    side: Side,
    at: Timestamp,
    found: &mut Found,
) -> bool {
    let mut any = false;
    for pair in pairs {
        let Some((name, value)) = pair.trim().split_once('=') else { continue };
        if let Some(whole) = needle.is_in(value.trim_matches('"')) {
            found.add(Spot::of(at, side, format!("cookie:{}", name.trim()), whole));
            any = true;
        }
    }
    any
}
