//! The record: one append-only fact about the wire.

use std::fmt::Write as _;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{ExchangeId, Headers, Timestamp};

/// One fact with its time and place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The exchange it belongs to; none for a notice.
    pub exchange: Option<ExchangeId>,
    /// Its number within the exchange, from 0, in the order the recorder received them.
    /// 0 for a notice.
    pub n: u32,
    /// When it was seen on the wire.
    pub at: Timestamp,
    /// What was seen.
    pub fact: Fact,
}

/// What was seen. An exchange has `Open` first and `End` last; between them the request's and the
/// response's facts interleave as they came.
///
/// The codec stores variants by their position: new ones go to the end (see [`super::codec`]). What
/// is large and seldom is in a box: every record is moved several times on its way to the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// A request's head was read.
    Open(Box<Open>),
    /// A TLS handshake that this exchange's connection rests on.
    Tls(Box<Tls>),
    /// A piece of a body, as it came.
    Chunk {
        /// Whose body.
        side: Side,
        /// The bytes of the wire, still encoded.
        data: Bytes,
        /// How many bytes that followed were left out by `--max-body`; 0 for none.
        cut: u64,
    },
    /// A body ended well, with these trailers.
    BodyEnd {
        /// Whose body.
        side: Side,
        /// Trailers, often none.
        trailers: Headers,
    },
    /// A 1xx answer.
    Informational(Informational),
    /// The response's head.
    Head(Box<Head>),
    /// Reverse mode sent the client something else than the upstream's bytes.
    Rewrite(Box<Rewrite>),
    /// Bytes that passed but were not recorded. A notice where it concerns no one exchange.
    Gap(Gap),
    /// A remark by wiretape.
    Note {
        /// What it says.
        text: String,
    },
    /// The exchange is over.
    End(Box<End>),
    /// Notice: a connection that was passed through unread.
    Tunnel(Box<Tunnel>),
    /// Notice: a TLS handshake failed.
    TlsFailure(Box<TlsFailure>),
    /// Notice: exchanges of a host that shows no MCP were forwarded and not kept.
    NotKept(NotKept),
    /// Journal only, never on tapes: these exchanges are deleted.
    Tombstone {
        /// What is deleted.
        exchanges: Vec<ExchangeId>,
    },
}

/// Whose message: the client's request or the server's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Client to server.
    Request,
    /// Server to client.
    Response,
}

/// How a request came to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Absolute-form on the proxy port.
    Forward,
    /// Inside a CONNECT tunnel.
    Connect,
    /// On the port of a `--target`.
    Reverse,
}

/// The opening of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The client's address and port.
    pub client: String,
    /// The client's process, where the platform tells it at accept. For TCP none does: Linux names a
    /// peer's process only by a search through the open files of every process, some 10 ms of a core
    /// a connection, which would be late for a connection's first request, and sessions are grouped
    /// by it. The child of a `run` is no answer either: what connects is its child (npx, uvx, a
    /// shell). So it is on tapes and imports that have it, and none of ours.
    pub pid: Option<u32>,
    /// Which `run` it came from.
    pub run: Option<String>,
    /// The recording's name (`--name`).
    pub name: Option<String>,
    /// How it came.
    pub mode: Mode,
    /// The HTTP method.
    pub method: String,
    /// The whole URL at the upstream: scheme, authority, path and query.
    pub url: String,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub version: String,
    /// The request's headers as the client sent them.
    pub headers: Headers,
}

/// Facts of one TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// Which connection.
    pub side: TlsSide,
    /// The server name asked for.
    pub sni: Option<String>,
    /// The protocol agreed.
    pub alpn: Option<String>,
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: Option<String>,
    /// The upstream's own certificate, DER.
    pub peer_cert: Option<Bytes>,
}

/// Which of our two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsSide {
    /// Between the client and us.
    Client,
    /// Between us and the upstream.
    Upstream,
}

