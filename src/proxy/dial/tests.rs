use std::{
    future::pending,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// A dialer for which every name has these addresses.
fn dialer(upstream_proxy: UpstreamProxy, addresses: &[SocketAddr]) -> Dialer {
    let addresses = addresses.to_vec();
    Dialer::with_lookup(
        upstream_proxy,
        Lookup::by(move |_| {
            let addresses = addresses.clone();
            async move { Ok(addresses) }
        }),
        CONNECT_TIMEOUT,
    )
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A proxy that reads one head, answers, and goes; gives back the head.
async fn answer_once(listener: TcpListener, answer: &[u8]) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(answer).await.unwrap();
    String::from_utf8(head).unwrap()
}

fn through(port: u16, userinfo: &str) -> UpstreamProxy {
    let url = format!("http://{userinfo}127.0.0.1:{port}");
    UpstreamProxy::parse(&url, &|_, _| false).unwrap()
}

async fn refusal(answer: &str) -> DialError {
    let (listener, port) = listen().await;
    let dialer = dialer(through(port, ""), &[]);
    let (result, _) =
        tokio::join!(dialer.tcp("up.example", 443, true), answer_once(listener, answer.as_bytes()));
    result.unwrap_err()
}

#[tokio::test]
async fn a_live_server_is_reached_without_delay_of_small_writes() {
    let (listener, port) = listen().await;
    let dialed = Dialer::new(UpstreamProxy::None).tcp("127.0.0.1", port, false).await.unwrap();
    assert_eq!(dialed.peer, listener.local_addr().unwrap());
    assert!(dialed.stream.nodelay().unwrap());
}

#[tokio::test]
async fn a_refused_connection_is_told() {
    let (listener, port) = listen().await;
    drop(listener);
    let told = Dialer::new(UpstreamProxy::None).tcp("127.0.0.1", port, false).await.unwrap_err();
    assert_eq!(told.reason, format!("127.0.0.1:{port} refused the connection"));
    assert!(!told.timed_out);
    assert!(told.to_string().contains("\nhint: "));
}

#[tokio::test]
async fn dead_addresses_before_a_live_one_do_no_harm() {
    let (listener, port) = listen().await;
    let dead = [(Ipv6Addr::LOCALHOST, 0).into(), (Ipv4Addr::new(127, 0, 0, 2), 0).into()];
    let all = [dead[0], dead[1], (Ipv4Addr::LOCALHOST, 0).into()];
    let dialed = dialer(UpstreamProxy::None, &all).tcp("up.example", port, true).await.unwrap();
    assert_eq!(dialed.peer, listener.local_addr().unwrap());
}

#[tokio::test]
async fn an_unknown_name_is_told() {
    let lookup = Lookup::by(|_| async { Err(io::Error::other("no such name")) });
    let told = Dialer::with_lookup(UpstreamProxy::None, lookup, CONNECT_TIMEOUT)
        .tcp("nx.example", 1, true)
        .await;
    assert_eq!(told.unwrap_err().reason, "the name nx.example was not found: no such name");
    let told = dialer(UpstreamProxy::None, &[]).tcp("nx.example", 1, true).await.unwrap_err();
    assert_eq!(told.reason, "the name nx.example was not found: it has no address");
}

#[tokio::test]
async fn a_silent_name_server_is_not_waited_for_long() {
    let dialer = Dialer::with_lookup(
        UpstreamProxy::None,
        Lookup::by(|_| pending()),
        Duration::from_millis(10),
    );
    let told = dialer.tcp("slow.example", 1, true).await.unwrap_err();
    assert!(told.timed_out, "{told}");
}

#[tokio::test]
async fn no_host_is_no_host() {
    for host in ["", "a b", "a\r\nX: y", "u@h", "a/b", "[::1"] {
        let told = Dialer::new(UpstreamProxy::None).tcp(host, 1, true).await.unwrap_err();
        assert!(told.reason.ends_with("is no host and port"), "{told}");
    }
}

#[tokio::test]
async fn a_tunnel_hands_over_a_server_that_speaks_first() {
    let (listener, port) = listen().await;
    let dialer = dialer(through(port, "u:p@"), &[]);
    let answer = b"HTTP/1.1 103 Wait\r\n\r\nHTTP/1.1 200 OK\r\nVia: x\r\n\r\n220 hello";
    let (result, head) =
        tokio::join!(dialer.tcp("2001:db8::1", 443, true), answer_once(listener, answer));
    assert_eq!(
        head,
        "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\
         Proxy-Authorization: Basic dTpw\r\n\r\n"
    );
    let mut rest = String::new();
    result.unwrap().stream.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "220 hello");
}

#[tokio::test]
async fn refusals_are_told_with_their_text() {
    let told = refusal(
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 12\r\n\r\nwho\r\nare you",
    )
    .await;
    assert!(told.reason.ends_with("it answered 407 Proxy Authentication Required: who are you"));
    assert!(told.remedy.contains("USER:PASSWORD"), "{told}");

    let told =
        refusal("HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n6\r\npolicy\r\n0\r\n\r\n");
    assert!(told.await.reason.ends_with("to up.example:443: it answered 403 No: policy"));

    let told = refusal("HTTP/1.1 504 Gateway Timeout\r\n\r\n").await;
    assert!(told.timed_out && told.reason.ends_with("504 Gateway Timeout"), "{told}");
}

#[tokio::test]
async fn what_is_no_proxy_is_told() {
    let told = refusal("SSH-2.0-OpenSSH\r\n\r\n").await;
    assert!(told.reason.ends_with("did not answer in HTTP"), "{told}");
    let told = refusal("").await;
    assert!(told.reason.starts_with("upstream proxy: 127.0.0.1:"), "{told}");
    let told = refusal(&format!("HTTP/1.1 200 OK\r\nA: {}", "a".repeat(70_000))).await;
    assert!(told.reason.ends_with("did not answer in HTTP"), "{told}");
}

#[tokio::test]
async fn a_dead_proxy_is_not_taken_for_a_dead_upstream() {
    let (listener, port) = listen().await;
    drop(listener);
    let told = dialer(through(port, ""), &[]).tcp("up.example", 443, true).await.unwrap_err();
    assert_eq!(told.reason, format!("upstream proxy: 127.0.0.1:{port} refused the connection"));
}
