//! The index says what `serde_json` says, and where.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// The values of a text by the index, each taken out of the text by its own place.
fn values(text: &[u8], index: &Index) -> Vec<Value> {
    (0..index.nodes.len())
        .map(|node| {
            let (_, start) = value_start(text, index, node);
            let end = value_end(text, index, node);
            serde_json::from_slice(&text[start..end]).unwrap_or_else(|error| {
                panic!("{error}: {}", String::from_utf8_lossy(&text[start..end]))
            })
        })
        .collect()
}

/// The same by `serde_json`, in the order of the text.
fn expected(value: &Value, all: &mut Vec<Value>) {
    all.push(value.clone());
    match value {
        Value::Array(items) => items.iter().for_each(|item| expected(item, all)),
        Value::Object(fields) => fields.values().for_each(|item| expected(item, all)),
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        "[a\"\\\\\n日😀 {}\\[\\]:,]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[a-c\" ]{0,3}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn places_ways_and_spellings() {
    let text = br#" {"jsonrpc" : "2.0", "id":12345678901234567890, "result":{"content":[{"a b":1.50e+2},[] , {} ]}} "#;
    let index = Index::of(text);
    assert_eq!(index.fault, None);
    let told: Vec<_> = (0..index.nodes.len())
        .map(|node| {
            let (key, start) = value_start(text, &index, node);
            let end = value_end(text, &index, node);
            let spelled = String::from_utf8_lossy(&text[start..end]).into_owned();
            (path(text, &index, node), key.map(unescape).unwrap_or_default(), spelled)
        })
        .collect();
    let told: Vec<_> = told.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(told.len(), 9);
    assert_eq!(told[2], ("$.id", "id", "12345678901234567890"));
    assert_eq!(told[4], ("$.result.content", "content", r#"[{"a b":1.50e+2},[] , {} ]"#));
    assert_eq!(told[6], ("$.result.content[0]['a b']", "a b", "1.50e+2"));
    assert_eq!(told[7].0, "$.result.content[1]");
    assert_eq!(told[8].2, "{}");
    assert_eq!(index.nodes[4].count, 3);
    assert_eq!(index.nodes[0].next, 9);
}

#[test]
fn what_breaks_off_is_there_up_to_the_break() {
    let text = br#"{"a":[1,2,{"b":tru"#;
    let index = Index::of(text);
    assert_eq!(index.nodes.len(), 5);
    assert!(index.nodes.iter().all(|node| node.next as usize <= 5));
    assert_eq!(index.fault, Some(Fault { at: 15, what: "no value" }));
    assert_eq!(Index::of(b"hello").nodes, []);
    assert!(Index::of(b"[1] 2").fault.is_some());
}

#[test]
fn depth_costs_no_stack() {
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let index = Index::of(deep.as_bytes());
    assert_eq!((index.nodes.len(), index.fault.is_none()), (1_000_000, true));
    assert_eq!(value_end(deep.as_bytes(), &index, 0), deep.len());
    assert_eq!(path(deep.as_bytes(), &index, 999_999).len(), 1 + 3 * 999_999);
}

#[test]
fn strings_say_what_they_mean() {
    assert_eq!(unescape(br#""a\n\u00e9\ud83d\ude00\"\/""#), "a\né😀\"/");
    assert_eq!(unescape(br#""\ud83d x \q \u12"#), "\\ud83d x \\q \\u12");
}

proptest! {
    #[test]
    fn the_index_agrees_with_a_parser(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&value).unwrap()
        } else {
            value.to_string()
        };
        let index = Index::of(text.as_bytes());
        prop_assert_eq!(&index.fault, &None);
        let mut all = Vec::new();
        // As a parser reads it back: what was generated may lose its last digit on the way.
        expected(&serde_json::from_str(&text).unwrap(), &mut all);
        prop_assert_eq!(values(text.as_bytes(), &index), all);
    }

    #[test]
    fn it_takes_what_a_parser_takes(text in r#"[ \[\]{},:"a1\\.e+-]{0,24}|(true|null|[0-9.eE+-]{1,5}|[\[\]{},:]){0,6}"#) {
        let taken = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
        let index = Index::of(text.as_bytes());
        prop_assert_eq!(index.fault.is_none(), taken, "{}", text);
    }

    #[test]
    fn steps_make_the_same_index(value in any_json(), bytes in 1usize..9) {
        let text = value.to_string();
        let mut indexer = Indexer::default();
        while !indexer.step(text.as_bytes(), bytes) {}
        prop_assert_eq!(indexer.into_index(), Index::of(text.as_bytes()));
    }

    #[test]
    fn any_bytes_are_indexed_and_read(text in proptest::collection::vec(any::<u8>(), 0..64)) {
        let index = Index::of(&text);
        for node in 0..index.nodes.len() {
            let _ = (value_end(&text, &index, node), path(&text, &index, node));
        }
        let _ = unescape(&text);
    }
}
