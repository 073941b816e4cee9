//! How long the body after a head is: hyper's rules (`proto/h1/role.rs`; RFC 9112 §6.3), drawn from
//! the same parser. None wherever hyper refuses the message.

use std::mem::MaybeUninit;

use http::Method;

/// The most fields read in a head; hyper takes 100 unless told otherwise. Room for them is on the
/// stack and not touched before it is needed: 16 KiB.
const MAX_FIELDS: usize = 512;

/// The body after a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// None, and the final answer is still to come.
    Informational,
    Counted(u64),
    Chunked,
    /// Up to the connection's end, or bytes of another protocol.
    ToTheEnd,
}

/// What kind of request an answer belongs to, as far as its body depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    Head,
    Connect,
    Other,
}

impl Answers {
    pub(super) fn to(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Other,
        }
    }
}

pub(super) fn of_request(head: &[u8]) -> Option<Body> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    let read = request.parse_with_uninit_headers(head, &mut fields).ok()?;
    if read != httparse::Status::Complete(head.len()) {
        return None;
    }
    let is_http_11 = request.version == Some(1);
    let mut last_coding = None;
    let mut length = None;
    for field in request.headers.iter() {
        if field.name.eq_ignore_ascii_case("transfer-encoding") {
            if !is_http_11 {
                return None;
            }
            last_coding = Some(field.value);
        } else if field.name.eq_ignore_ascii_case("content-length") && last_coding.is_none() {
            let this = digits(field.value)?;
            if length.is_some_and(|length| length != this) {
                return None;
            }
            length = Some(this);
        }
    }
    match last_coding {
        // A Content-Length beside it is taken away by hyper.
        Some(value) => ends_in_chunked(value).then_some(Body::Chunked),
        None => Some(Body::Counted(length.unwrap_or(0))),
    }
}

pub(super) fn of_response(head: &[u8], answers: Option<Answers>) -> Option<Body> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let read = parser.parse_response_with_uninit_headers(&mut response, head, &mut fields).ok()?;
    if read != httparse::Status::Complete(head.len()) {
        return None;
    }
    // An answer that nobody asked for is an error to hyper.
    match (response.code?, answers?) {
        (101, _) | (200..=299, Answers::Connect) => return Some(Body::ToTheEnd),
        (100..=199, _) => return Some(Body::Informational),
        (204 | 304, _) | (_, Answers::Head) => return Some(Body::Counted(0)),
        _ => {}
    }
    let is_http_11 = response.version == Some(1);
    let codings = values(response.headers, "transfer-encoding").last();
    match codings {
        Some(_) if !is_http_11 => None,
        Some(value) if ends_in_chunked(value) => Some(Body::Chunked),
        Some(_) => Some(Body::ToTheEnd),
        None => counted_or_to_the_end(response.headers),
    }
}

/// In answers hyper also takes lists of equal lengths.
fn counted_or_to_the_end(fields: &[httparse::Header<'_>]) -> Option<Body> {
    let mut length = None;
    for value in values(fields, "content-length") {
        for item in value.split(|&byte| byte == b',') {
            let this = digits(item.trim_ascii())?;
            if length.is_some_and(|length| length != this) {
                return None;
            }
            length = Some(this);
        }
    }
    Some(length.map_or(Body::ToTheEnd, Body::Counted))
}

fn values<'a>(fields: &'a [httparse::Header<'_>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name))
        .map(|field| field.value)
}

fn ends_in_chunked(value: &[u8]) -> bool {
    let is_text = value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let last = value.rsplit(|&byte| byte == b',').next().unwrap_or_default();
    is_text && last.trim_ascii().eq_ignore_ascii_case(b"chunked")
}

/// Digits only: no sign, no blank, no overflow. hyper keeps the two largest values for itself.
fn digits(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    let length = value.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })?;
    (length <= u64::MAX - 2).then_some(length)
}
