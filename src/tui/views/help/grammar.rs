//! The language of filters in a table (faces.md, Reading): what is typed, and what it takes. A term
//! without words is a heading.

/// Terms and what they mean.
pub(super) const TERMS: &[(&str, &str)] = &[
    ("", "Terms joined by a blank must all hold; - before one negates it"),
    ("tool:search status:error", "both hold"),
    ("-method:ping", "anything but this"),
    ("tool:get_*", "* stands for any characters"),
    ("method:tools/call|tools/list", "one or the other"),
    ("needle", "a bare word: in method, name and body"),
    ("\"two words\"", "quotes: a text in bodies"),
    ("", "The message"),
    ("method:tools/call", "JSON-RPC method"),
    ("tool:search", "tool; `name:` also prompt, resource, task"),
    ("id:7", "JSON-RPC id"),
    ("dir:server", "who sent it: client, server"),
    ("kind:notification", "request, response, error, notification"),
    ("has:problem", "something is wrong with it"),
    ("size>1M", "larger than this"),
    ("", "How the call went"),
    ("status:error", "any failure; also `ok`, `pending`"),
    ("http:404", "HTTP status; also `http>=400`"),
    ("rpc:-32601", "JSON-RPC error code"),
    ("tool-error", "the tool says isError"),
    ("outcome:truncated", "how its exchange ended"),
    ("latency>2s", "slower than this"),
    ("", "Its session"),
    ("session:0199f*", "id"),
    ("server:*example*", "URL"),
    ("client:cursor", "client's name"),
    ("revision:2025-*", "protocol revision"),
    ("state:expired", "where it stands"),
    ("run:nightly", "the run it came from"),
    ("", "When"),
    ("since:1d", "a day ago and later; also a time, 2026-11-20T10:00"),
    ("until:2026-11-20T10:00", "before"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{capture::Timestamp, protocol::query::Query};

    #[test]
    fn every_term_is_understood() {
        for (term, _) in TERMS.iter().filter(|(term, _)| !term.is_empty()) {
            let parsed = Query::parse(term, Timestamp(1_800_000_000_000_000_000));
            assert!(parsed.is_ok(), "{term}: {parsed:?}");
        }
    }
}
