use http::Method;
use proptest::prelude::*;

use super::{Reads, framing::Framing, tapped};

/// Everything that can be taken after reading `wire` in pieces.
fn heads(reads: Reads, methods: &[Method], wire: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut framing = Framing::new(reads);
    for method in methods {
        framing.expect(method);
    }
    let mut rest = wire;
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        framing.read(piece);
        rest = after;
    }
    framing.read(rest);
    std::iter::from_fn(|| framing.take())
        .map(|head| String::from_utf8_lossy(&head).into_owned())
        .collect()
}

const NEXT: &str = "GET /next HTTP/1.1\r\nhost: h\r\n\r\n";

#[test]
fn a_request_is_followed_to_the_next_one() {
    let table = [
        ("no body", "GET / HTTP/1.1\r\nHOST: a\r\nhost: b\r\n\r\n", ""),
        ("bare LF", "GET / HTTP/1.1\nHost: a\n\n", ""),
        ("a length", "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n", "\r\n\r\n"),
        (
            "equal lengths",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\ncontent-length: 03\r\n\r\n",
            "abc",
        ),
        (
            "chunks",
            "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n",
            "2\r\n\r\n\r\n0\r\n\r\n",
        ),
        (
            "extensions and trailers",
            "POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "A ;x=\"\r\n0123456789\r\n00\t\r\nX: y\r\nZ:\r\n\r\n",
        ),
        (
            "chunks beat a length",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1\r\na\r\n0\r\n\r\n",
        ),
    ];
    for (name, head, body) in table {
        let wire = format!("{head}{body}\r\n\n{NEXT}");
        assert_eq!(heads(Reads::Requests, &[], wire.as_bytes(), &[]), [head, NEXT], "{name}");
    }
}