/// A 1xx answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Informational {
    /// 100, 102 or 103.
    pub status: u16,
    /// Its headers.
    pub headers: Headers,
}

/// A response's head, as the upstream sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The reason phrase of HTTP/1, also an empty one.
    pub reason: Option<String>,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub version: String,
    /// The response's headers.
    pub headers: Headers,
}

/// Bytes that reverse mode changed on their way to the client. The journal's bodies and heads are
/// the upstream's; this says what the client saw instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewrite {
    /// What was changed.
    #[serde(rename = "where")]
    pub place: RewriteWhere,
    /// Offset in the response body; 0 for a header.
    pub offset: u64,
    /// The upstream's text.
    pub old: String,
    /// Ours.
    pub new: String,
}

/// Where a rewrite happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RewriteWhere {
    /// In the response's body.
    Body,
    /// In this response header.
    Header(String),
    /// In this request header (Host, Origin).
    RequestHeader(String),
}

/// Bytes that passed and were not recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Whose bytes; none where it concerns whole exchanges.
    pub side: Option<Side>,
    /// How many.
    pub bytes: u64,
    /// Why.
    pub reason: String,
}

/// How an exchange ended (design.md, words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Both sides were seen to their end.
    Completed,
    /// The client went away first.
    ClientClosed,
    /// RST, GOAWAY or `RST_STREAM` by the upstream.
    UpstreamReset,
    /// Its end was not seen: early FIN, kill, our shutdown.
    Truncated,
    /// wiretape could not bring it to the upstream.
    ProxyError,
}

impl Outcome {
    /// Whether it is shown as a fault: the last three are.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(self, Self::UpstreamReset | Self::Truncated | Self::ProxyError)
    }

    /// The word of faces.md.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::ClientClosed => "client-closed",
            Self::UpstreamReset => "upstream-reset",
            Self::Truncated => "truncated",
            Self::ProxyError => "proxy-error",
        }
    }
}

/// The end of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where it did not end well.
    pub error: Option<String>,
    /// How long its parts took.
    pub timing: Timing,
    /// The upstream's address, where one was reached.
    pub upstream: Option<String>,
    /// Bytes of the request's body on the wire, recorded or not.
    pub request_bytes: u64,
    /// Bytes of the response's body on the wire, recorded or not.
    pub response_bytes: u64,
    /// SHA-256 of bodies that are not recorded whole; the others' hashes follow from their bytes.
    pub hashes: Vec<BodyHash>,
}

/// The hash of a body of which not every byte is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyHash {
    /// Whose body.
    pub side: Side,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

/// Bytes as a hash is written: lower-case hex, two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Durations in microseconds. None: that part did not happen for this exchange (a connection that
/// was there already).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Name lookup and TCP connect to the upstream.
    pub connect_us: Option<u64>,
    /// TLS handshake with the upstream.
    pub tls_us: Option<u64>,
    /// From the request's head read to the response's head read.
    pub first_byte_us: Option<u64>,
    /// From the request's head read to the end.
    pub total_us: u64,
}

/// A connection passed through unread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    /// Host and port.
    pub host: String,
    /// Why it was not read.
    pub reason: String,
    /// Bytes from the client.
    pub sent_bytes: u64,
    /// Bytes from the upstream.
    pub received_bytes: u64,
}

/// A TLS handshake that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsFailure {
    /// Which connection.
    pub side: TlsSide,
    /// Host and port.
    pub host: String,
    /// What went wrong.
    pub reason: String,
    /// What helps.
    pub remedy: String,
    /// How many times so far; they are grouped per host.
    pub count: u64,
}

/// Exchanges that were forwarded and not kept (design.md, What is intercepted and kept).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotKept {
    /// The origin's host and port.
    pub host: String,
    /// How many exchanges since the last notice.
    pub exchanges: u64,
    /// Their bytes.
    pub bytes: u64,
}
