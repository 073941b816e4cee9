use proptest::prelude::*;

use super::{Found, Mention, Mentions, Trace, json, needle::Needle, sieve::Sieve};
use crate::{
    capture::{Outcome, Side},
    protocol::testing::{body_end, chunk, end, exchanges, head, open, record},
};

/// Side, place, place within, wholeness and message number of every mention in a transcript.
fn places(value: &str, transcript: &str) -> Vec<String> {
    let trace = Trace::new(value).expect("a value");
    let mentions = exchanges(transcript).into_iter().flat_map(|records| {
        let found = trace.mentions(&records);
        assert!(!found.cut);
        found.all
    });
    mentions.map(|mention| line(&mention)).collect()
}

fn line(mention: &Mention) -> String {
    let message = mention.message.as_deref().and_then(|id| id.rsplit_once('.'));
    let mut line = mention.place.clone();
    if let Some(inner) = &mention.inner {
        line = format!("{line} -> {inner}");
    }
    if !mention.whole {
        line.push_str(" (part)");
    }
    if let Some((_, number)) = message {
        line = format!("{line} #{number}");
    }
    line
}

#[test]
fn a_session_id_from_its_origin_to_its_last_use() {
    let transcript = r#"
>> POST https://gateway.example/exchange
content-type: application/json
authorization: Bearer k

{"app":"demo"}
<< 200
content-type: application/json

{"sessionId":"f39aba069a8140","expiresIn":2592000,"endpoint":"https://mcp.example/f39aba069a8140/mcp"}
>> POST https://mcp.example/f39aba069a8140/mcp
content-type: application/json
mcp-session-id: f39aba069a8140

{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"of":["x","f39aba069a8140"]}}}
<< 401
content-type: application/json

{"code":"SessionExpired","message":"session f39aba069a8140 is expired"}
"#;
    assert_eq!(
        places("f39aba069a8140", transcript),
        [
            "response-body:/sessionId",
            "response-body:/endpoint (part)",
            "url (part)",
            "request-header:mcp-session-id",
            "request-body:/params/arguments/of/1 #0",
            "response-body:/message (part)",
        ]
    );
}

#[test]
fn a_value_however_it_is_spelled() {
    let transcript = r#"
>> GET http://localhost/cb?next=%2Fa%2Fb%20c&x=1
cookie: one=1; two="/a/b c"
mcp-param-path: =?base64?L2EvYiBj?=
authorization: Basic L2EvYiBjOnBhc3M=

<< 302
location: /next?p=%2fa%2fb%20c
set-cookie: three=%2Fa%2Fb%20c; Path=/
set-cookie: four=1; Path=/a/b c

>> POST http://localhost/token
content-type: application/x-www-form-urlencoded

grant_type=x&path=%2Fa%2Fb+c
<< 200
content-type: text/event-stream

: note /a/b c

id: /a/b c
data: {"jsonrpc":"2.0","method":"n","params":{"a~b":{"c/d":"\/a\/b c"}}}

event: endpoint
data: /messages?at=%2Fa%2Fb%20c

data: {"jsonrpc":"2.0","method":"n","params":{"text":"{\"in\":[\"{\\\"deep\\\":\\\"\\\/a\\\/b c\\\"}\"]}"}}

>> GET http://localhost/page
<< 200
content-type: text/html

<a href="/a/b c">
"#;
    assert_eq!(
        places("/a/b c", transcript),
        [
            "url (part)",
            "cookie:two",
            "request-header:mcp-param-path",
            "request-header:authorization (part)",
            "response-header:location (part)",
            "cookie:three",
            "response-header:set-cookie (part)",
            "request-body:/path",
            "response-body:/params/a~0b/c~1d #0",
            "response-body:/params/text -> /in/0/deep #1",
            "response-body: (part)",
            "event-id",
            "response-body: (part)",
            "response-body: (part)",
        ]
    );
}

#[test]
fn a_mention_is_a_token() {
    let table = [
        ("s-1", "s-1", Some(true)),
        ("s-1", "s-10", None),
        ("s-1", "xs-1", None),
        ("s-1", "s-10 s-1", Some(false)),
        ("s-1", "a=s-1&b", Some(false)),
        ("s-1", "s%2D1", Some(true)),
        ("42", "/x/42/y", Some(false)),
        ("42", "142", None),
        ("é", "caféé", None),
        ("é", "caf é", Some(false)),
        ("/a", "x/a", Some(false)),
        ("a", "%zz%a", Some(false)),
    ];
    for (value, text, whole) in table {
        assert_eq!(Needle::new(value).expect("a value").is_in(text), whole, "{value} in {text}");
    }
    assert!(Trace::new("").is_none());
}

