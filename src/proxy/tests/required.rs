//! `--require-recording`: while nothing can be recorded, nothing passes.

use super::{
    peer::{Peer, listen},
    rig::{Rig, loopback},
};
use crate::{capture::Fact, proxy::ListenerSettings};

async fn refused(client: &mut Peer) {
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    let text = client.until("\n").await + &client.until("\n").await;
    assert!(text.contains("--require-recording") && text.contains("\nhint: "), "{text}");
}

#[tokio::test]
async fn a_shut_gate_answers_503_and_reaches_nobody() {
    let (listener, at) = listen().await;
    let targets = vec![(loopback(), format!("http://{at}"))];
    let mut rig = Rig::with(ListenerSettings { targets, ..Default::default() }).await;
    rig.gate.set(false);
    let requests = [
        (rig.forward, format!("GET http://{at}/refused HTTP/1.1\r\nHost: {at}\r\n\r\n")),
        (rig.forward, format!("CONNECT {at} HTTP/1.1\r\nHost: {at}\r\n\r\n")),
        (rig.targets[0], format!("GET /refused HTTP/1.1\r\nHost: {}\r\n\r\n", rig.targets[0])),
    ];
    for (proxy, request) in requests {
        let mut client = Peer::connect(proxy).await;
        client.send(request).await;
        refused(&mut client).await;
    }

    // Had anything been dialed before, it would be accepted first.
    rig.gate.set(true);
    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("GET http://{at}/after HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    let mut server = Peer::accept(&listener).await;
    assert!(server.until("\r\n\r\n").await.starts_with("GET /after "));
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    client.until("\r\n\r\n").await;
    rig.end().await;
    let opened: Vec<_> = rig
        .seen
        .iter()
        .filter_map(|record| match &record.fact {
            Fact::Open(open) => Some(open.url.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(opened, [format!("http://{at}/after")]);
}

#[tokio::test]
async fn each_exchange_of_a_connection_is_asked_for_and_a_running_one_goes_on() {
    let (listener, at) = listen().await;
    let mut rig = Rig::new().await;
    let mut client = Peer::connect(rig.forward).await;
    client.send(format!("CONNECT {at} HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    client.until("\r\n\r\n").await;
    client.send(format!("GET /first HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    let mut server = Peer::accept(&listener).await;
    server.until("\r\n\r\n").await;
    rig.gate.set(false);
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    client.until("ok").await;
    rig.end().await;
    client.send(format!("GET /second HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    refused(&mut client).await;
    rig.gate.set(true);
    client.send(format!("GET /third HTTP/1.1\r\nHost: {at}\r\n\r\n")).await;
    assert!(server.until("\r\n\r\n").await.starts_with("GET /third "));
}
