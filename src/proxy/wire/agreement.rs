//! hyper is the judge: whatever arrives, the head to be taken when hyper hands over a message is that
//! message's.

use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Heads, Reads, tapped};

const FIELDS: &[&str] = &[
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "content-length: 5, 5\r\n",
    "Content-Length: +5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, Chunked \r\n",
    "transfer-encoding: gzip\r\n",
    "Connection: close\r\n",
    "A:\n",
    "B : 1\r\n",
    " folded\r\n",
];

const BODIES: &[&str] = &[
    "",
    "hello",
    "5\r\nhello\r\n0\r\n\r\n",
    "5;a=b\r\nhello\r\n00 \r\nT: 1\r\n\r\n",
    "5\nhello\r\n0\r\n\r\n",
    "0x5\r\nhello\r\n0\r\n\r\n",
    "\r\n\n",
    "\r\r\n",
    "ZZ",
];

/// A message's start line (by number), fields and body, of which nothing need fit the other.
fn message(
    starts: &'static [&'static str],
) -> impl Strategy<Value = (&'static str, String, &'static str)> {
    use prop::sample::select;
    let fields = prop::collection::vec(select(FIELDS), 0..3);
    (select(starts), fields.prop_map(|fields| fields.concat()), select(BODIES))
}

fn wire(messages: &[(&'static str, String, &'static str)]) -> String {
    let numbered = messages.iter().enumerate().map(|(n, (start, fields, body))| {
        format!("{}\r\nN: {n}\r\n{fields}\r\n{body}", start.replace('#', &n.to_string()))
    });
    numbered.collect()
}

/// Whether the next final head in the queue is the one hyper parsed.
fn agrees(heads: &Heads, n: Option<&http::HeaderValue>) -> bool {
    let next = std::iter::from_fn(|| heads.take()).find(|head| !head.starts_with(b"HTTP/1.1 1"));
    let Some(head) = next else { return false };
    let marker = [&b"N: "[..], n.map_or(&b""[..], http::HeaderValue::as_bytes), b"\r\n"].concat();
    head.windows(marker.len()).any(|line| line == marker)
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn on_requests(
        messages in prop::collection::vec(
            message(&["GET /# HTTP/1.1", "POST /# HTTP/1.1", "HEAD /# HTTP/1.0", "get /# HTTP/1.1"]),
            1..5,
        ),
        buffer in 1_usize..80,
    ) {
        let wire = wire(&messages);
        let disagreed = block_on(async {
            let (mut client, server) = tokio::io::duplex(buffer);
            let (io, heads) = tapped(server, Reads::Requests);
            let disagreed = std::cell::Cell::new(false);
            let service = service_fn(|request: Request<Incoming>| {
                disagreed.set(disagreed.get() || !agrees(&heads, request.headers().get("n")));
                async move {
                    let _ = request.into_body().collect().await;
                    Ok::<_, hyper::Error>(Response::new(Empty::<Bytes>::new()))
                }
            });
            let serve = async {
                let builder = hyper::server::conn::http1::Builder::new();
                let _ = builder.serve_connection(TokioIo::new(io), service).await;
            };
            let talk = async {
                let (mut read, mut write) = tokio::io::split(&mut client);
                let send = async {
                    let _ = write.write_all(wire.as_bytes()).await;
                    let _ = write.shutdown().await;
                };
                let mut answers = Vec::new();
                tokio::join!(send, read.read_to_end(&mut answers))
            };
            let ((), _) = tokio::join!(serve, talk);
            disagreed.get()
        });
        prop_assert!(!disagreed, "{wire:?}");
    }

    #[test]
    fn on_answers(
        messages in prop::collection::vec(
            message(&[
                "HTTP/1.1 200 OK", "HTTP/1.1 204 No", "HTTP/1.1 304 Not", "HTTP/1.0 200 OK",
                "HTTP/1.1 103 Hints",
            ]),
            1..5,
        ),
        is_head in prop::collection::vec(any::<bool>(), 5),
        buffer in 1_usize..80,
    ) {
        let wire = wire(&messages);
        let disagreed = block_on(async {
            let (client, server) = tokio::io::duplex(buffer);
            let (io, heads) = tapped(client, Reads::Responses);
            let (mut read, mut write) = tokio::io::split(server);
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(io)).await.unwrap();
            let ask = async {
                let mut disagreed = false;
                for is_head in is_head {
                    let mut request = Request::new(Empty::<Bytes>::new());
                    *request.method_mut() = if is_head { Method::HEAD } else { Method::GET };
                    if sender.ready().await.is_err() {
                        break;
                    }
                    heads.expect(request.method());
                    let Ok(answer) = sender.send_request(request).await else { break };
                    disagreed |= !agrees(&heads, answer.headers().get("n"));
                    let _ = answer.into_body().collect().await;
                }
                drop(sender);
                disagreed
            };
            // The server answers once it was asked: an answer before is an error to hyper.
            let answer = async {
                let _ = read.read_u8().await;
                let drain = async { tokio::io::copy(&mut read, &mut tokio::io::sink()).await };
                let send = async {
                    let _ = write.write_all(wire.as_bytes()).await;
                    let _ = write.shutdown().await;
                };
                tokio::join!(drain, send)
            };
            let (disagreed, _, _) = tokio::join!(ask, connection, answer);
            disagreed
        });
        prop_assert!(!disagreed, "{wire:?}");
    }
}
