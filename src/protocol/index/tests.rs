//! What the index promises of one exchange. What it promises of its kin is tested where they are
//! read: `cli::recording`.

use std::collections::HashMap;

use super::*;
use crate::protocol::testing::summaries;

/// Sessions by id, groups, an answer elsewhere, legs: one client and two servers.
const RECORDING: &str = r#"
    >> POST http://localhost:3000/mcp

    {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}
    << 200
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}
    >> POST http://localhost:3000/mcp
    << 401
    >> GET http://localhost:3000/.well-known/oauth-protected-resource
    << 200
    >> POST http://localhost:3000/mcp
    Mcp-Session-Id: a

    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}
    << 202
    >> POST http://localhost:4000/mcp

    {"jsonrpc":"2.0","id":1,"method":"tools/list"}
    << 200

    {"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}
    >> POST http://localhost:4000/mcp
    << 401
    >> GET http://localhost:3000/mcp
    Mcp-Session-Id: a
    << 200
    content-type: text/event-stream

    data: {"jsonrpc":"2.0","id":1,"result":{}}

    >> POST http://localhost:4000/mcp

    {"jsonrpc":"2.0","id":2,"method":"ping"}
    << 500
"#;

#[test]
fn keys_promise_too_much_rather_than_too_little() {
    let all = summaries(RECORDING);
    let found = |query: &str| -> Vec<usize> {
        let query = crate::protocol::query::Query::parse(query, crate::protocol::testing::START);
        let plan = query.expect("a query").plan(&HashMap::new());
        (0..).zip(&all).filter(|(_, s)| plan.admits(s)).map(|(place, _)| place).collect()
    };
    assert_eq!(found("method:tools/list"), [4, 6], "the stream answers who knows what");
    assert_eq!(found("tool:t"), [3, 6]);
    assert_eq!(found("status:error"), [1, 3, 4, 5, 6, 7], "3 is answered elsewhere");
    assert_eq!(found("http:401"), [1, 5]);
    assert_eq!(found("http>=500"), [1, 4, 5, 7], "of many statuses it is known that they failed");
    assert_eq!(found("http:500 method:ping"), [7]);
    assert_eq!(found("method:tools/*").len(), all.len(), "a glob is no key");
    assert_eq!(found("-method:ping").len(), all.len());
    assert_eq!(found("rpc:-32601 method:tools/list"), [4, 6]);
}

#[test]
fn the_beginning_of_an_id_is_a_range() {
    let id: ExchangeId = "019f0000-0001-7000-8000-000000000001".parse().expect("an id");
    let within = |text: &str| {
        let (from, to) = Plan::beginning(text)?.within?;
        Some(from <= id && id <= to)
    };
    for text in ["019f", "019f0000-0001", "019F", &id.to_string(), "0"] {
        assert_eq!(within(text), Some(true), "{text}");
    }
    assert_eq!(within("019e"), Some(false));
    assert_eq!(within("019f0000-0001-7000-8000-000000000002"), Some(false));
    for text in ["xyz", "s-1", &"0".repeat(33)] {
        assert_eq!(within(text), None, "{text}");
    }
}

#[test]
fn texts_that_differ_anywhere_have_different_keys() {
    let texts =
        ["", "a", "aaaaaaaa", "tools/call", "tools/list", "http://localhost:3000/mcp/tools"];
    let mut seen = HashMap::new();
    for text in texts {
        let changed = (0..text.len()).flat_map(|at| {
            (0..8).map(move |bit| {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        let longer = [format!("{text}\0"), format!("{text}x")];
        for text in changed.chain(longer).chain([text.to_owned()]) {
            for kind in ["method", "name", "wire"] {
                let before = seen.insert(Key::of(kind, &text), (kind, text.clone()));
                assert!(before.is_none_or(|before| before == (kind, text.clone())));
            }
        }
    }
    assert_ne!(Key::of("ab", "c"), Key::of("a", "bc"));
}
