//! `CONNECT` to an upstream proxy, by hand: hyper-util's tunnel hides the status of a refusal, and
//! hyper reads on past the head, where a server that speaks first has already spoken.
//!
//! The answer's head is peeked at, so that not one byte behind it leaves the socket.

use std::{io, time::Duration};

use http::{HeaderValue, header, uri::Authority};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::DialError;

/// The longest head of an answer; a longer one is no answer.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// How much of a refusal's body is told.
const MAX_TEXT_BYTES: u64 = 512;
/// How long the text of a refusal is waited for once its head is there.
const TEXT_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_FIELDS: usize = 100;

/// Why the proxy opened no tunnel.
#[derive(Debug)]
pub(super) enum TunnelError {
    Io(io::Error),
    NoHttp,
    Refused { status: u16, reason: String, text: String },
}

impl From<io::Error> for TunnelError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Asks for a tunnel. When it is there, the stream's next byte is the target's.
pub(super) async fn open(
    stream: &mut TcpStream,
    target: &Authority,
    authorization: Option<&HeaderValue>,
) -> Result<(), TunnelError> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await?;
    loop {
        let head = read_head(stream).await?;
        let answer = Answer::parse(&head).ok_or(TunnelError::NoHttp)?;
        match answer.status {
            100..=199 => {}
            200..=299 => return Ok(()),
            status => {
                let text = timeout(TEXT_TIMEOUT, answer.read_text(stream)).await;
                let text = text.unwrap_or_default();
                return Err(TunnelError::Refused { status, reason: answer.reason, text });
            }
        }
    }
}

impl TunnelError {
    pub(super) fn about(self, proxy: &Authority, target: &Authority) -> DialError {
        let remedy = match &self {
            Self::Io(error) => return DialError::io(proxy, error).of_upstream_proxy(),
            Self::NoHttp => "check that --upstream-proxy names an HTTP proxy's port",
            Self::Refused { status: 407, .. } => {
                "give user and password: --upstream-proxy http://USER:PASSWORD@HOST:PORT"
            }
            Self::Refused { status: 504, .. } => {
                "check that the host is up, or ask who runs the proxy"
            }
            Self::Refused { .. } => {
                "ask who runs the proxy, or reach this host past it (NO_PROXY with \
                 --upstream-proxy env)"
            }
        };
        let (said, timed_out) = match self {
            Self::Refused { status, reason, text } => {
                let separator = if text.is_empty() { "" } else { ": " };
                (format!("answered {status} {reason}{separator}{text}"), status == 504)
            }
            _ => ("did not answer in HTTP".to_owned(), false),
        };
        let reason = format!("the upstream proxy {proxy} opened no tunnel to {target}: it {said}");
        DialError { timed_out, ..DialError::new(reason, remedy) }
    }
}

/// Reads up to and with the empty line, no further.
async fn read_head(stream: &mut TcpStream) -> Result<Vec<u8>, TunnelError> {
    let mut head = Vec::new();
    let mut window = vec![0; 2048];
    while head.len() < MAX_HEAD_BYTES {
        let seen = stream.peek(&mut window).await?;
        if seen == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let known = head.len();
        head.extend(window.iter().take(seen));
        let end = end_of_head(&head, known);
        head.truncate(end.unwrap_or(head.len()));
        let (read, _) = window.split_at_mut(head.len() - known);
        stream.read_exact(read).await?;
        if end.is_some() {
            return Ok(head);
        }
    }
    Err(TunnelError::NoHttp)
}

/// Where the empty line ends. Before `known` it does not.
fn end_of_head(head: &[u8], known: usize) -> Option<usize> {
    (known..head.len()).map(|at| at + 1).find(|&end| {
        let head = head.get(..end).unwrap_or_default();
        head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n")
    })
}

struct Answer {
    status: u16,
    reason: String,
    length: Option<u64>,
    is_chunked: bool,
}

impl Answer {
    fn parse(head: &[u8]) -> Option<Self> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        answer.parse(head).ok()?;
        let field = |name: http::HeaderName| {
            let field =
                answer.headers.iter().find(|f| f.name.eq_ignore_ascii_case(name.as_str()))?;
            std::str::from_utf8(field.value).ok()
        };
        Some(Self {
            status: answer.code?,
            reason: answer.reason.unwrap_or_default().to_owned(),
            length: field(header::CONTENT_LENGTH).and_then(|value| value.trim().parse().ok()),
            is_chunked: field(header::TRANSFER_ENCODING).is_some(),
        })
    }

    /// The start of a refusal's text on one line; empty if there is none. Of chunks only the first.
    async fn read_text(&self, stream: &mut TcpStream) -> String {
        let most = self.length.unwrap_or(MAX_TEXT_BYTES).min(MAX_TEXT_BYTES);
        let mut body = Vec::new();
        // An early end leaves what there was.
        let _ = stream.take(most).read_to_end(&mut body).await;
        let text = if self.is_chunked { first_chunk(&body) } else { &body };
        String::from_utf8_lossy(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn first_chunk(body: &[u8]) -> &[u8] {
    let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(body) else {
        return &[];
    };
    let chunk = body.get(start..).unwrap_or_default();
    usize::try_from(size).ok().and_then(|size| chunk.get(..size)).unwrap_or(chunk)
}
