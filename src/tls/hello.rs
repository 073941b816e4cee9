//! The server side of a handshake: read the `ClientHello`, decide later.
//!
//! The caller has seen that the first byte is 0x16 and bounds both steps in time. rustls bounds the
//! hello's size and joins what was split.

use std::{io, sync::Arc};

use rustls::{ServerConfig, server::Acceptor};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{LazyConfigAcceptor, StartHandshake, server::TlsStream};

use super::blame::{self, Blame};

/// A client that has said hello and waits for an answer.
pub struct Hello<S> {
    start: StartHandshake<S>,
    server_name: Option<String>,
    alpn: Vec<Vec<u8>>,
}

/// Reads a whole `ClientHello`. What is none is answered with an alert and dropped.
///
/// # Errors
///
/// [`HelloError`]: the stream ended or failed, or it is no hello.
pub async fn read_hello<S>(stream: S) -> Result<Hello<S>, HelloError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.map_err(|error| {
        match blame::tls_error(&error) {
            Some(tls) => HelloError::Unreadable(tls.clone()),
            None if error.kind() == io::ErrorKind::UnexpectedEof => HelloError::Ended,
            None => HelloError::Stream(error),
        }
    })?;
    let hello = start.client_hello();
    let server_name = hello.server_name().map(str::to_owned);
    let alpn = hello.alpn().map(|names| names.map(<[u8]>::to_vec).collect()).unwrap_or_default();
    Ok(Hello { start, server_name, alpn })
}

impl<S> Hello<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// The name the client asked for; none too where it named an address, which SNI cannot carry
    /// (RFC 6066 section 3).
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// The protocols the client offers, best first; often none.
    pub fn alpn(&self) -> &[Vec<u8>] {
        &self.alpn
    }

    /// Answers with this configuration and ends the handshake.
    ///
    /// # Errors
    ///
    /// What the client did not like, with a remedy; `distrust` if that was our authority.
    pub async fn accept(self, config: Arc<ServerConfig>) -> Result<TlsStream<S>, Blame> {
        self.start.into_stream(config).await.map_err(|error| Blame::of_client(&error))
    }
}

/// Why there is no `ClientHello`.
#[derive(Debug, thiserror::Error)]
pub enum HelloError {
    /// The client left first.
    #[error("the client closed the connection before its ClientHello was complete")]
    Ended,
    /// The stream failed.
    #[error("cannot read the client's ClientHello: {0}")]
    Stream(io::Error),
    /// It looked like TLS and was none, or none that rustls reads.
    #[error("the client's ClientHello is not in order: {0}")]
    Unreadable(rustls::Error),
}
