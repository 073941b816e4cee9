//! Where a plain HTTP/1 request goes: a proxy's origin, a tunnel, a target, ourselves, nowhere.

use super::{
    peer::{Peer, listen},
    rig::Rig,
};
use crate::capture::{Fact, Mode, Outcome};

#[tokio::test]
async fn an_upstream_that_is_not_there_is_a_502_with_reason_and_remedy() {
    let (listener, at) = listen().await;
    drop(listener);
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    for request in [
        format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n\r\n"),
        format!("CONNECT {at} HTTP/1.1\r\nHost: {at}\r\n\r\n"),
    ] {
        client.send(request).await;
        let head = client.until("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
        let text = client.until("\n").await + &client.until("\n").await;
        assert_eq!(text.matches(&at.to_string()).count(), 1, "{text}");
        assert!(text.contains("\nhint: "), "{text}");
        assert_eq!(rig.end().await.1.outcome, Outcome::ProxyError);
    }
}

#[tokio::test]
async fn an_upstream_that_says_nothing_is_a_502() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    let mut server = Peer::accept(&listener).await;
    server.until("\r\n\r\n").await;
    drop(server);
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    assert_eq!(rig.end().await.1.outcome, Outcome::Truncated);
}

#[tokio::test]
async fn an_upgrade_becomes_a_tunnel() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client
        .send(format!(
            "GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\n\r\n"
        ))
        .await;
    let mut server = Peer::accept(&listener).await;
    let head = server.until("\r\n\r\n").await.to_ascii_lowercase();
    assert!(head.contains("upgrade: websocket"), "{head}");
    server
        .send("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nglued")
        .await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client.until("glued").await;
    client.send("GET / not a head").await;
    server.until("GET / not a head").await;
    drop(client);
    server.rest().await.1.expect("a clean end");
    drop(server);
    let tunnel = rig.until(|fact| matches!(fact, Fact::Tunnel(_))).await;
    let Fact::Tunnel(tunnel) = tunnel.fact else { unreachable!() };
    assert_eq!((tunnel.sent_bytes, tunnel.received_bytes), (16, 5));
    assert_eq!(rig.end().await.1.outcome, Outcome::Completed);
}

#[tokio::test]
async fn connect_to_plain_http_and_to_anything() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let connect = format!("CONNECT {at} HTTP/1.1\r\nHost: {at}\r\n\r\n");

    let mut client = Peer::connect(rig.forward).await;
    client.send(&connect).await;
    let mut server = Peer::accept(&listener).await;
    client.until("\r\n\r\n").await;
    client.send("P").await;
    client.send(format!("OST /in HTTP/1.1\r\nHost: {at}\r\nContent-Length: 2\r\n\r\nhi")).await;
    server.until("hi").await;
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nho").await;
    client.until("ho").await;
    let (id, end) = rig.end().await;
    assert_eq!(end.outcome, Outcome::Completed);
    let Fact::Open(open) = &rig.of(id).next().expect("opened").fact else { panic!("open first") };
    assert_eq!((open.mode, open.url.clone()), (Mode::Connect, format!("http://{at}/in")));

    // A server that speaks first.
    let mut client = Peer::connect(rig.forward).await;
    client.send(&connect).await;
    let mut server = Peer::accept(&listener).await;
    client.until("\r\n\r\n").await;
    server.send("220 ready\r\n").await;
    client.until("220 ready\r\n").await;
    client.send("HELO\r\n").await;
    server.until("HELO\r\n").await;
    drop(client);
    drop(server);
    let tunnel = rig.until(|fact| matches!(fact, Fact::Tunnel(_))).await;
    let Fact::Tunnel(tunnel) = tunnel.fact else { unreachable!() };
    assert_eq!((tunnel.sent_bytes, tunnel.received_bytes), (6, 11));

    // A client that speaks something else.
    let mut client = Peer::connect(rig.forward).await;
    client.send(&connect).await;
    let mut server = Peer::accept(&listener).await;
    client.until("\r\n\r\n").await;
    client.send("SSH-2.0-x\r\n").await;
    server.until("SSH-2.0-x\r\n").await;
}

