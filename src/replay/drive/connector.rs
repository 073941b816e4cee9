//! How the server is reached: TCP, and TLS by the same room as the proxy's, so that roots, flags and
//! blame are the same.

use std::{
    error::Error,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tokio::{net::TcpStream, time::timeout};
use tower_service::Service;

use crate::tls::UpstreamTls;

/// From the name's lookup to the connection, and the same once more for TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

type BoxError = Box<dyn Error + Send + Sync>;

/// Dials; clones share their roots.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    tls: Arc<UpstreamTls>,
    /// What is offered by ALPN: what the recorded client's connection spoke, or less.
    alpn: Vec<Vec<u8>>,
}

impl Connector {
    pub(super) fn new(tls: Arc<UpstreamTls>, http2: bool) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let versions: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        Self { tcp, tls, alpn: versions.iter().map(|version| version.to_vec()).collect() }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let secure = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let (tls, alpn) = (Arc::clone(&self.tls), self.alpn.clone());
        let dialing = self.tcp.call(uri);
        Box::pin(async move {
            let tcp = dialing.await?;
            if !secure {
                return Ok(MaybeHttpsStream::from(tcp));
            }
            let shaken = timeout(CONNECT_TIMEOUT, tls.connect(&host, &alpn, TokioIo::new(tcp)));
            match shaken.await {
                Ok(Ok(connected)) => Ok(MaybeHttpsStream::from(connected.stream)),
                Ok(Err(blame)) => Err(blame.into()),
                Err(_) => Err(format!("{host} did not finish the TLS handshake").into()),
            }
        })
    }
}