#[test]
fn what_hyper_refuses_ends_the_looking() {
    let table = [
        ("lengths differ", "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"),
        ("a list of lengths", "POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n"),
        ("a sign", "POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n"),
        ("a length of 2^64", "POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n"),
        ("coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("not chunked at last", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n"),
        ("folded", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"),
        ("blank before colon", "GET / HTTP/1.1\r\nA : b\r\n\r\n"),
        ("version", "GET / HTTP/1.2\r\n\r\n"),
        ("h2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("TLS", "\u{16}\u{3}\u{1}\n\n"),
    ];
    for (name, head) in table {
        let wire = format!("{head}{NEXT}");
        assert_eq!(heads(Reads::Requests, &[], wire.as_bytes(), &[]), [""; 0], "{name}");
    }
}

#[test]
fn a_bad_chunk_ends_the_looking_after_its_head() {
    const HEAD: &str = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in
        ["0x1\r\na\r\n", "+1\r\na\r\n", "\r\n", "1\na\n", "1\r\nab", "11112222333344445\r\n"]
    {
        let wire = format!("{HEAD}{body}0\r\n\r\n{NEXT}");
        assert_eq!(heads(Reads::Requests, &[], wire.as_bytes(), &[]), [HEAD], "{body:?}");
    }
}

#[test]
fn an_answer_is_followed_by_what_it_answers() {
    let ok = "HTTP/1.1 200 OK\r\n\r\n";
    let counted = "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n";
    let hint = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    let unchanged = "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n";
    let switching = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    let old = "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let (get, head) = (Method::GET, Method::HEAD);
    let connect = Method::CONNECT;
    let table = [
        ("counted", vec![&get, &get], vec![counted, "ab", counted], vec![counted, counted]),
        ("HEAD", vec![&head, &get], vec![counted, ok], vec![counted, ok]),
        ("1xx", vec![&head, &get], vec![hint, hint, counted, ok], vec![hint, hint, counted, ok]),
        ("304", vec![&get, &get], vec![unchanged, ok], vec![unchanged, ok]),
        ("to the end", vec![&get, &get], vec![ok, ok], vec![ok]),
        ("101", vec![&get, &get], vec![switching, ok], vec![switching]),
        ("CONNECT", vec![&connect, &get], vec![counted, ok], vec![counted]),
        ("coding in 1.0", vec![&get], vec![old], vec![]),
        ("nobody asked", vec![&get], vec![counted, "ab", counted], vec![counted]),
    ];
    for (name, methods, wire, expected) in table {
        let methods: Vec<Method> = methods.into_iter().cloned().collect();
        let wire = wire.concat();
        assert_eq!(heads(Reads::Responses, &methods, wire.as_bytes(), &[]), expected, "{name}");
    }
}

#[test]
fn an_endless_head_is_not_kept() {
    let mut framing = Framing::new(Reads::Requests);
    framing.read(b"GET / HTTP/1.1\r\n");
    for _ in 0..40 {
        framing.read(&[b'a'; 16 * 1024]);
    }
    framing.read(b": b\r\n\r\n");
    framing.read(NEXT.as_bytes());
    assert_eq!(framing.take(), None);
}

#[test]
fn heads_that_nobody_takes_are_bounded() {
    let mut framing = Framing::new(Reads::Requests);
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(400 * 1024));
    for _ in 0..3 {
        framing.read(long.as_bytes());
    }
    assert_eq!(framing.take(), None);
}

#[test]
fn after_a_stop_nothing_is_seen() {
    let mut framing = Framing::new(Reads::Requests);
    framing.read(NEXT.as_bytes());
    framing.stop();
    framing.read(NEXT.as_bytes());
    assert_eq!(framing.take(), None);
}

/// A message as its head and its body.
fn request() -> impl Strategy<Value = (String, Vec<u8>)> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        Just(("GET /x HTTP/1.1\r\nA: 1\r\na: 2\r\n\r\n".to_owned(), Vec::new())),
        bytes().prop_map(|body| {
            (format!("PUT / HTTP/1.1\r\ncontent-LENGTH: {}\r\n\r\n", body.len()), body)
        }),
        (prop::collection::vec(bytes(), 0..5), any::<bool>()).prop_map(|(chunks, has_trailers)| {
            let mut body = Vec::new();
            for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
                body.extend(format!("{:X};ext=\"a;b\"\r\n", chunk.len()).bytes());
                body.extend(chunk);
                body.extend(b"\r\n");
            }
            body.extend(if has_trailers {
                &b"0\r\nT: GET / HTTP/1.1\r\n\r\n"[..]
            } else {
                b"0\r\n\r\n"
            });
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), body)
        }),
    ]
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        messages in prop::collection::vec(request(), 1..6),
        cuts in prop::collection::vec(0_usize..30, 0..40),
    ) {
        let mut wire = Vec::new();
        for (head, body) in &messages {
            wire.extend(head.bytes());
            wire.extend(body);
        }
        let expected: Vec<String> = messages.into_iter().map(|(head, _)| head).collect();
        prop_assert_eq!(&heads(Reads::Requests, &[], &wire, &cuts), &expected);
        prop_assert_eq!(&heads(Reads::Requests, &[], &wire, &vec![1; wire.len()]), &expected);
    }

    #[test]
    fn no_bytes_are_too_much(wire in prop::collection::vec(any::<u8>(), 0..300)) {
        heads(Reads::Requests, &[], &wire, &[1, 2, 3]);
        heads(Reads::Responses, &[Method::GET], &wire, &[1, 2, 3]);
    }
}

/// The other judge: hyper itself reads through the tap, and each service call takes its own head.
#[tokio::test]
async fn hyper_finds_the_heads_it_has_read() {
    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};
    use hyper::{Request, Response, body::Incoming, service::service_fn};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let first =
        "POST /1 HTTP/1.1\r\nHoSt: h\r\nX: 1\r\nY: 2\r\nx: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let last = "GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let (mut client, server) = tokio::io::duplex(64);
    let (io, taken) = tapped(server, Reads::Requests);
    let service = service_fn(|request: Request<Incoming>| {
        let head = taken.take();
        async move {
            request.into_body().collect().await?;
            Ok::<_, hyper::Error>(Response::new(Full::new(head.unwrap_or_else(Bytes::new))))
        }
    });
    let serve =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service);
    let talk = async {
        let wire = format!("{first}3;e\r\nabc\r\n0\r\nT: x\r\n\r\n{last}");
        client.write_all(wire.as_bytes()).await.unwrap();
        let mut answers = String::new();
        client.read_to_string(&mut answers).await.unwrap();
        answers
    };
    let (result, answers) = tokio::join!(serve, talk);
    result.unwrap();
    assert!(answers.contains(first), "{answers}");
    assert!(answers.ends_with(last), "{answers}");
}
