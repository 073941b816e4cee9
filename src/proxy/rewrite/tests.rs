use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use proptest::{prelude::*, sample::select};

use super::*;

const OWN: &str = "http://127.0.0.1:41233";

fn reverse() -> Reverse {
    Reverse::new(&Url::parse("https://up.example/mcp").unwrap(), OWN, false)
}

fn map(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    map
}

/// The client's body and the rewrites, for a body that comes in pieces of this size.
fn through(mut body: BodyRewriter, upstream: &str, size: usize) -> (String, Vec<Rewrite>) {
    let mut sent = Vec::new();
    let mut rewrites = Vec::new();
    for piece in upstream.as_bytes().chunks(size.max(1)) {
        let (out, more) = body.push(Bytes::copy_from_slice(piece));
        sent.extend(out.concat());
        rewrites.extend(more);
    }
    let (out, more) = body.finish();
    sent.extend(out.concat());
    rewrites.extend(more);
    (String::from_utf8(sent).unwrap(), rewrites)
}

fn event_stream() -> BodyRewriter {
    let headers = map(&[("content-type", "text/event-stream; charset=utf-8")]);
    reverse().body(&Method::GET, "/sse", StatusCode::OK, &headers).unwrap()
}

fn metadata(path: &str) -> BodyRewriter {
    let headers = map(&[("content-type", "application/json")]);
    reverse().body(&Method::GET, path, StatusCode::OK, &headers).unwrap()
}

/// The rewrites, applied to the upstream's body, give the client's: nothing else was touched.
fn assert_explained(upstream: &str, sent: &str, rewrites: &[Rewrite]) {
    let mut explained = upstream.to_owned();
    for rewrite in rewrites.iter().rev() {
        let at = usize::try_from(rewrite.offset).unwrap();
        let end = at + rewrite.old.len();
        assert_eq!(&explained[at..end], rewrite.old);
        explained.replace_range(at..end, &rewrite.new);
    }
    assert_eq!(explained, sent);
}

#[test]
fn endpoints_by_table_at_every_piece_size() {
    let table = [
        (
            "LF",
            "event: endpoint\ndata: https://up.example/m?s=1\n\ndata: https://up.example/x\n\n",
            1,
        ),
        ("CRLF", "event: endpoint\r\ndata: https://up.example/m\r\n\r\ndata: x\r\n\r\n", 1),
        ("CR", "event:endpoint\rdata:https://up.example:443/m\r\r", 1),
        (
            "data first, after comments",
            "\u{feff}: hi\n\nretry: 1\n\nid: 1\ndata:  HTTPS://UP.example \nevent: endpoint\n\n",
            1,
        ),
        ("relative", "event: endpoint\ndata: /messages?session_id=1\n\n", 0),
        ("without scheme", "event: endpoint\ndata: //up.example/m\n\n", 1),
        ("another origin", "event: endpoint\ndata: https://up.example.evil/m\n\n", 0),
        ("another port", "event: endpoint\ndata: https://up.example:444/m\n\n", 0),
        ("within a query", "event: endpoint\ndata: /m?u=https://up.example/\n\n", 0),
        ("not the first event", "data: 1\n\nevent: endpoint\ndata: https://up.example/m\n\n", 0),
        ("of another type", "event: message\ndata: https://up.example/m\n\n", 0),
        ("two lines", "event: endpoint\ndata: https://up.example/\ndata: m\n\n", 0),
        ("unfinished", "event: endpoint\ndata: https://up.example/m\n", 0),
    ];
    for (name, upstream, rewritten) in table {
        for size in 1..=upstream.len() {
            let (sent, rewrites) = through(event_stream(), upstream, size);
            assert_eq!(rewrites.len(), rewritten, "{name} by {size}: {sent}");
            assert_explained(upstream, &sent, &rewrites);
        }
    }
}

#[test]
fn an_endpoint_split_in_two_anywhere_is_the_same() {
    let upstream =
        ": ping\r\n\r\nevent: endpoint\r\ndata: https://up.example/m?s=1\r\n\r\n: ping\r\n";
    for at in 0..upstream.len() {
        let mut body = event_stream();
        let (first, second) = upstream.split_at(at);
        let (mut out, mut rewrites) = body.push(Bytes::from_static(first.as_bytes()));
        let (more, rest) = body.push(Bytes::from_static(second.as_bytes()));
        out.extend(more);
        rewrites.extend(rest);
        assert_eq!(out.concat(), upstream.replace("https://up.example", OWN).as_bytes(), "{at}");
        assert_eq!(rewrites, [in_body(33, "https://up.example", OWN)], "{at}");
    }
}