#[test]
fn numbers_and_keys_of_json_count() {
    let hits = |value: &str, text: &str| {
        let mut hits = Vec::new();
        json::walk(&Needle::new(value).expect("a value"), text, &mut |hit| hits.push(hit.path));
        hits
    };
    assert_eq!(
        hits("42", r#"{"a":[1,42,"42",142,42.0],"42":{"b":42}}"#),
        ["/a/1", "/a/2", "/42", "/42/b"]
    );
    assert_eq!(hits("true", r#"[true,{"x":null}]"#), ["/0"]);
    assert_eq!(hits("a", r#"{"x":"a","#), ["/x"]);
    assert_eq!(hits("v", r#"{"x":"[not \"really] v","y":"\ud800 v"}"#), ["/y", "/x"]);
    let deep = format!("{}\"v\"", "[".repeat(100_000));
    assert_eq!(hits("v", &deep), ["/0".repeat(256)]);
}

#[test]
fn a_body_that_nothing_reads_is_searched_over_the_edges_of_its_pieces() {
    let body = format!("{} token=abc%2Ddef; {}", "y".repeat(500), "z ".repeat(300));
    for size in [1, 2, 3, 7, 50, 2_000] {
        for (value, found) in [("abc-def", true), ("bc-def", false), ("abc-de", false)] {
            let mut facts = vec![open("GET", "http://h/", &[]), head(200, &[])];
            facts.extend(body.as_bytes().chunks(size).map(|part| chunk(Side::Response, part)));
            facts.extend([body_end(Side::Response), end(Outcome::Completed)]);
            let records: Vec<_> = facts.into_iter().map(record).collect();
            let mentions = Trace::new(value).expect("a value").mentions(&records).all;
            assert_eq!(mentions.len(), usize::from(found), "{value} in pieces of {size}");
        }
    }
}

#[test]
fn the_sieve_holds_back_what_cannot_mention_the_value() {
    let passes = |value: &str, pieces: &[&str], coding: &str| {
        let mut facts = vec![open("POST", "http://h/", &[(coding, "gzip")])];
        facts.extend(pieces.iter().map(|piece| chunk(Side::Request, piece.as_bytes())));
        let records: Vec<_> = facts.into_iter().map(record).collect();
        Sieve::of(value).lets_through(&records)
    };
    assert!(!passes("f39aba-1", &["{\"id\":\"f39ab\"}"], "x"));
    assert!(passes("f39aba-1", &["{\"id\":\"f3", "9", "a", "ba-1\"}"], "x"));
    assert!(passes("f39aba-1", &["{\"id\":\"\\", "u0066\"}"], "x"), "an escape may write it");
    assert!(passes("f39aba-1", &["id=%6", "6"], "x"));
    assert!(passes("f39aba-1", &["\u{1f}"], "content-encoding"));
    assert!(passes("/-/", &["anything"], "x"));
}

#[test]
fn one_exchange_tells_so_many_and_says_that_there_are_more() {
    let body = format!("[{}0]", "\"v\",".repeat(5_000));
    let facts = [
        open("POST", "http://h/", &[("content-type", "application/json")]),
        chunk(Side::Request, body.as_bytes()),
        body_end(Side::Request),
    ];
    let records: Vec<_> = facts.into_iter().map(record).collect();
    let found = Trace::new("v").expect("a value").mentions(&records);
    assert!(found.cut);
    assert_eq!(found.all.len(), super::MENTIONS_CAP);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(value in ".{1,4}", text in "[\\[\\]{}\",:\\\\a%=?1 é]{0,80}") {
        let needle = Needle::new(&value).expect("a value");
        needle.is_in(&text);
        needle.is_in_header(&text);
        json::walk(&needle, &text, &mut |_| {});
    }

    #[test]
    fn a_string_of_json_is_found_wherever_it_stands(
        value in "[^\\s\\p{Alphabetic}\\p{N}{\\[%]{1,6}",
        key in ".{0,8}",
    ) {
        let text = serde_json::json!({ "x": [{ key.clone(): format!("a {value} b") }] }).to_string();
        let mut paths = Vec::new();
        json::walk(&Needle::new(&value).expect("a value"), &text, &mut |hit| paths.push(hit.path));
        let path = format!("/x/0/{}", json::escape(&key));
        prop_assert!(paths.contains(&path), "{paths:?} in {text}");
    }

    #[test]
    fn what_the_sieve_holds_back_mentions_nothing(
        value in "[a-c-]{1,4}",
        body in "[a-c{}\\[\\]\":,\\\\%6u01-]{0,60}",
        size in 1..9_usize,
        media in "(application/json|text/event-stream|application/x-www-form-urlencoded|text/html)",
    ) {
        let mut facts = vec![open("POST", "http://h/", &[("content-type", &media)])];
        facts.extend(body.as_bytes().chunks(size).map(|part| chunk(Side::Request, part)));
        facts.push(body_end(Side::Request));
        let records: Vec<_> = facts.into_iter().map(record).collect();
        if !Sieve::of(&value).lets_through(&records) {
            let exchange = records[0].exchange.expect("an exchange");
            let mut found = Found { exchange, mentions: Mentions::default() };
            Trace::new(&value).expect("a value").bodies(&records, &mut found);
            prop_assert!(found.mentions.all.is_empty(), "{:?}", found.mentions);
        }
    }

    #[test]
    fn no_exchange_makes_it_panic(
        url in ".{0,20}",
        body in prop::collection::vec(any::<u8>(), 0..200),
        media in "(application/json|text/event-stream|application/x-www-form-urlencoded|text/html)",
        value in ".{1,3}",
    ) {
        let facts = [
            open("POST", &url, &[("content-type", &media), ("cookie", &url)]),
            chunk(Side::Request, &body),
            body_end(Side::Request),
            head(200, &[("content-type", &media), ("set-cookie", &url)]),
            chunk(Side::Response, &body),
            end(Outcome::Truncated),
        ];
        let records: Vec<_> = facts.into_iter().map(record).collect();
        let found = Trace::new(&value).expect("a value").mentions(&records);
        prop_assert!(!found.cut);
    }
}
