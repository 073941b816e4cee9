//! Placeholders of a redacted tape, and `--set`.

use super::{super::Edits, Bindings, call, lines, run_with, story, tool};

const STATE: &str = "{{request-state:1}}";

#[test]
fn a_placeholder_is_bound_like_any_value() {
    let record = |state: &str| {
        tool(
            1,
            "ask",
            "{}",
            &format!(r#"{{"requestState":"{state}","say":"{state}, {{{{task:9}}}}"}}"#),
        ) + &call(
            2,
            "tools/call",
            &format!(
                r#"{{"name":"ask","requestState":"{state}","t":"x {state} {{{{session:9}}}}"}}"#
            ),
            "{}",
        )
    };
    let bindings = Bindings::find(&story(&record(STATE)), &[STATE.to_owned()]);
    assert_eq!(
        lines(&bindings),
        [
            "0.1/result/requestState -> 1.0/params/requestState",
            "0.1/result/requestState -> 1.0/params/t",
        ]
    );
    let sent = run_with(&record(STATE), &record("fresh"), &[STATE], "").sent;
    let sent = sent[1].as_ref().expect("filled");
    // What the tape's first line does not list is text.
    assert!(sent.contains(r#""requestState":"fresh","t":"x fresh {{session:9}}""#), "{sent}");
}

#[test]
fn what_nothing_fills_is_told_by_its_path() {
    let record =
        call(1, "tools/call", r#"{"name":"t","arguments":{"a":["b","key {{api_key:1}}"]}}"#, "{}");
    let run = run_with(&record, &record, &["{{api_key:1}}"], "");
    let unfilled = run.sent[0].as_ref().expect_err("it is the client's own");
    assert_eq!(unfilled.to_string(), "redacted: /params/arguments/a/1");
    let fill = |place, text| run.table.fill_text(crate::protocol::testing::id(0), place, text);
    let url = fill("url", "http://h/mcp?api_key=%7B%7Bapi_key:1%7D%7D").expect_err("so is the URL");
    assert_eq!(url.to_string(), "redacted: url");
    let header = fill("header:x-api-key", "{{api_key:1}}").expect_err("and the header");
    assert_eq!(header.to_string(), "redacted: header:x-api-key");

    let mut edits = Edits::default();
    edits.add("/params/arguments/a/1=abc").expect("a path");
    let story = story(&record);
    let message = &story.messages[0];
    let (text, made) = edits.apply(std::str::from_utf8(&message.payload).expect("text"));
    assert_eq!(made, 1);
    let filled = run.table.fill_json(message, &text).expect("nothing is open");
    assert!(filled.contains(r#"["b","abc"]"#), "{filled}");
}

/// What the tape has in its URL, the user's URL says (`--to`).
#[test]
fn the_users_url_fills_the_recorded_one() {
    let listed = ["{{session:1}}".to_owned()];
    let mut table = Bindings::find(&story(&tool(1, "t", "{}", "{}")), &listed).table();
    table.learn_text("http://rec:1/{{session:1}}/mcp", "https://live.example/f39aba069a8140/mcp");
    let header =
        table.fill_text(crate::protocol::testing::id(0), "header:mcp-session-id", "{{session:1}}");
    assert_eq!(header.as_deref(), Ok("f39aba069a8140"));
}

#[test]
fn a_placeholder_equals_any_text_but_the_same_one_each_time() {
    let listed = ["{{session:1}}", "{{task:1}}", "", "{", "no"].map(str::to_owned);
    let table = Bindings::find(&story(&tool(1, "t", "{}", "{}")), &listed).table();
    for (recorded, live, equal) in [
        ("{{session:1}}", "a-1", true),
        ("{{session:1}}", "a-2", false),
        ("of {{session:1}}!", "of a-1!", true),
        ("of {{session:1}}!", "of a-2!", false),
        ("{{task:1}} and {{session:1}}", "t9 and a-1", true),
        ("{{task:1}} or {{task:1}}", "t9 or t8", false),
        ("{{task:1}}", "t9", true),
        ("{{task:2}}", "t9", false),
        ("{{task:1}}{{session:1}}", "t9a-1", true),
        ("no", "yes", false),
    ] {
        assert_eq!(table.equates(recorded, live), equal, "{recorded} {live}");
    }
}

#[test]
fn edits_change_their_place_alone() {
    let text = r#"{"a": {"b":[1.50, {"c":"x"}]}, "e":[], "o":{}}"#;
    for (typed, expected) in [
        ("/a/b/1/c=7", r#"{"a": {"b":[1.50, {"c":7}]}, "e":[], "o":{}}"#),
        ("/a/b/0=x y", r#"{"a": {"b":["x y", {"c":"x"}]}, "e":[], "o":{}}"#),
        ("/a/b/-=true", r#"{"a": {"b":[1.50, {"c":"x"},true]}, "e":[], "o":{}}"#),
        ("/e/0={}", r#"{"a": {"b":[1.50, {"c":"x"}]}, "e":[{}], "o":{}}"#),
        ("/o/n~1m=\"q\"", r#"{"a": {"b":[1.50, {"c":"x"}]}, "e":[], "o":{"n/m":"q"}}"#),
        ("$..b[?@.c == 'x'].c=9", r#"{"a": {"b":[1.50, {"c":9}]}, "e":[], "o":{}}"#),
        ("/none/here=1", text),
        ("/a/b/7=1", text),
    ] {
        let mut edits = Edits::default();
        edits.add(typed).expect(typed);
        assert_eq!(edits.apply(text).0, expected, "{typed}");
    }
    let mut edits = Edits::default();
    assert!(edits.add("a=1").is_err() && edits.add("/a").is_err() && edits.is_empty());
}
