//! Plain HTTP/1: heads, bodies, streams and how they end.

use std::time::{Duration, Instant};

use super::{
    peer::{Peer, listen},
    rig::Rig,
};
use crate::capture::{Fact, Mode, Outcome, Side};

#[tokio::test]
async fn an_exchange_passes_and_is_recorded() {
    let (server, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client
        .send(format!(
            "POST http://{at}/mcp?x=1 HTTP/1.1\r\nHost: {at}\r\nMcp-Method: ping\r\n\
             X-Twice: a\r\nx-twice: b\r\nContent-Length: 5\r\n\r\nhello"
        ))
        .await;
    let mut server = Peer::accept(&server).await;
    let head = server.until("hello").await;
    assert_eq!(
        head,
        format!(
            "POST /mcp?x=1 HTTP/1.1\r\nHost: {at}\r\nMcp-Method: ping\r\n\
             X-Twice: a\r\nx-twice: b\r\nContent-Length: 5\r\n\r\nhello"
        )
    );
    server.send("HTTP/1.1 200 Fine\r\nX-Case: Kept\r\nContent-Length: 5\r\n\r\nworld").await;
    let answer = client.until("world").await;
    assert_eq!(answer, "HTTP/1.1 200 Fine\r\nX-Case: Kept\r\nContent-Length: 5\r\n\r\nworld");

    let (id, end) = rig.end().await;
    assert_eq!((end.outcome, end.error), (Outcome::Completed, None));
    assert_eq!((end.request_bytes, end.response_bytes), (5, 5));
    assert!(end.timing.connect_us.is_some() && end.timing.first_byte_us.is_some());
    assert_eq!(end.upstream, Some(at.to_string()));
    assert_eq!(rig.body(id, Side::Request), "hello");
    assert_eq!(rig.body(id, Side::Response), "world");
    let Fact::Open(open) = &rig.of(id).next().expect("opened").fact else { panic!("open first") };
    assert_eq!((open.mode, open.url.clone()), (Mode::Forward, format!("http://{at}/mcp?x=1")));
    assert_eq!(open.headers.all("x-twice").count(), 2);

    // The connection is used again, and the second exchange did not dial.
    client.send(format!("GET http://{at}/2 HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    server.until("\r\n\r\n").await;
    server.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    client.until("\r\n\r\n").await;
    let (_, end) = rig.end().await;
    assert_eq!((end.outcome, end.timing.connect_us), (Outcome::Completed, None));
}

#[tokio::test]
async fn a_stream_arrives_frame_by_frame_with_its_trailers() {
    let (server, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\nTE: trailers\r\n\r\n")).await;
    let mut server = Peer::accept(&server).await;
    server.until("\r\n\r\n").await;
    server.send("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    client.until("\r\n\r\n").await;
    for event in ["data: 1\n\n", ": ping\n\n"] {
        server.send(format!("{:x}\r\n{event}\r\n", event.len())).await;
        client.until(event).await;
    }
    server.send("0\r\nX-Sum: 7\r\n\r\n").await;
    let end = client.until("\r\n\r\n").await;
    assert_eq!(end, "\r\n0\r\nx-sum: 7\r\n\r\n");
    let (id, end) = rig.end().await;
    assert_eq!(end.outcome, Outcome::Completed);
    assert_eq!(rig.body(id, Side::Response), "data: 1\n\n: ping\n\n");
    let trailers = rig.of(id).find_map(|record| match &record.fact {
        Fact::BodyEnd { side: Side::Response, trailers } => Some(trailers.clone()),
        _ => None,
    });
    assert_eq!(trailers.expect("ended").text("x-sum"), Some("7"));
}

/// Starts a stream and gives both sides in its middle.
async fn streaming(rig: &Rig) -> (Peer, Peer) {
    let (server, at) = listen().await;
    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    let mut server = Peer::accept(&server).await;
    server.until("\r\n\r\n").await;
    server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").await;
    client.until("abc").await;
    (client, server)
}

#[tokio::test]
async fn a_client_that_closes_reaches_the_upstream_at_once() {
    let mut rig = Rig::new().await;
    let (client, mut server) = streaming(&rig).await;
    let closed = Instant::now();
    drop(client);
    let _ = server.rest().await;
    assert!(closed.elapsed() < Duration::from_millis(100), "{:?}", closed.elapsed());
    assert_eq!(rig.end().await.1.outcome, Outcome::ClientClosed);
}

#[tokio::test]
async fn a_client_that_closes_before_the_head_reaches_the_upstream_too() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    let mut server = Peer::accept(&listener).await;
    server.until("\r\n\r\n").await;
    drop(client);
    let _ = server.rest().await;
    assert_eq!(rig.end().await.1.outcome, Outcome::ClientClosed);
}

#[tokio::test]
async fn a_reset_upstream_resets_the_client() {
    let mut rig = Rig::new().await;
    let (mut client, mut server) = streaming(&rig).await;
    server.send("3\r\ndef\r\n").await;
    client.until("def").await;
    server.reset();
    let (rest, end) = client.rest().await;
    assert_eq!(rest, "\r\n");
    assert_eq!(end.expect_err("no clean end").kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(rig.end().await.1.outcome, Outcome::UpstreamReset);
}

#[tokio::test]
async fn a_body_that_ends_early_is_cut_not_ended() {
    let mut rig = Rig::new().await;
    let (mut client, mut server) = streaming(&rig).await;
    server.send("3\r\nxyz\r\n").await;
    drop(server);
    let (rest, _) = client.rest().await;
    assert!(rest.ends_with("xyz\r\n"), "{rest:?}");
    let (id, end) = rig.end().await;
    assert_eq!(end.outcome, Outcome::Truncated);
    assert_eq!(rig.body(id, Side::Response), "abcxyz");
}

#[tokio::test]
async fn our_own_end_is_not_the_clients() {
    let mut rig = Rig::new().await;
    let (_client, _server) = streaming(&rig).await;
    rig.tasks.abort();
    assert_eq!(rig.end().await.1.outcome, Outcome::Truncated);
}

#[tokio::test]
async fn an_upstream_that_closed_while_idle_is_dialed_again() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    for _ in 0..2 {
        client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
        let mut server = Peer::accept(&listener).await;
        server.until("\r\n\r\n").await;
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        client.until("ok").await;
        let (_, end) = rig.end().await;
        assert_eq!(end.outcome, Outcome::Completed);
        assert!(end.timing.connect_us.is_some());
        drop(server);
    }
}

#[tokio::test]
async fn the_upstreams_100_is_waited_for() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client
        .send(format!(
            "POST http://{at}/ HTTP/1.1\r\nHost: {at}\r\nExpect: 100-continue\r\n\
             Content-Length: 4\r\n\r\n"
        ))
        .await;
    let mut server = Peer::accept(&listener).await;
    server.until("\r\n\r\n").await;
    server.send("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.send("body").await;
    server.until("body").await;
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let (id, end) = rig.end().await;
    assert_eq!(end.outcome, Outcome::Completed);
    let informational = |fact: &Fact| matches!(fact, Fact::Informational(i) if i.status == 100);
    assert!(rig.of(id).any(|record| informational(&record.fact)));
}

#[tokio::test]
async fn a_417_is_passed_on_without_a_100() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client
        .send(format!(
            "POST http://{at}/ HTTP/1.1\r\nHost: {at}\r\nExpect: 100-continue\r\n\
             Content-Length: 4\r\n\r\n"
        ))
        .await;
    let mut server = Peer::accept(&listener).await;
    server.until("\r\n\r\n").await;
    server.send("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\n").await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 417 No\r\n"), "{head}");
    server.send("no").await;
    client.until("no").await;
    assert_eq!(rig.end().await.1.outcome, Outcome::Completed);
}

#[tokio::test]
async fn bodiless_and_old_answers() {
    for (method, version, answer, expected) in [
        ("HEAD", "1.1", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "content-length: 9"),
        ("GET", "1.1", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", "etag: \"x\""),
        ("GET", "1.1", "HTTP/1.0 200 OK\r\n\r\nuntil the end", "transfer-encoding: chunked"),
        ("GET", "1.0", "HTTP/1.0 200 OK\r\n\r\nuntil the end", "http/1.0 200"),
    ] {
        let (listener, at) = listen().await;
        let mut rig = Rig::new().await;
        let mut client = Peer::connect(rig.forward).await;
        let request = format!("{method} http://{at}/ HTTP/{version}\r\nHost: {at}\r\n\r\n");
        client.send(request).await;
        let mut server = Peer::accept(&listener).await;
        let head = server.until("\r\n\r\n").await;
        assert!(head.starts_with(&format!("{method} / HTTP/{version}\r\n")), "{head}");
        server.send(answer).await;
        drop(server);
        let head = client.until("\r\n\r\n").await.to_ascii_lowercase();
        assert!(head.contains(expected), "{answer}: {head}");
        let end = rig.end().await.1;
        assert_eq!(end.outcome, Outcome::Completed, "{answer}: {end:?}");
    }
}

#[tokio::test]
async fn an_answer_before_the_upload_ends_is_passed_on() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client
        .send(format!("POST http://{at}/ HTTP/1.1\r\nHost: {at}\r\nContent-Length: 9\r\n\r\nabc"))
        .await;
    let mut server = Peer::accept(&listener).await;
    server.until("abc").await;
    server.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno").await;
    let head = client.until("no").await;
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    drop(server);
    drop(client);
    let (id, end) = rig.end().await;
    assert_eq!((end.request_bytes, end.response_bytes), (3, 2));
    assert_eq!(rig.body(id, Side::Request), "abc");
    let whole = |fact: &Fact| matches!(fact, Fact::BodyEnd { side: Side::Request, .. });
    assert!(!rig.of(id).any(|record| whole(&record.fact)), "it was cut");
}

#[tokio::test]
async fn a_malformed_upload_aborts_the_upstream() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client
        .send(format!(
            "POST http://{at}/ HTTP/1.1\r\nHost: {at}\r\nTransfer-Encoding: chunked\r\n\r\n\
             3\r\nabc\r\n0x2\r\nde\r\n0\r\n\r\n"
        ))
        .await;
    let mut server = Peer::accept(&listener).await;
    let (seen, _) = server.rest().await;
    assert!(seen.ends_with("3\r\nabc\r\n"), "{seen:?}");
    assert_eq!(rig.end().await.1.outcome, Outcome::ClientClosed);
}

#[tokio::test]
async fn a_flood_of_1xx_is_recorded_up_to_its_cap() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    let mut server = Peer::accept(&listener).await;
    server.until("\r\n\r\n").await;
    server.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(150)).await;
    server.send("HTTP/1.1 200 OK\r\nX-Last: 1\r\nContent-Length: 0\r\n\r\n").await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nX-Last: 1\r\n"), "{head}");
    let (id, _) = rig.end().await;
    let hint = |fact: &Fact| {
        matches!(fact, Fact::Informational(one)
            if one.status == 103 && one.headers.text("link") == Some("</a>"))
    };
    assert_eq!(rig.of(id).filter(|record| hint(&record.fact)).count(), 100);
    assert!(rig.of(id).any(|record| matches!(record.fact, Fact::Note { .. })));
    let last = rig.of(id).find_map(|record| match &record.fact {
        Fact::Head(head) => Some(head.headers.text("x-last").map(str::to_owned)),
        _ => None,
    });
    assert_eq!(last, Some(Some("1".to_owned())));
}

#[tokio::test]
async fn a_stop_closes_idle_connections_and_lets_exchanges_end() {
    let rig = Rig::new().await;
    let mut idle = Peer::connect(rig.forward).await;
    let own = rig.forward;
    idle.send(format!("GET / HTTP/1.1\r\nHost: {own}\r\n\r\n")).await;
    idle.until("proxy.pac").await;
    let (mut client, mut server) = streaming(&rig).await;
    rig.tasks.stop();
    idle.rest().await.1.expect("a clean end");
    server.send("0\r\n\r\n").await;
    client.until("0\r\n\r\n").await;
    client.rest().await.1.expect("closed after its exchange");
    assert!(rig.drain().await);
}
