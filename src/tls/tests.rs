//! Handshakes between our two sides, and the files of the authority.

mod files;
mod foreign;
mod handshakes;
mod texts;
mod upstreams;

use std::{path::PathBuf, sync::Arc};

use rustls::{ServerConfig, pki_types::CertificateDer};
use tempfile::TempDir;

use super::*;
use crate::capture;

/// A home with an authority, and its leaves.
struct Home {
    dir: TempDir,
    authority: Arc<Authority>,
    leaves: Leaves,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let authority = Authority::open(&dir.path().join("certs")).expect("a new authority");
        let authority = Arc::new(authority);
        Self { leaves: Leaves::new(Arc::clone(&authority)), authority, dir }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// An upstream side that trusts this authority alone.
    fn client(&self) -> UpstreamTls {
        upstream(&UpstreamSettings::default(), vec![self.authority.cert_der()])
    }

    fn config(&self, host: &str) -> Arc<ServerConfig> {
        self.leaves.server_config(host, None).expect("a leaf")
    }
}

fn upstream(settings: &UpstreamSettings, roots: Vec<CertificateDer<'static>>) -> UpstreamTls {
    UpstreamTls::with_roots(settings, roots).expect("settings in order")
}

/// How both sides of one handshake over a pipe ended: the client's and the server's view.
async fn shake(
    client: &UpstreamTls,
    name: &str,
    alpn: &[Vec<u8>],
    config: Arc<ServerConfig>,
) -> (Result<capture::Tls, Blame>, Result<capture::Tls, Blame>) {
    let (near, far) = tokio::io::duplex(16 * 1024);
    let server = async {
        let hello = read_hello(far).await.expect("a hello");
        let sni = hello.server_name().map(str::to_owned);
        let stream = hello.accept(config).await?;
        Ok((client_facts(&stream, sni.as_deref()), stream))
    };
    // Neither side leaves before the other has ended.
    let (client, server) = tokio::join!(client.connect(name, alpn, near), server);
    (client.map(|connected| connected.facts), server.map(|(facts, _)| facts))
}
