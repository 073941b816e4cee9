//! What is recorded of a handshake.

use bytes::Bytes;
use rustls::{CommonState, ProtocolVersion};
use tokio_rustls::{client, server};

use crate::capture::{Tls, TlsSide};

/// The facts of a handshake between a client and us; `sni` as its hello had it.
pub fn client_facts<S>(stream: &server::TlsStream<S>, sni: Option<&str>) -> Tls {
    let (_, connection) = stream.get_ref();
    of(TlsSide::Client, connection, sni.map(str::to_owned))
}

/// The facts of a handshake between us and an upstream, its own certificate among them.
pub(super) fn upstream_facts<S>(stream: &client::TlsStream<S>, sni: Option<String>) -> Tls {
    let (_, connection) = stream.get_ref();
    let leaf = connection.peer_certificates().and_then(<[_]>::first);
    Tls {
        peer_cert: leaf.map(|cert| Bytes::copy_from_slice(cert)),
        ..of(TlsSide::Upstream, connection, sni)
    }
}

fn of(side: TlsSide, connection: &CommonState, sni: Option<String>) -> Tls {
    Tls {
        side,
        sni,
        alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        version: connection.protocol_version().map(version_text),
        peer_cert: None,
    }
}

fn version_text(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "TLSv1.2".into(),
        ProtocolVersion::TLSv1_3 => "TLSv1.3".into(),
        other => format!("{other:?}"),
    }
}
