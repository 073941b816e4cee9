//! What a connection's first bytes say it speaks, without losing them.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::writes::writes_to_its_stream;

/// The first bytes of HTTP/2 with prior knowledge.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The first byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;
/// The longest method looked for in front of the blank; what is longer is no HTTP.
const LONGEST_METHOD: usize = 24;

/// What was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    Tls,
    Http1,
    Http2,
    /// Nothing that is read here.
    Other,
    /// It may become HTTP.
    Undecided,
}

/// What these first bytes are.
pub(super) fn speech(bytes: &[u8]) -> Speech {
    match bytes.first() {
        None => return Speech::Undecided,
        Some(&TLS_HANDSHAKE) => return Speech::Tls,
        Some(_) => {}
    }
    if bytes.starts_with(PREFACE) {
        return Speech::Http2;
    }
    if PREFACE.starts_with(bytes) {
        return Speech::Undecided;
    }
    let method = bytes.iter().take_while(|b| b.is_ascii_uppercase() || **b == b'-').count();
    match bytes.get(method..) {
        Some([]) if method <= LONGEST_METHOD => Speech::Undecided,
        Some([b' ']) if method > 0 => Speech::Undecided,
        Some([b' ', b'/' | b'*' | b'h' | b'H', ..]) if method > 0 => Speech::Http1,
        _ => Speech::Other,
    }
}

/// Reads until it is plain whether this is HTTP/2 with prior knowledge, and gives the bytes back.
pub(super) async fn preface<S>(mut stream: S) -> io::Result<(Rewound<S>, bool)>
where
    S: AsyncRead + Unpin,
{
    let mut seen = BytesMut::with_capacity(FIRST_READ);
    loop {
        let undecided = seen.len() < PREFACE.len() && PREFACE.starts_with(&seen);
        if !undecided || stream.read_buf(&mut seen).await? == 0 {
            let http2 = seen.starts_with(PREFACE);
            return Ok((Rewound::new(seen.freeze(), stream), http2));
        }
    }
}

/// The size of the buffer for a connection's first bytes.
pub(super) const FIRST_READ: usize = 4096;

/// A stream of which some bytes were read already; they come first.
#[derive(Debug)]
pub(super) struct Rewound<S> {
    first: Bytes,
    stream: S,
}

impl<S> Rewound<S> {
    pub(super) fn new(first: Bytes, stream: S) -> Self {
        Self { first, stream }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let n = self.first.len().min(buf.remaining());
        self.first.split_to(n).copy_to_slice(buf.initialize_unfilled_to(n));
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

writes_to_its_stream!(Rewound<S>, S);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes() {
        for (bytes, expected) in [
            (&b""[..], Speech::Undecided),
            (b"\x16\x03\x01", Speech::Tls),
            (b"P", Speech::Undecided),
            (b"POST", Speech::Undecided),
            (b"POST ", Speech::Undecided),
            (b"POST /mcp", Speech::Http1),
            (b"GET http://h/ HTTP/1.1", Speech::Http1),
            (b"OPTIONS * HTTP/1.1", Speech::Http1),
            (b"PRI * HTTP/2.0\r\n", Speech::Undecided),
            (PREFACE, Speech::Http2),
            (b"SSH-2.0-OpenSSH", Speech::Other),
            (b"NICK someone\r\n", Speech::Other),
            (b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Speech::Other),
            (b"\x00", Speech::Other),
            (b" /", Speech::Other),
        ] {
            assert_eq!(speech(bytes), expected, "{:?}", bytes.escape_ascii().to_string());
        }
    }

    #[tokio::test]
    async fn what_was_looked_at_is_read_again() {
        for (bytes, http2) in [(PREFACE, true), (b"POST / HTTP/1.1\r\n\r\n", false), (b"PR", false)]
        {
            let (mut stream, is_http2) = preface(bytes).await.expect("a slice reads");
            assert_eq!(is_http2, http2);
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.expect("a slice reads");
            assert_eq!(all, bytes);
        }
    }
}
