//! HTTP/2 on both sides.

use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream, server};
use http::{HeaderMap, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    intercepted::{Origin, connect},
    peer::{Peer, listen},
    rig::Rig,
};
use crate::{
    capture::{Fact, Outcome, Side},
    tasks::Tasks,
};

/// A client and the server behind the proxy, both speaking frames.
struct Pair<S> {
    client: h2::client::SendRequest<Bytes>,
    server: server::Connection<S, Bytes>,
}

async fn client_over<S>(stream: S, tasks: &Tasks) -> h2::client::SendRequest<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (client, connection) = h2::client::handshake(stream).await.expect("a preface");
    tasks.spawn(async move {
        let _ = connection.await;
    });
    client
}

async fn in_tls(rig: &Rig, origin: &Origin) -> Pair<impl AsyncRead + AsyncWrite + Unpin + use<>> {
    let own = rig.trust.authority.cert_der();
    let serve = async {
        let stream = origin.accept(b"h2").await.stream;
        server::handshake(stream).await.expect("a preface")
    };
    let ask = async {
        let stream = connect(rig, origin.port, own, &[b"h2", b"http/1.1"]).await;
        client_over(stream.expect("it trusts us"), &rig.tasks).await
    };
    let (server, client) = tokio::join!(serve, ask);
    Pair { client, server }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pair<S> {
    /// Sends a request and gives what each side has of it.
    async fn exchange(
        &mut self,
        url: &str,
    ) -> (
        h2::client::ResponseFuture,
        SendStream<Bytes>,
        Request<RecvStream>,
        server::SendResponse<Bytes>,
    ) {
        let request = Request::post(url).header("mcp-method", "ping").body(()).expect("valid");
        let mut client = self.client.clone().ready().await.expect("open");
        let (response, body) = client.send_request(request, false).expect("sent");
        let (request, respond) = self.server.accept().await.expect("a stream").expect("valid");
        (response, body, request, respond)
    }
}

#[tokio::test]
async fn an_http2_exchange_with_trailers() {
    let origin = Origin::new().await;
    let mut rig = Rig::with(origin.trusted()).await;
    let mut pair = in_tls(&rig, &origin).await;
    let url = format!("https://localhost:{}/mcp?q", origin.port);
    let (response, mut body, request, mut respond) = pair.exchange(&url).await;
    assert_eq!(request.uri().to_string(), url);
    assert_eq!(request.headers()["mcp-method"], "ping");
    body.send_data(Bytes::from_static(b"hello"), true).expect("open");
    let mut server = pair.server;
    rig.tasks.spawn(async move { while server.accept().await.is_some() {} });
    let mut upload = request.into_body();
    assert_eq!(upload.data().await.expect("data").expect("no error"), "hello");
    let head = Response::builder().header("x-one", "1").body(()).expect("valid");
    let mut stream = respond.send_response(head, false).expect("open");
    stream.send_data(Bytes::from_static(b"world"), false).expect("open");
    let mut trailers = HeaderMap::new();
    trailers.append("x-sum", "7".parse().expect("valid"));
    stream.send_trailers(trailers).expect("open");
    let mut download = response.await.expect("a head").into_body();
    assert_eq!(download.data().await.expect("data").expect("no error"), "world");
    let trailers = download.trailers().await.expect("no error").expect("trailers");
    assert_eq!(trailers["x-sum"], "7");

    let (id, end) = rig.end().await;
    assert_eq!(end.outcome, Outcome::Completed);
    assert_eq!((end.request_bytes, end.response_bytes), (5, 5));
    assert_eq!(rig.body(id, Side::Request), "hello");
    assert_eq!(rig.body(id, Side::Response), "world");
    let Fact::Open(open) = &rig.of(id).next().expect("opened").fact else { panic!("open first") };
    assert_eq!((open.version.as_str(), open.url.as_str()), ("HTTP/2", url.as_str()));
}

#[tokio::test]
async fn a_reset_passes_with_its_reason_both_ways() {
    let origin = Origin::new().await;
    let mut rig = Rig::with(origin.trusted()).await;
    let mut pair = in_tls(&rig, &origin).await;
    let url = format!("https://localhost:{}/", origin.port);

    let (response, _body, _request, mut respond) = pair.exchange(&url).await;
    let mut stream = respond.send_response(Response::new(()), false).expect("open");
    let mut server = pair.server;
    let drive = async {
        stream.send_data(Bytes::from_static(b"half"), false).expect("open");
        let mut download = response.await.expect("a head").into_body();
        assert_eq!(download.data().await.expect("data").expect("no error"), "half");
        stream.send_reset(Reason::ENHANCE_YOUR_CALM);
        let error = download.data().await.expect("not the end").expect_err("a reset");
        assert_eq!(error.reason(), Some(Reason::ENHANCE_YOUR_CALM));
    };
    tokio::select! {
        () = drive => {}
        _ = server.accept() => panic!("no other stream"),
    }
    assert_eq!(rig.end().await.1.outcome, Outcome::UpstreamReset);

    // The other way: a client that cancels.
    let mut pair = Pair { client: pair.client, server };
    let (response, body, _request, mut respond) = pair.exchange(&url).await;
    let mut stream = respond.send_response(Response::new(()), false).expect("open");
    let mut server = pair.server;
    let drive = async {
        let download = response.await.expect("a head").into_body();
        drop((download, body));
        let reason = std::future::poll_fn(|cx| stream.poll_reset(cx)).await.expect("a reset");
        assert_eq!(reason, Reason::CANCEL);
    };
    tokio::select! {
        () = drive => {}
        _ = server.accept() => panic!("no other stream"),
    }
    assert_eq!(rig.end().await.1.outcome, Outcome::ClientClosed);
}

#[tokio::test]
async fn prior_knowledge_to_a_target_shares_one_upstream_connection() {
    let (listener, at) = listen().await;
    let mut rig = Rig::target(&format!("http://{at}")).await;
    let own = rig.targets[0];
    let client = client_over(Peer::connect(own).await.stream, &rig.tasks).await;
    let mut answers = Vec::new();
    for n in 0..2 {
        let request = Request::get(format!("http://{own}/{n}")).body(()).expect("valid");
        let mut client = client.clone().ready().await.expect("open");
        answers.push(client.send_request(request, true).expect("sent").0);
    }
    let stream = Peer::accept(&listener).await.stream;
    let mut server = server::handshake(stream).await.expect("a preface");
    for _ in 0..2 {
        let (request, mut respond) = server.accept().await.expect("a stream").expect("valid");
        assert_eq!(request.uri().authority().map(ToString::to_string), Some(at.to_string()));
        respond.send_response(Response::new(()), true).expect("open");
    }
    rig.tasks.spawn(async move { while server.accept().await.is_some() {} });
    for answer in answers {
        assert_eq!(answer.await.expect("a head").status(), 200);
        assert_eq!(rig.end().await.1.outcome, Outcome::Completed);
    }
}
