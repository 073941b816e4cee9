//! TLS inside a CONNECT, and to https targets.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::{
    peer::{Peer, listen},
    rig::Rig,
};
use crate::{
    capture::{Fact, Mode, Outcome, TlsSide},
    proxy::ListenerSettings,
    tls::{Authority, Leaves, connector_trusting},
};

/// An https upstream with an authority of its own.
pub(super) struct Origin {
    pub(super) listener: TcpListener,
    pub(super) port: u16,
    pub(super) authority: Arc<Authority>,
    leaves: Leaves,
    _home: tempfile::TempDir,
}

impl Origin {
    pub(super) async fn new() -> Self {
        let (listener, at) = listen().await;
        let home = tempfile::tempdir().expect("a folder");
        let authority = Authority::open(&home.path().join("certs")).expect("a new authority");
        let authority = Arc::new(authority);
        let leaves = Leaves::new(Arc::clone(&authority));
        Self { listener, port: at.port(), authority, leaves, _home: home }
    }

    /// Settings that trust it.
    pub(super) fn trusted(&self) -> ListenerSettings {
        let upstream_ca = vec![self.authority.cert_path().to_owned()];
        ListenerSettings { upstream_ca, ..Default::default() }
    }

    pub(super) async fn accept(&self, alpn: &[u8]) -> Peer<server::TlsStream<TcpStream>> {
        let config = self.leaves.server_config("localhost", Some(alpn)).expect("a leaf");
        let tcp = Peer::accept(&self.listener).await.stream;
        let stream = TlsAcceptor::from(config).accept(tcp).await.expect("a handshake");
        Peer::over(stream)
    }
}

/// A CONNECT and a handshake inside it.
pub(super) async fn connect(
    rig: &Rig,
    port: u16,
    trusting: CertificateDer<'static>,
    alpn: &[&[u8]],
) -> std::io::Result<client::TlsStream<TcpStream>> {
    let mut outer = Peer::connect(rig.forward).await;
    outer
        .send(format!("CONNECT localhost:{port} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"))
        .await;
    let head = outer.until("\r\n\r\n").await;
    assert_eq!(head, "HTTP/1.1 200 OK\r\n\r\n");
    let mut config = connector_trusting(vec![trusting]);
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, outer.stream).await
}

#[tokio::test]
async fn https_is_read_and_recorded_with_both_handshakes() {
    let origin = Origin::new().await;
    let mut rig = Rig::with(origin.trusted()).await;
    let serve = async {
        let mut server = origin.accept(b"http/1.1").await;
        server.until("\r\n\r\nhi").await;
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nho").await;
        server
    };
    let own = rig.trust.authority.cert_der();
    let ask = async {
        let client = connect(&rig, origin.port, own, &[b"h2", b"http/1.1"]).await;
        let stream = client.expect("it trusts us");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let mut client = Peer::over(stream);
        client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi").await;
        client.until("ho").await;
        client
    };
    let (_server, _client) = tokio::join!(serve, ask);
    let (id, end) = rig.end().await;
    assert_eq!(end.outcome, Outcome::Completed);
    assert!(end.timing.tls_us.is_some());
    let Fact::Open(open) = &rig.of(id).next().expect("opened").fact else { panic!("open first") };
    assert_eq!(open.mode, Mode::Connect);
    assert_eq!(open.url, format!("https://localhost:{}/mcp", origin.port));
    let sides: Vec<_> = rig
        .of(id)
        .filter_map(|record| match &record.fact {
            Fact::Tls(tls) => Some((tls.side, tls.alpn.clone())),
            _ => None,
        })
        .collect();
    let alpn = Some("http/1.1".to_owned());
    assert_eq!(sides, [(TlsSide::Client, alpn.clone()), (TlsSide::Upstream, alpn)]);
}

#[tokio::test]
async fn an_upstream_that_is_not_trusted_is_told_to_the_client_as_502() {
    let origin = Origin::new().await;
    let mut rig = Rig::new().await;
    let own = rig.trust.authority.cert_der();
    let serve = async {
        // The handshake fails on our side; what the server makes of it does not matter.
        let config = origin.leaves.server_config("localhost", None).expect("a leaf");
        let tcp = Peer::accept(&origin.listener).await.stream;
        assert!(TlsAcceptor::from(config).accept(tcp).await.is_err());
    };
    let ask = async {
        let stream = connect(&rig, origin.port, own, &[b"http/1.1"]).await.expect("it trusts us");
        let mut client = Peer::over(stream);
        client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let head = client.until("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
        let text = client.until("\n").await + &client.until("\n").await;
        assert!(text.contains("localhost") && text.contains("\nhint: "), "{text}");
    };
    tokio::join!(serve, ask);
    assert_eq!(rig.end().await.1.outcome, Outcome::ProxyError);
    let failures = rig.seen.iter().filter_map(|record| match &record.fact {
        Fact::TlsFailure(failure) => Some((failure.side, failure.count)),
        _ => None,
    });
    assert_eq!(failures.collect::<Vec<_>>(), [(TlsSide::Upstream, 1)]);
}

#[tokio::test]
async fn a_client_that_distrusts_us_is_counted_per_host() {
    let origin = Origin::new().await;
    let mut rig = Rig::with(origin.trusted()).await;
    for count in 1..=2 {
        let serve = origin.accept(b"http/1.1");
        // It trusts the origin's authority, not ours.
        let ask = connect(&rig, origin.port, origin.authority.cert_der(), &[b"http/1.1"]);
        let (_server, asked) = tokio::join!(serve, ask);
        asked.expect_err("it does not trust us");
        let failure = rig.until(|fact| matches!(fact, Fact::TlsFailure(_))).await;
        let Fact::TlsFailure(failure) = failure.fact else { unreachable!() };
        assert_eq!((failure.side, failure.count), (TlsSide::Client, count));
        assert_eq!(failure.host, format!("localhost:{}", origin.port));
    }
}

#[tokio::test]
async fn https_targets_and_absolute_https() {
    let origin = Origin::new().await;
    let url = format!("https://localhost:{}", origin.port);
    let targets = vec![(([127, 0, 0, 1], 0).into(), url.clone())];
    let mut rig = Rig::with(ListenerSettings { targets, ..origin.trusted() }).await;
    let own = rig.targets[0];
    for (to, request) in [
        (own, format!("GET /a HTTP/1.1\r\nHost: {own}\r\n\r\n")),
        (rig.forward, format!("GET {url}/a HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    ] {
        let mut client = Peer::connect(to).await;
        client.send(request).await;
        let mut server = origin.accept(b"http/1.1").await;
        let head = server.until("\r\n\r\n").await.to_ascii_lowercase();
        let expected = format!("get /a http/1.1\r\nhost: localhost:{}\r\n\r\n", origin.port);
        assert_eq!(head, expected);
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        client.until("ok").await;
        let (id, end) = rig.end().await;
        assert_eq!(end.outcome, Outcome::Completed);
        let Fact::Open(open) = &rig.of(id).next().expect("opened").fact else { panic!("open") };
        assert_eq!(open.url, format!("{url}/a"));
    }
}
