//! Our leaves before our own client: rustls and webpki.

use std::{io, pin::Pin, task};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use super::*;

/// Names of faults.md 47 that a client asks for, and what stands in the leaf's way.
pub(super) fn names() -> Vec<String> {
    let long = format!("{}.{}.example", "a".repeat(46), "b".repeat(46));
    assert_eq!(long.len(), 101);
    ["example.com", "localhost", "127.0.0.1", "::1", "my_host.example", "xn--bcher-kva.example"]
        .map(str::to_owned)
        .into_iter()
        .chain([long, "a.wild.example".into()])
        .collect()
}

#[tokio::test]
async fn a_leaf_is_good_for_its_host_and_no_other() {
    let home = Home::new();
    let client = home.client();
    for name in names() {
        let (near, far) = shake(&client, &name, &[], home.config(&name)).await;
        let facts = near.unwrap_or_else(|blame| panic!("{name}: {blame}"));
        assert_eq!(facts.version.as_deref(), Some("TLSv1.3"));
        assert_eq!(facts.side, capture::TlsSide::Upstream);
        assert!(facts.peer_cert.is_some());
        // An address is not asked for by SNI.
        let sni = Some(&name).filter(|name| name.parse::<std::net::IpAddr>().is_err()).cloned();
        assert_eq!(far.expect("an end").sni, sni);
        assert_eq!(facts.sni, sni);

        let (near, _) = shake(&client, &name, &[], home.config("other.example")).await;
        let blame = near.expect_err("another host's leaf");
        assert!(blame.reason.contains("it is for other.example"), "{blame}");
    }
    let (near, _) = shake(&client, "b.wild.example", &[], home.config("a.wild.example")).await;
    near.expect_err("a neighbour's leaf");
}

#[tokio::test]
async fn both_sides_agree_on_what_the_config_holds() {
    let home = Home::new();
    let offers = [b"h2".to_vec(), b"http/1.1".to_vec()];
    for agreed in [Some(b"h2".as_slice()), Some(b"http/1.1"), None] {
        let config = home.leaves.server_config("example.com", agreed).expect("a leaf");
        let (near, far) = shake(&home.client(), "example.com", &offers, config).await;
        let agreed = agreed.map(|name| String::from_utf8_lossy(name).into_owned());
        assert_eq!(near.expect("an end").alpn, agreed);
        assert_eq!(far.expect("an end").alpn, agreed);
    }
    let config = home.leaves.server_config("example.com", Some(b"h2")).expect("a leaf");
    let (near, far) = shake(&home.client(), "example.com", &offers[1..], config).await;
    assert!(near.expect_err("nothing shared").reason.contains("ALPN"));
    assert!(far.expect_err("nothing shared").reason.contains("ALPN"));
}

#[tokio::test]
async fn the_hello_tells_name_and_protocols() {
    let home = Home::new();
    let (near, far) = tokio::io::duplex(4096);
    let client = home.client();
    let offers = [b"h2".to_vec(), b"http/1.1".to_vec()];
    let connect = client.connect("Example.COM.", &offers, near);
    let read = async {
        let hello = read_hello(far).await.expect("a hello");
        assert_eq!(hello.server_name(), Some("example.com"));
        assert_eq!(hello.alpn(), offers);
    };
    let (connected, ()) = tokio::join!(connect, read);
    let blame = connected.expect_err("nobody answered");
    assert!(blame.reason.contains("closed the connection"), "{blame}");
}

/// Hands over one byte at a time.
struct Dripping<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for Dripping<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> task::Poll<io::Result<()>> {
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        task::ready!(Pin::new(&mut self.0).poll_read(cx, &mut one))?;
        buf.put_slice(one.filled());
        task::Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Dripping<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        buf: &[u8],
    ) -> task::Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> task::Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn a_hello_in_single_bytes_is_read() {
    let home = Home::new();
    let (near, far) = tokio::io::duplex(4096);
    let client = home.client();
    let server = async {
        let hello = read_hello(Dripping(far)).await.expect("a hello");
        hello.accept(home.config("example.com")).await.expect("an end");
    };
    let (connected, ()) = tokio::join!(client.connect("example.com", &[], near), server);
    connected.expect("an end");
}

#[tokio::test]
async fn a_hello_of_almost_64_kib_is_read() {
    let home = Home::new();
    let (near, far) = tokio::io::duplex(1500);
    let client = home.client();
    let offers: Vec<_> = (0..250).map(|n| vec![n; 250]).collect();
    let server = async {
        let hello = read_hello(far).await.expect("a hello");
        assert_eq!(hello.alpn(), offers);
        hello.accept(home.config("example.com")).await.expect("an end");
    };
    let (connected, ()) = tokio::join!(client.connect("example.com", &offers, near), server);
    connected.expect("an end");
}

