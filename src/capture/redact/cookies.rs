//! Cookies, value by value: names, attributes and blanks stay, so that clients that are told apart
//! by cookies are still told apart, and those that share one still share it.

use std::ops::Range;

/// Where the values stand in a `Cookie` header (`a=1; b=2`).
pub(super) fn in_request(header: &[u8]) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    let mut start = 0;
    for pair in header.split(|byte| *byte == b';') {
        values.extend(value(pair, start));
        start += pair.len() + 1;
    }
    values
}

/// Where the value stands in a `Set-Cookie` header (`a=1; Path=/`).
pub(super) fn in_response(header: &[u8]) -> Vec<Range<usize>> {
    let pair = header.split(|byte| *byte == b';').next().unwrap_or_default();
    value(pair, 0).into_iter().collect()
}

/// The value of `name=value`, without quotes; what has no name is all value.
fn value(pair: &[u8], at: usize) -> Option<Range<usize>> {
    let start = pair.iter().position(|byte| *byte == b'=').map_or(0, |equals| equals + 1);
    let raw = pair.get(start..).unwrap_or_default();
    let blanks = raw.len() - raw.trim_ascii_start().len();
    let value = raw.trim_ascii();
    let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    let quote = usize::from(inner.is_some());
    let value = inner.unwrap_or(value);
    let start = at + start + blanks + quote;
    (!value.is_empty()).then_some(start..start + value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_nothing_else() {
        let shown = |ranges: Vec<Range<usize>>, text: &'static str| -> Vec<&'static str> {
            ranges.into_iter().map(|range| &text[range]).collect()
        };
        let text = "a=1; b=\"2 3\";c= ;d=x=y; bare";
        assert_eq!(shown(in_request(text.as_bytes()), text), ["1", "2 3", "x=y", "bare"]);
        let text = "sid = v ; Path=/; Max-Age=1";
        assert_eq!(shown(in_response(text.as_bytes()), text), ["v"]);
        assert!(in_response(b"").is_empty());
    }
}
