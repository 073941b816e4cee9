//! Headers, query and bodies.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;

use crate::{
    capture::Headers,
    cli::{
        exchange::{Body, Exchange},
        units,
    },
};

/// The longest decoded body that is written, in bytes: more of a bomb is left out, which the entry
/// says.
const BODY_CAP: usize = 256 << 20;

/// A header. Values that are not UTF-8 have replacement characters: HAR has no place for bytes.
#[derive(Serialize)]
pub(super) struct Pair {
    name: String,
    value: String,
}

/// A parameter of the URL, decoded.
#[derive(Serialize)]
pub(super) struct Query {
    name: String,
    value: String,
}

/// A request's body.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostData {
    mime_type: String,
    text: String,
    /// As in `content`, and in HAR 1.3: 1.2 has no place for bytes here.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

/// A response's body.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    compression: Option<i64>,
    mime_type: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// Its coding could not be undone.
    #[serde(skip)]
    pub(super) as_on_the_wire: bool,
}

pub(super) fn pairs(headers: &Headers) -> Vec<Pair> {
    let pair = |(name, value): (&str, &bytes::Bytes)| Pair {
        name: name.to_owned(),
        value: String::from_utf8_lossy(value).into_owned(),
    };
    headers.iter().map(pair).collect()
}

pub(super) fn query(url: &str) -> Vec<Query> {
    let query = url.split('#').next().and_then(|url| url.split_once('?')).map(|(_, query)| query);
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.map(|(name, value)| Query { name: name.into(), value: value.into() }).collect()
}

impl PostData {
    /// None where nothing was sent. Requests are compressed by nobody in MCP; one that is stands as
    /// on the wire.
    pub(super) fn of(body: &Body, headers: &Headers) -> Option<Self> {
        if body.bytes == 0 && body.chunks.is_empty() {
            return None;
        }
        let (bytes, _) = body.decoded(None, BODY_CAP);
        let left_out = body.left_out();
        let (text, encoding) = text(bytes);
        let mime_type = headers.text("content-type").unwrap_or_default().to_owned();
        Some(Self { mime_type, text, encoding, comment: missing(left_out) })
    }
}

impl Content {
    pub(super) fn of(exchange: &Exchange<'_>) -> Self {
        let body = &exchange.response;
        let headers = exchange.head.map(|head| &head.headers);
        let header = |name| headers.and_then(|headers| headers.text(name)).unwrap_or_default();
        let coding = header("content-encoding");
        let is_coded = !coding.is_empty() && !coding.eq_ignore_ascii_case("identity");
        let (bytes, whole) = body.decoded(Some(coding), BODY_CAP);
        let wire = || body.chunks.iter().flat_map(|chunk| chunk.iter());
        let as_on_the_wire = is_coded && !whole && wire().eq(bytes.iter());
        let size = bytes.len() as u64;
        let kept = body.kept_bytes();
        let saved = i64::try_from(size).ok().zip(i64::try_from(kept).ok());
        let compression = saved.filter(|_| is_coded && whole).map(|(size, kept)| size - kept);
        let comment = if as_on_the_wire && !bytes.is_empty() {
            Some(format!("its coding, {coding}, could not be undone: as on the wire"))
        } else {
            missing(body.left_out())
                .or_else(|| (!whole).then(|| "the rest could not be decoded".to_owned()))
        };
        let (text, encoding) = text(bytes);
        let mime_type = header("content-type").to_owned();
        Self { size, compression, mime_type, text, encoding, comment, as_on_the_wire }
    }
}

fn missing(bytes: u64) -> Option<String> {
    (bytes > 0).then(|| format!("{} not in the recording", units::count(bytes, "byte")))
}

/// As text, or in base64 where it is none.
fn text(bytes: Vec<u8>) -> (String, Option<&'static str>) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => (BASE64_STANDARD.encode(error.as_bytes()), Some("base64")),
    }
}