#[tokio::test]
async fn a_hello_without_a_name_or_with_an_address_as_name_names_none() {
    for name in ["127.0.0.1", "aaa.b.c.d"] {
        let mut hello = hello_for(name);
        if let Some(at) = hello.windows(9).position(|bytes| bytes == b"aaa.b.c.d") {
            hello[at..at + 9].copy_from_slice(b"127.0.0.1");
        }
        let (mut near, far) = tokio::io::duplex(4096);
        near.write_all(&hello).await.expect("room for it");
        let hello = read_hello(far).await.expect("a hello");
        assert_eq!(hello.server_name(), None, "{name}");
    }
}

/// A client's first bytes.
fn hello_for(name: &'static str) -> Vec<u8> {
    let config = Arc::new(connector_trusting(vec![]));
    let name = name.try_into().expect("a name");
    let mut client = rustls::ClientConnection::new(config, name).expect("a client");
    let mut hello = Vec::new();
    client.write_tls(&mut hello).expect("a hello");
    hello
}

#[tokio::test]
async fn what_is_no_hello_is_told() {
    let huge = [&[0x16, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff][..], &vec![0; 70_000]].concat();
    for (bytes, wanted) in [
        (b"\x16".as_slice(), "closed"),
        (b"\x16\x03\x01\x00\x05\x01\x00", "closed"),
        (b"\x16\x03\x01\x00\x04\x05\x00\x00\x00", "not in order"),
        (b"GET / HTTP/1.1\r\n\r\n", "not in order"),
        (&huge, "not in order"),
    ] {
        let (mut near, far) = tokio::io::duplex(128 * 1024);
        near.write_all(bytes).await.expect("room for it");
        near.shutdown().await.expect("an end");
        let told = read_hello(far).await.err().expect("no hello").to_string();
        assert!(told.contains(wanted), "{told}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_trust_us_is_told_apart() {
    let home = Home::new();
    let stranger = Home::new().client();
    let (near, far) = shake(&stranger, "example.com", &[], home.config("example.com")).await;
    let blame = near.expect_err("no trust");
    assert!(blame.reason.contains("was issued by"), "{blame}");
    let blame = far.expect_err("no trust");
    assert!(blame.distrust, "{blame}");
    assert!(blame.remedy.contains("wiretape doctor"), "{blame}");
}

#[tokio::test]
async fn a_client_that_leaves_without_a_word_probably_does_not_trust_us() {
    let home = Home::new();
    let (mut near, far) = tokio::io::duplex(16 * 1024);
    let hello = hello_for("example.com");
    near.write_all(&hello).await.expect("room for it");
    let read = read_hello(far).await.expect("a hello");
    let leave = async move {
        near.read_u8().await.expect("our answer");
        drop(near);
    };
    let (accepted, ()) = tokio::join!(read.accept(home.config("example.com")), leave);
    let blame = accepted.expect_err("the client left");
    assert!(blame.distrust, "{blame}");
    assert!(blame.reason.contains("probably"), "{blame}");
}

#[tokio::test]
async fn a_second_connection_resumes() {
    let home = Home::new();
    let client = home.client();
    for full in [true, false] {
        let (near, far) = tokio::io::duplex(16 * 1024);
        let server = async {
            let hello = read_hello(far).await.expect("a hello");
            let mut stream = hello.accept(home.config("example.com")).await.expect("an end");
            stream.write_all(b"!").await.expect("a reader");
            stream.flush().await.expect("a reader");
            stream
        };
        let reader = async {
            let mut connected = client.connect("example.com", &[], near).await.expect("an end");
            // The tickets come before the first byte.
            connected.stream.read_u8().await.expect("a byte");
            assert!(connected.facts.peer_cert.is_some(), "kept with the session");
            connected.stream.get_ref().1.handshake_kind()
        };
        let (kind, _stream) = tokio::join!(reader, server);
        assert_eq!(kind == Some(rustls::HandshakeKind::Full), full, "{kind:?}");
    }
}

#[tokio::test]
async fn our_own_calls_trust_what_they_are_given() {
    let home = Home::new();
    let config = Arc::new(connector_trusting(vec![home.authority.cert_der()]));
    let (near, far) = tokio::io::duplex(16 * 1024);
    let name = "example.com".try_into().expect("a name");
    let server =
        async { read_hello(far).await.expect("a hello").accept(home.config("example.com")).await };
    let connector = tokio_rustls::TlsConnector::from(config);
    let (client, server) = tokio::join!(connector.connect(name, near), server);
    client.expect("an end");
    server.expect("an end");
    https_connector(connector_trusting(vec![]), ());
}