#[test]
fn after_the_first_event_nothing_is_held() {
    let mut body = event_stream();
    let (out, _) = body.push(Bytes::from_static(b": ping\n\n"));
    assert_eq!(out.concat(), b": ping\n\n");
    let (out, _) = body.push(Bytes::from_static(b"data: 1\n\ndata: unfin"));
    assert_eq!(out.concat(), b"data: 1\n\ndata: unfin");
    let piece = Bytes::from_static(b"ished");
    let (out, _) = body.push(piece.clone());
    assert_eq!(out[0].as_ptr(), piece.as_ptr());
}

#[test]
fn an_endless_first_event_is_let_go() {
    let mut body = event_stream();
    let piece = Bytes::from(vec![b'a'; 40_000]);
    assert_eq!(body.push(piece.clone()).0.concat().len(), 0);
    assert_eq!(body.push(piece.clone()).0.concat().len(), 80_000);
    assert_eq!(body.push(piece).0.concat().len(), 40_000);
}

#[test]
fn only_these_bodies_are_looked_at() {
    let stream = [("content-type", "text/event-stream")];
    let table = [
        (Method::POST, "/sse", StatusCode::OK, map(&stream)),
        (Method::GET, "/sse", StatusCode::NOT_FOUND, map(&stream)),
        (Method::GET, "/sse", StatusCode::OK, map(&[stream[0], ("content-encoding", "gzip")])),
        (Method::GET, "/x", StatusCode::OK, map(&[("content-type", "application/json")])),
        (
            Method::GET,
            "/.well-known/oauth-protected-resource",
            StatusCode::OK,
            map(&[("content-type", "text/html")]),
        ),
    ];
    for (method, path, status, headers) in table {
        assert!(reverse().body(&method, path, status, &headers).is_none(), "{method} {path}");
    }
}

#[test]
fn resource_metadata_leads_to_us() {
    let upstream = r#"{"authorization_servers" : ["https://up.example","https://as.example"],
        "x": "https://up.example/", "resource":"https:\/\/up.example\/mcp", "scopes_supported":["a"]}"#;
    for size in 1..=upstream.len() {
        let body = metadata("/.well-known/oauth-protected-resource/mcp");
        let (sent, rewrites) = through(body, upstream, size);
        assert_explained(upstream, &sent, &rewrites);
        assert_eq!(
            sent,
            r#"{"authorization_servers" : ["http://127.0.0.1:41233","https://as.example"],
        "x": "https://up.example/", "resource":"http://127.0.0.1:41233\/mcp", "scopes_supported":["a"]}"#
        );
    }
}

#[test]
fn server_metadata_leads_programs_to_us_and_people_to_the_login() {
    let upstream = r#"{"issuer":"https://up.example","token_endpoint":"https://up.example/token",
        "authorization_endpoint":"https://up.example/authorize"}"#;
    let (sent, rewrites) = through(metadata("/.well-known/openid-configuration"), upstream, 7);
    assert_explained(upstream, &sent, &rewrites);
    assert_eq!(rewrites.len(), 2, "{sent}");
    assert!(sent.contains("https://up.example/authorize"), "{sent}");
}

#[test]
fn what_is_no_metadata_passes() {
    for upstream in ["", "[]", "{", "{\"resource\":1}", "{\"resource\":[[\"https://up.example\"]]}"]
    {
        let body = metadata("/.well-known/oauth-protected-resource");
        assert_eq!(through(body, upstream, 3), (upstream.to_owned(), Vec::new()));
    }
    let large = format!("{{\"resource\":\"https://up.example/{}\"}}", "a".repeat(1024 * 1024));
    let body = metadata("/.well-known/oauth-protected-resource");
    assert_eq!(through(body, &large, 100_000), (large.clone(), Vec::new()));
}

#[test]
fn answer_headers_by_table() {
    let challenge =
        r#"Bearer error="x", resource_metadata="https://up.example/.well-known/a?b", scope="c""#;
    let led = r#"Bearer error="x", resource_metadata="http://127.0.0.1:41233/.well-known/a?b", scope="c""#;
    let table = [
        ("location", "https://up.example/a#b", "http://127.0.0.1:41233/a#b"),
        ("location", "//up.example/a", "http://127.0.0.1:41233/a"),
        ("location", "/a", "/a"),
        ("location", "https://u@up.example:443?x", "http://127.0.0.1:41233?x"),
        ("location", "https://up.example@evil.example/", "https://up.example@evil.example/"),
        ("location", "http://up.example/a", "http://up.example/a"),
        ("content-location", "https://up.example/a", "http://127.0.0.1:41233/a"),
        ("www-authenticate", challenge, led),
        (
            "www-authenticate",
            "Bearer resource_metadata = https://up.example/a, x=1",
            "Bearer resource_metadata = http://127.0.0.1:41233/a, x=1",
        ),
        ("www-authenticate", "Bearer resource_metadata", "Bearer resource_metadata"),
        (
            "www-authenticate",
            "Bearer realm=\"https://up.example\"",
            "Bearer realm=\"https://up.example\"",
        ),
        ("link", "https://up.example/a", "https://up.example/a"),
    ];
    for (name, upstream, expected) in table {
        let given = map(&[("a", "1"), (name, upstream), ("a", "2"), ("content-length", "3")]);
        let (sent, rewrites) = reverse().response_headers(given.clone(), false);
        assert_eq!(sent, map(&[("a", "1"), (name, expected), ("a", "2"), ("content-length", "3")]));
        assert_eq!(rewrites.len(), usize::from(upstream != expected), "{upstream}");
    }
}