#[tokio::test]
async fn a_listed_host_is_not_read() {
    let (listener, at) = listen().await;
    let tunnel = vec!["127.0.0.*".to_owned()];
    let settings = crate::proxy::ListenerSettings { tunnel, ..Default::default() };
    let mut rig = Rig::with(settings).await;
    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("CONNECT {at} HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    let mut server = Peer::accept(&listener).await;
    client.until("\r\n\r\n").await;
    client.send("GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(server.until("\r\n\r\n").await, "GET / HTTP/1.1\r\n\r\n");
    drop(client);
    drop(server);
    let tunnel = rig.until(|fact| matches!(fact, Fact::Tunnel(_))).await;
    let Fact::Tunnel(tunnel) = tunnel.fact else { unreachable!() };
    assert!(tunnel.reason.contains("127.0.0.*"), "{}", tunnel.reason);
}

#[tokio::test]
async fn a_target_is_reached_directly_and_through_ourselves() {
    let (listener, at) = listen().await;
    let mut rig = Rig::target(&format!("http://{at}/base")).await;
    let own = rig.targets[0];
    for (to, request) in [
        (own, format!("GET /mcp HTTP/1.1\r\nHost: {own}\r\n\r\n")),
        (rig.forward, format!("GET http://{own}/mcp HTTP/1.1\r\nHost: {own}\r\n\r\n")),
        (
            rig.forward,
            format!(
                "CONNECT {own} HTTP/1.1\r\nHost: {own}\r\n\r\n\
                 GET /mcp HTTP/1.1\r\nHost: {own}\r\n\r\n"
            ),
        ),
    ] {
        let mut client = Peer::connect(to).await;
        client.send(request).await;
        let mut server = Peer::accept(&listener).await;
        let head = server.until("\r\n\r\n").await.to_ascii_lowercase();
        assert_eq!(head, format!("get /mcp http/1.1\r\nhost: {at}\r\n\r\n"));
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        client.until("ok").await;
        let (id, end) = rig.end().await;
        assert_eq!(end.outcome, Outcome::Completed);
        let opened = rig.of(id).find_map(|record| match &record.fact {
            Fact::Open(open) => Some((open.mode, open.url.clone())),
            _ => None,
        });
        assert_eq!(opened, Some((Mode::Reverse, format!("http://{at}/mcp"))));
    }
}

#[tokio::test]
async fn a_foreign_host_is_refused_before_the_upstream_is_touched() {
    let (listener, at) = listen().await;
    let mut rig = Rig::target(&format!("http://{at}")).await;
    let mut client = Peer::connect(rig.targets[0]).await;
    client.send("GET /mcp HTTP/1.1\r\nHost: evil.example\r\n\r\n").await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert_eq!(rig.end().await.1.outcome, Outcome::ProxyError);
    let mut accept = Box::pin(listener.accept());
    let pending = std::future::poll_fn(|cx| std::task::Poll::Ready(accept.as_mut().poll(cx))).await;
    assert!(pending.is_pending());
}

#[tokio::test]
async fn our_own_authority_answers_for_itself() {
    let rig = Rig::new().await;
    let own = rig.forward;
    for (request, expected) in [
        (format!("GET / HTTP/1.1\r\nHost: {own}\r\n\r\n"), "HTTP/1.1 200 "),
        (format!("GET http://{own}/proxy.pac HTTP/1.1\r\nHost: {own}\r\n\r\n"), "HTTP/1.1 200 "),
        (
            format!("GET http://localhost:{}/ca.pem HTTP/1.1\r\nHost: x\r\n\r\n", own.port()),
            "HTTP/1.1 200 ",
        ),
        (format!("GET /nothing HTTP/1.1\r\nHost: {own}\r\n\r\n"), "HTTP/1.1 404 "),
        (format!("CONNECT {own} HTTP/1.1\r\nHost: {own}\r\n\r\n"), "HTTP/1.1 403 "),
        ("GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
        ("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
    ] {
        let mut client = Peer::connect(own).await;
        client.send(&request).await;
        let head = client.until("\r\n\r\n").await;
        assert!(head.starts_with(expected), "{request}: {head}");
        assert!(!head.to_ascii_lowercase().contains("date:"), "{head}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_noted() {
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client.send("\x16\x03\x01 nonsense\r\n\r\n").await;
    let (answer, _) = client.rest().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    rig.until(|fact| matches!(fact, Fact::Note { .. })).await;
}

#[tokio::test]
async fn a_port_in_use_is_said_with_what_helps() {
    let (_held, at) = listen().await;
    let settings = crate::proxy::ListenerSettings { listen: Some(at), ..Default::default() };
    let trust = super::trust(tempfile::tempdir().expect("a folder").path());
    let (tap, _intake) = crate::tap::channel(crate::tap::OnFull::Wait);
    let own = crate::proxy::OwnPorts::default();
    let tasks = crate::tasks::Tasks::new();
    let proxy = crate::proxy::Proxy::build(&settings, &trust, &own, tap, tasks).expect("settings");
    let error = proxy.bind().await.err().expect("in use").to_string();
    assert!(error.contains(&at.to_string()) && error.contains("\nhint: "), "{error}");
}

#[tokio::test]
async fn a_host_said_twice_is_refused_and_another_host_is_corrected() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\nHost: b\r\n\r\n")).await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(rig.end().await.1.outcome, Outcome::ProxyError);

    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: other\r\n\r\n")).await;
    let mut server = Peer::accept(&listener).await;
    let head = server.until("\r\n\r\n").await.to_ascii_lowercase();
    assert!(head.contains(&format!("host: {at}\r\n")), "{head}");
    rig.until(|fact| matches!(fact, Fact::Note { text } if text.contains("other"))).await;
}
