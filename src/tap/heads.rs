//! Heads on their way to the recorder: bytes on HTTP/1, a header map on HTTP/2. Which of the two is
//! the difference between a list in wire order and spelling and one that hyper has sorted, so on
//! HTTP/1 the bytes are what counts (design.md, HTTP fidelity).

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{HeaderMap, Version};

use crate::capture::{Head, Headers};

/// The most header fields read out of one head; hyper refuses more before we see them.
const MAX_HEADERS: usize = 256;

/// A request's head.
#[derive(Debug)]
pub struct WireRequest {
    /// The method, as text of the wire.
    pub method: http::Method,
    /// The protocol version.
    pub version: Version,
    /// The head's bytes up to and with its empty line, on HTTP/1.
    pub bytes: Option<Bytes>,
    /// The fields as hyper gathered them; what is recorded where there are no bytes.
    pub headers: HeaderMap,
}

/// A response's head.
#[derive(Debug)]
pub struct WireResponse {
    /// The status code.
    pub status: http::StatusCode,
    /// The protocol version of the upstream.
    pub version: Version,
    /// The reason phrase of HTTP/1 where hyper kept one.
    pub reason: Option<Bytes>,
    /// The head's bytes up to and with its empty line, on HTTP/1.
    pub bytes: Option<Bytes>,
    /// The fields as hyper gathered them.
    pub headers: HeaderMap,
}

pub(super) struct RequestParts {
    pub(super) method: String,
    pub(super) version: String,
    pub(super) headers: Headers,
}

impl WireRequest {
    pub(super) fn len(&self) -> usize {
        length(self.bytes.as_ref(), &self.headers)
    }

    pub(super) fn into_parts(self) -> RequestParts {
        RequestParts {
            method: self.method.as_str().to_owned(),
            version: version_text(self.version).to_owned(),
            headers: self
                .bytes
                .as_ref()
                .and_then(request_fields)
                .unwrap_or_else(|| gathered(&self.headers)),
        }
    }
}

impl WireResponse {
    pub(super) fn len(&self) -> usize {
        length(self.bytes.as_ref(), &self.headers)
    }

    pub(super) fn into_head(self) -> Head {
        let parsed = self.bytes.as_ref().and_then(response_fields);
        let (reason, headers) = match parsed {
            Some((reason, headers)) => (Some(reason), headers),
            None => (
                self.reason.map(|reason| String::from_utf8_lossy(&reason).into_owned()),
                gathered(&self.headers),
            ),
        };
        Head {
            status: self.status.as_u16(),
            reason,
            version: version_text(self.version).to_owned(),
            headers,
        }
    }
}

/// The version as design.md's records spell it.
fn version_text(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}

fn length(bytes: Option<&Bytes>, headers: &HeaderMap) -> usize {
    bytes.map_or_else(
        || headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum(),
        Bytes::len,
    )
}

fn request_fields(head: &Bytes) -> Option<Headers> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut []);
    let read = request.parse_with_uninit_headers(head, &mut fields).ok()?;
    read.is_complete().then(|| shared(head, request.headers))
}

fn response_fields(head: &Bytes) -> Option<(String, Headers)> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let read = parser.parse_response_with_uninit_headers(&mut response, head, &mut fields).ok()?;
    let reason = response.reason.unwrap_or_default();
    read.is_complete().then(|| (reason.to_owned(), shared(head, response.headers)))
}

/// The fields of a head. Their values are parts of it: it consists of little else.
fn shared(head: &Bytes, fields: &[httparse::Header<'_>]) -> Headers {
    fields.iter().map(|field| (field.name, head.slice_ref(field.value))).collect()
}

fn gathered(headers: &HeaderMap) -> Headers {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), Bytes::copy_from_slice(value.as_bytes())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http1_fields_keep_order_spelling_and_duplicates() {
        let head = b"POST /mcp HTTP/1.1\r\nX-One: 1\r\nhost: h\r\nx-ONE:  2 \r\nRaw: \xff\r\n\r\n";
        let parts = WireRequest {
            method: http::Method::POST,
            version: Version::HTTP_11,
            bytes: Some(Bytes::from_static(head)),
            headers: HeaderMap::new(),
        }
        .into_parts();
        let expected: Headers =
            [("X-One", &b"1"[..]), ("host", b"h"), ("x-ONE", b"2"), ("Raw", b"\xff")]
                .map(|(n, v)| (n, Bytes::from_static(v)))
                .into_iter()
                .collect();
        assert_eq!(parts.headers, expected);
    }

    #[test]
    fn a_response_keeps_an_empty_reason() {
        let head = WireResponse {
            status: http::StatusCode::OK,
            version: Version::HTTP_11,
            reason: None,
            bytes: Some(Bytes::from_static(b"HTTP/1.1 200 \r\nServer: x\r\n\r\n")),
            headers: HeaderMap::new(),
        }
        .into_head();
        assert_eq!(head.reason.as_deref(), Some(""));
        assert_eq!(head.headers.text("server"), Some("x"));
    }
}