#[test]
fn a_body_that_may_change_has_no_length() {
    let given = map(&[("b", "1"), ("content-length", "3"), ("c", "2"), ("a", "3")]);
    let (sent, rewrites) = reverse().response_headers(given, true);
    let names: Vec<&str> = sent.keys().map(HeaderName::as_str).collect();
    assert_eq!((names, rewrites), (vec!["b", "c", "a"], vec![]));
}

#[test]
fn requests_go_as_a_direct_client_sends_them() {
    let given = map(&[
        ("x", "1"),
        ("host", "localhost:41233"),
        ("origin", "http://localhost:41233"),
        ("y", "2"),
    ]);
    let (sent, rewrites) = reverse().request_headers(given.clone());
    let names: Vec<&str> = sent.keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["x", "host", "origin", "y"]);
    assert_eq!(
        (&sent["host"], &sent["origin"]),
        (&HeaderValue::from_static("up.example"), &HeaderValue::from_static("https://up.example"))
    );
    assert_eq!(rewrites.len(), 2);

    let foreign = map(&[("host", "up.example"), ("origin", "http://localhost:6274")]);
    assert_eq!(reverse().request_headers(foreign.clone()), (foreign, vec![]));

    let keeping = Reverse::new(&Url::parse("https://up.example").unwrap(), OWN, true);
    assert_eq!(keeping.request_headers(given.clone()), (given, vec![]));
}

#[test]
fn hosts_have_the_port_a_client_would_send() {
    for (upstream, host) in [
        ("http://up.example:80", "up.example"),
        ("http://up.example:8080/mcp", "up.example:8080"),
        ("http://[::1]:3000", "[::1]:3000"),
    ] {
        let reverse = Reverse::new(&Url::parse(upstream).unwrap(), OWN, false);
        let (sent, _) = reverse.request_headers(map(&[("host", "127.0.0.1:41233")]));
        assert_eq!(sent["host"], host);
    }
}

#[test]
fn a_client_is_led_to_the_name_it_used() {
    let named = reverse().named(&"localhost:41233".parse().unwrap());
    let (sent, _) = named.response_headers(map(&[("location", "https://up.example/a")]), false);
    assert_eq!(sent["location"], "http://localhost:41233/a");
}

/// Texts that look like what is rewritten, put together anyhow.
fn pieces() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "event: endpoint",
        "data: ",
        "data:",
        "https://up.example",
        "https:\\/\\/up.example",
        "//up.example",
        "/m",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        ": ping",
        " ",
        "\u{feff}",
        "\"resource\"",
        "\"issuer\"",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "é",
    ]);
    prop::collection::vec(piece, 0..25).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_changed_byte_of_a_stream_is_explained(upstream in pieces(), size in 1_usize..40) {
        let (sent, rewrites) = through(event_stream(), &upstream, size);
        assert_explained(&upstream, &sent, &rewrites);
        let (whole, same) = through(event_stream(), &upstream, upstream.len());
        prop_assert_eq!((sent, rewrites), (whole, same));
    }

    #[test]
    fn every_changed_byte_of_metadata_is_explained(
        keys in prop::collection::vec((select(RESOURCE), pieces()), 0..4),
        size in 1_usize..40,
    ) {
        let fields: Vec<String> =
            keys.into_iter().map(|(key, value)| format!("{key}{}", value.replace(['\n', '\r'], ""))).collect();
        let upstream = format!("{{{}}}", fields.join(","));
        let body = metadata("/.well-known/oauth-protected-resource");
        let (sent, rewrites) = through(body, &upstream, size);
        assert_explained(&upstream, &sent, &rewrites);
    }
}

const RESOURCE: &[&str] = &[
    "\"resource\": ",
    "\"authorization_servers\":",
    "\"resource\":\"https://up.example\",\"jwks_uri\":",
];
