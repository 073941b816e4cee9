use super::*;

fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append(name, value);
            map
        })
}

fn list(map: &HeaderMap) -> Vec<(&str, &str)> {
    map.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect()
}

type Fields = &'static [(&'static str, &'static str)];

#[test]
fn requests_by_table() {
    let table: &[(&str, Fields, Fields)] = &[
        (
            "order and duplicates stay",
            &[("b", "1"), ("host", "h"), ("a", "2"), ("a", ""), ("mcp-session-id", "x")],
            &[("b", "1"), ("host", "h"), ("a", "2"), ("a", ""), ("mcp-session-id", "x")],
        ),
        (
            "hop-by-hop",
            &[
                ("keep-alive", "5"),
                ("proxy-connection", "keep-alive"),
                ("proxy-authorization", "Basic x"),
                ("authorization", "Bearer y"),
                ("connection", "keep-alive"),
            ],
            &[("authorization", "Bearer y")],
        ),
        (
            "named by Connection, in two fields and any case",
            &[
                ("connection", "X-One, close"),
                ("x-one", "1"),
                ("connection", "x-TWO"),
                ("x-two", "2"),
                ("x", "3"),
            ],
            &[("x", "3")],
        ),
        (
            "Connection cannot take the framing or the host",
            &[("connection", "host, content-length"), ("host", "h"), ("content-length", "3")],
            &[("host", "h"), ("content-length", "3")],
        ),
        (
            "trailers",
            &[("te", "gzip;q=1, Trailers"), ("connection", "TE, close"), ("trailer", "x")],
            &[("te", "Trailers"), ("connection", "TE"), ("trailer", "x")],
        ),
        ("no trailers", &[("te", "gzip"), ("connection", "te")], &[]),
        (
            "a websocket",
            &[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")],
            &[("connection", "Upgrade"), ("upgrade", "websocket")],
        ),
        ("an upgrade without its option", &[("upgrade", "websocket")], &[]),
        (
            "no h2c behind our back",
            &[
                ("connection", "Upgrade, HTTP2-Settings"),
                ("upgrade", "h2c"),
                ("http2-settings", "x"),
            ],
            &[],
        ),
        (
            "one framing",
            &[
                ("content-length", "3"),
                ("transfer-encoding", "chunked"),
                ("transfer-encoding", "Chunked"),
            ],
            &[("transfer-encoding", "chunked")],
        ),
        (
            "codings that hyper leaves in the body",
            &[("transfer-encoding", "gzip, chunked")],
            &[("transfer-encoding", "gzip, chunked")],
        ),
    ];
    for (name, given, expected) in table {
        assert_eq!(list(&request_headers(map(given))), *expected, "{name}");
    }
}

#[test]
fn answers_by_table() {
    let table: &[(&str, Fields, Fields)] = &[
        (
            "101",
            &[("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-accept", "x")],
            &[("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-accept", "x")],
        ),
        (
            "an offer of h2",
            &[("upgrade", "h2,h2c"), ("connection", "Upgrade"), ("content-type", "text/plain")],
            &[("content-type", "text/plain")],
        ),
        (
            "challenges",
            &[
                ("proxy-authenticate", "Basic"),
                ("www-authenticate", "Bearer"),
                ("www-authenticate", "Basic"),
            ],
            &[("www-authenticate", "Bearer"), ("www-authenticate", "Basic")],
        ),
        (
            "a stream",
            &[
                ("transfer-encoding", "chunked"),
                ("trailer", "x"),
                ("set-cookie", "a"),
                ("set-cookie", "b"),
            ],
            &[
                ("transfer-encoding", "chunked"),
                ("trailer", "x"),
                ("set-cookie", "a"),
                ("set-cookie", "b"),
            ],
        ),
    ];
    for (name, given, expected) in table {
        assert_eq!(list(&response_headers(map(given))), *expected, "{name}");
    }
}

#[test]
fn values_that_are_no_text_stay() {
    let mut given = HeaderMap::new();
    given.append("x", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
    assert_eq!(request_headers(given.clone()), given);
}
