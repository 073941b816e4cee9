//! What holds for all answers.

use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value};

use super::*;

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        prop_oneof![
            Just("2026-11-20T10:00:00Z"),
            Just("1795168800"),
            Just(r#"{"b":1,"a":[{}]}"#),
            Just("[1, 2"),
            Just("at 2026-11-20, twice"),
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let key = prop_oneof![
            "[a-c/~*0]{0,2}",
            Just("tools".to_owned()),
            Just("content".to_owned()),
            Just("text".to_owned()),
            Just("name".to_owned()),
            Just("nextCursor".to_owned()),
            Just("isError".to_owned()),
            Just("task".to_owned()),
        ];
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((key, inner), 0..5)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The same value with the members of each object in the reverse order.
fn turned(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .rev()
                .map(|(key, value)| format!("{} : {}", Value::from(key.as_str()), turned(value)))
                .collect();
            format!("{{ {} }}", members.join(" , "))
        }
        Value::Array(members) => {
            let members: Vec<String> = members.iter().map(turned).collect();
            format!("[{}]", members.join(","))
        }
        other => other.to_string(),
    }
}

fn answer(method: &str, result: &str) -> Story {
    calls(&[(method, r#"{"name":"x"}"#, &format!(r#""result":{result}"#))])
}

fn methods() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("tools/call"), Just("tools/list"), Just("initialize"), Just("tasks/get")]
}

proptest! {
    #[test]
    fn a_session_is_the_same_as_itself_however_its_keys_are_ordered(
        method in methods(),
        value in json(),
    ) {
        let (own, its) = (answer(method, &value.to_string()), answer(method, &turned(&value)));
        for (one, other) in [(&own, &own), (&own, &its), (&its, &own)] {
            prop_assert_eq!(Wanted::default().told(one, other), ["same"]);
            prop_assert_eq!(told(one, other), ["same"]);
        }
        let strict = Wanted { strict: true, timing: true, ..Wanted::default() };
        prop_assert_eq!(strict.told(&own, &its), ["same"]);
        prop_assert_eq!(strict.judged(&own, &own).1, strict.judged(&own, &its).1);
    }

    #[test]
    fn sameness_holds_either_way(method in methods(), own in json(), its in json()) {
        let (own, its) = (answer(method, &own.to_string()), answer(method, &its.to_string()));
        let (there, back) = (Wanted::default().told(&own, &its), Wanted::default().told(&its, &own));
        prop_assert_eq!(&there[0], &back[0], "{:?} {:?}", there, back);
    }

    #[test]
    fn an_order_that_does_not_count_does_not(values in vec(json(), 0..8), turn in 0..8usize) {
        let mut other = values.clone();
        let at = turn.min(other.len());
        other.rotate_left(at);
        let list = |values: &[Value]| result(&serde_json::json!({ "l": values }).to_string());
        let wanted = Wanted {
            rules: "[[rule]]\ndo = 'unordered'\npath = '/result/l'",
            ..Wanted::default()
        };
        prop_assert_eq!(wanted.told(&list(&values), &list(&other)), ["same"]);
    }

    #[test]
    fn no_answer_makes_it_panic(
        own in vec(any::<u8>(), 0..60),
        its in ".{0,60}",
        rest in prop_oneof![Just(""), Just("[[rule]]\ndo = 'unordered'\npath = '$..*'")],
    ) {
        let (mut one, mut other) = (result("{}"), result("{}"));
        for (story, payload) in [(&mut one, own), (&mut other, its.into_bytes())] {
            for message in &mut story.messages {
                message.payload = payload.clone().into();
            }
        }
        let plain = result(r#"{"a":[1]}"#);
        let wanted = Wanted { rules: rest, strict: true, timing: true, ..Wanted::default() };
        for (own, its) in [(&one, &other), (&other, &one), (&one, &plain), (&plain, &other)] {
            wanted.told(own, its);
            told(own, its);
        }
    }
}
