use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

/// What `text` is as one value, trimmed; none where it is no JSON.
fn whole(text: &str) -> Option<&str> {
    let mut scanner = Scanner::new(text);
    let value = scanner.value()?;
    scanner.is_over().then_some(value)
}

fn by_serde(text: &str) -> Option<&str> {
    serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get)
}

#[test]
fn it_takes_what_serde_json_takes() {
    let cases = [
        "",
        " ",
        "{}",
        "[]",
        "[[]]",
        "[{}]",
        "{\"a\":{}}",
        "[1,2]",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{1:1}",
        "[1}",
        "{\"a\":1]",
        "[1",
        "{\"a\":1",
        "]",
        "1 2",
        "0",
        "-0",
        "00",
        "01",
        "-",
        "-a",
        "1.",
        ".1",
        "1.5",
        "1e",
        "1e5",
        "1E+5",
        "1e-",
        "1e400",
        "0.0e0",
        "+1",
        "12345678901234567890123",
        "true",
        "tru",
        "truex",
        "false",
        "null",
        "nul",
        "\"\"",
        "\"a",
        "\"\\\"\"",
        "\"\\u00e9\"",
        "\"\\u00g9\"",
        "\"\\ud800\"",
        "\"\\x\"",
        "\"\\",
        "\"\\u12\"",
        "\"a\tb\"",
        "\"a\nb\"",
        "\"é\u{7f}\u{1f600}\"",
        "\"1234567\"",
        "\"12345678\"",
        "\"1234567\u{1f}\"",
        " { \"a\" : [ 1 , \"b\" ] } ",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "\u{a0}1",
        "\u{feff}1",
        "[\"a\" \"b\"]",
        "//",
        "NaN",
        "{}{}",
        "{\"a\":1}\u{0}",
    ];
    for text in cases {
        assert_eq!(whole(text), by_serde(text), "{text:?}");
    }
}

#[test]
fn depth_costs_no_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"b\":[", "]}]")] {
        let deep = format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000));
        assert_eq!(whole(&deep), Some(&deep[..]));
        assert_eq!(whole(&deep[..deep.len() - 1]), None);
        let wrong = format!("{}1{}", open.repeat(130), close.repeat(129));
        assert_eq!(whole(&format!("{wrong})")), None);
    }
    // Levels that change their kind, across the words that hold them.
    let mixed: String = (0..200).map(|n| if n % 3 == 0 { "{\"a\":" } else { "[" }).collect();
    let ends: String = (0..200).rev().map(|n| if n % 3 == 0 { '}' } else { ']' }).collect();
    let text = format!("{mixed}0{ends}");
    assert_eq!(whole(&text), Some(&text[..]));
    let swapped: String = ends.chars().map(|c| if c == '}' { ']' } else { '}' }).collect();
    assert_eq!(whole(&format!("{mixed}0{swapped}")), None);
}

#[test]
fn keys_are_found_however_they_are_spelled() {
    let text = r#"{"a":1,"\u0062":{"c":[2]},"a":"3","\ud800":4,"ab":5}"#;
    let (spelled, values) = Scanner::new(text).value_with(&["a", "b", "c"]).expect("an object");
    assert_eq!((spelled, values), (text, [Some("\"3\""), Some("{\"c\":[2]}"), None]));
    assert_eq!(Scanner::new("[1]").value_with(&["a"]), Some(("[1]", [None])));
}

proptest! {
    #[test]
    fn it_agrees_with_serde_json_on_any_text(text in r#"[\[\]{}",:0-9eE+.\-truefalsn\\u é\t\n]{0,40}"#) {
        prop_assert_eq!(whole(&text), by_serde(&text));
    }

    #[test]
    fn it_agrees_on_json_with_one_byte_changed(
        rows in prop::collection::vec(("[a-z\\\\\"é\u{1}]{0,20}", any::<i64>(), any::<f64>()), 0..4),
        at in 0usize..200, byte in "[\\[\\]{}\",:0-9a-z\\\\ ]"
    ) {
        let json = serde_json::json!({ "rows": rows, "x": [[], {}, null, true] }).to_string();
        prop_assert_eq!(whole(&json), Some(&json[..]));
        let mut changed: Vec<char> = json.chars().collect();
        let at = at % changed.len();
        changed[at] = byte.chars().next().expect("one");
        let changed: String = changed.into_iter().collect();
        prop_assert_eq!(whole(&changed), by_serde(&changed));
    }

    #[test]
    fn any_string_of_any_length(text in any::<String>(), pad in 0usize..20) {
        let json = serde_json::Value::from(format!("{}{text}", "x".repeat(pad))).to_string();
        prop_assert_eq!(whole(&json), Some(&json[..]));
    }
}
