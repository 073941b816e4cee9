//! Spellings decode to what they say, and their places are kept.

use proptest::prelude::*;

use super::super::{
    coded::{base64_in, percented, quoted, unpercented, unquoted},
    json::{What, leaves},
    layers::{self, Edit, Spot},
};

proptest! {
    #[test]
    fn quoting_and_back(text in "\\PC*|[\\x00-\\x7f]*") {
        let raw = quoted(&text);
        prop_assert_eq!(&unquoted(&raw).text, &text);
        let raw = percented(&text);
        prop_assert_eq!(&unpercented(&raw).text, &text);
    }

    /// Every place of a decoded text is one of the raw one.
    #[test]
    fn places_are_kept(text in "(a|b|\\\\n|\\\\u00e9|\\\\ud83d\\\\ude00|é)*") {
        let decoded = unquoted(&text);
        for (at, c) in decoded.text.char_indices() {
            let raw = decoded.raw(&(at..at + c.len_utf8()));
            let spelled = text.get(raw).expect("a place");
            prop_assert_eq!(&*unquoted(spelled).text, &c.to_string());
        }
    }

    /// Nothing on any input panics, and nothing changes where nothing is asked to.
    #[test]
    fn a_walk_leaves_all_as_it_is(text in "[\\[\\]{}\":,%\\\\a-f0-9=é ]*|\\PC*") {
        let edits = layers::text(&text, &Spot::top(&[]), 0, &mut |_, _| Vec::new());
        prop_assert_eq!(layers::apply(&text, edits), text.clone());
        let edits = layers::url(&text, &mut |_, text| vec![Edit { range: 0..text.len(), text: "x".to_owned() }]);
        layers::apply(&text, edits);
        leaves(&text, &mut |leaf| assert!(leaf.what != What::Key || leaf.path.key().is_some() || leaf.path.steps().is_none()));
        base64_in(&text);
    }

    /// Whatever is made of a JSON text is JSON.
    #[test]
    fn json_stays_json(value in json(), fresh in "\\PC{1,8}") {
        let text = serde_json::json!([value]).to_string();
        let edits = layers::text(&text, &Spot::top(&[]), 0, &mut |_, text| {
            vec![Edit { range: 0..text.len(), text: fresh.clone() }]
        });
        let made = layers::apply(&text, edits);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&made).is_ok(), "{made}");
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(serde_json::Value::from),
        "\\PC{0,12}".prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-c]{1,3}", inner, 0..4)
                .prop_map(serde_json::Value::from_iter),
        ]
    })
}
