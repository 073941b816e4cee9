//! Rules, `--ignore`, fresh values, budgets.

use super::*;

fn rules(rules: &str) -> Wanted<'_> {
    Wanted { rules, ..Wanted::default() }
}

#[test]
fn each_rule_lets_its_own_pass_and_no_more() {
    let cases = [
        ("do = 'ignore'\npath = '/result/a'", r#"{"a":1}"#, r#"{"a":[]}"#, true),
        ("do = 'ignore'\npath = '/result/a'", r#"{"a":1}"#, "{}", true),
        ("do = 'ignore'\npath = '/result/a'", r#"{"a":1,"b":1}"#, r#"{"a":2,"b":2}"#, false),
        ("do = 'ignore'\npath = '/result/*/id'", r#"{"a":{"id":1}}"#, r#"{"a":{"id":2}}"#, true),
        ("do = 'ignore'\npath = '$..id'", r#"{"a":[{"id":1}]}"#, r#"{"a":[{"id":2}]}"#, true),
        (
            "do = 'ignore'\npath = '$.result.a[?@.k == 1].v'",
            r#"{"a":[{"k":1,"v":1}]}"#,
            r#"{"a":[{"k":1,"v":2}]}"#,
            true,
        ),
        (
            "do = 'ignore'\npath = '$.result.a[?@.k == 1].v'",
            r#"{"a":[{"k":2,"v":1}]}"#,
            r#"{"a":[{"k":2,"v":2}]}"#,
            false,
        ),
        ("do = 'ignore'", r#"{"a":1}"#, r#"{"b":[1]}"#, true),
        ("do = 'ignore'\nmethod = 'tools/call'\nname = 'x'", r#"{"a":1}"#, "{}", true),
        ("do = 'ignore'\nmethod = 'tools/call'\nname = 'y'", r#"{"a":1}"#, "{}", false),
        ("do = 'ignore'\nmethod = 'prompts/*'", r#"{"a":1}"#, "{}", false),
        ("do = 'type'\npath = '/result/a'", r#"{"a":1}"#, r#"{"a":2}"#, true),
        ("do = 'type'\npath = '/result/a'", r#"{"a":1}"#, r#"{"a":"1"}"#, false),
        ("do = 'type'\npath = '/result/a'", r#"{"a":1}"#, "{}", false),
        ("do = 'type'\npath = '/result/a'", r#"{"a":true}"#, r#"{"a":false}"#, true),
        ("do = 'type'\npath = '/result/a'", r#"{"a":null}"#, r#"{"a":false}"#, false),
        (
            "do = 'regex'\npath = '/result/a'\nvalue = '^n[0-9]+$'",
            r#"{"a":"n1"}"#,
            r#"{"a":"n22"}"#,
            true,
        ),
        (
            "do = 'regex'\npath = '/result/a'\nvalue = '^n[0-9]+$'",
            r#"{"a":"n1"}"#,
            r#"{"a":"n"}"#,
            false,
        ),
        (
            "do = 'regex'\npath = '/result/a'\nvalue = '^n[0-9]+$'",
            r#"{"a":"m"}"#,
            r#"{"a":"n1"}"#,
            false,
        ),
        ("do = 'regex'\npath = '/result/a'\nvalue = '^[0-9]$'", r#"{"a":1}"#, r#"{"a":2}"#, true),
        ("do = 'tolerance'\npath = '/result/a'\nvalue = 0.5", r#"{"a":1}"#, r#"{"a":1.5}"#, true),
        ("do = 'tolerance'\npath = '/result/a'\nvalue = 0.5", r#"{"a":1}"#, r#"{"a":1.6}"#, false),
        ("do = 'tolerance'\npath = '/result/a'\nvalue = 9", r#"{"a":"1"}"#, r#"{"a":"2"}"#, false),
        ("do = 'unordered'\npath = '/result/a'", r#"{"a":[1,2,3]}"#, r#"{"a":[3,1.0,2]}"#, true),
        ("do = 'unordered'\npath = '/result/a'", r#"{"a":[1,1,2]}"#, r#"{"a":[1,2,2]}"#, false),
        ("do = 'unordered'\npath = '/result/a'", r#"{"a":[1,2]}"#, r#"{"a":[2,1,1]}"#, false),
        (
            "do = 'unordered'\npath = '/result/a'",
            r#"{"a":[{"x":1,"y":2},{"x":2}]}"#,
            r#"{"a":[{"x":2},{"y":2,"x":1}]}"#,
            true,
        ),
        // Rules hold within.
        (
            "do = 'unordered'\npath = '/result/a'\n[[rule]]\ndo = 'type'\npath = '/result/a/*/t'",
            r#"{"a":[{"x":1,"t":5},{"x":2,"t":6}]}"#,
            r#"{"a":[{"x":2,"t":7},{"x":1,"t":8}]}"#,
            true,
        ),
        // Somebody else's have no effect.
        ("do = 'redact'\npath = '/result/a'", r#"{"a":1}"#, r#"{"a":2}"#, false),
    ];
    for (rule, own, its, same) in cases {
        let told = rules(&format!("[[rule]]\n{rule}")).told(&result(own), &result(its));
        assert_eq!(told[0], if same { "same" } else { "changed" }, "{rule}: {own} {its}: {told:?}");
        let itself = rules(&format!("[[rule]]\n{rule}")).told(&result(own), &result(own));
        assert_eq!(itself, ["same"], "{rule}: {own}");
    }
}

#[test]
fn rules_reach_into_json_in_text_and_ignored_places_are_listed() {
    let text = |json: &str| {
        result(&serde_json::json!({ "content": [{ "type": "text", "text": json }] }).to_string())
    };
    let (own, its) = (text(r#"{"n":1,"m":1}"#), text(r#"{"n":2,"m":1}"#));
    assert_eq!(Wanted::default().told(&own, &its)[0], "changed");
    let wanted = Wanted { ignore: &["/result/content/*/text/n"], ..Wanted::default() };
    let (told, ignored) = wanted.judged(&own, &its);
    assert_eq!(
        (told, ignored),
        (vec!["same".to_owned()], vec!["/result/content/*/text/n".to_owned()])
    );
    // The same list where nothing differs there.
    assert_eq!(wanted.judged(&own, &own).1, ["/result/content/*/text/n"]);
}

#[test]
fn a_list_that_is_ordered_anew_shows_what_differs_in_it() {
    let wanted = rules("[[rule]]\ndo = 'unordered'\npath = '/result/a'");
    let told = wanted.told(
        &result(r#"{"a":[{"n":1},{"n":2},{"n":3}]}"#),
        &result(r#"{"a":[{"n":3},{"n":4},{"n":1}]}"#),
    );
    assert_eq!(told, ["changed", "/result/a/1/n value 2 4"]);
}

/// A call whose answer brings a handle in a text, and one that uses it.
fn handed(handle: &str, used: &str, seen: &str) -> Story {
    let text = |text: String| {
        let content = serde_json::json!([{ "type": "text", "text": text }]);
        format!(r#""result":{{"content":{content}}}"#)
    };
    calls(&[
        ("tools/call", r#"{"name":"open"}"#, &text(format!("see http://h/{handle}/x"))),
        (
            "tools/call",
            &format!(r#"{{"name":"read","arguments":{{"of":"{used}"}}}}"#),
            &text(format!("{seen} was read")),
        ),
    ])
}

#[test]
fn a_value_of_the_run_is_expected_where_the_recorded_one_stood() {
    let (own, its) = ("job-5f1c09aa77d3", "job-90ab3c11e6f2");
    let recorded = handed(own, own, own);
    assert_eq!(told(&recorded, &handed(its, its, its)), ["same", "same"]);
    // Another one than the run's.
    let other = told(&recorded, &handed(its, its, "job-000000000000"));
    assert_eq!(
        other,
        [
            "same",
            "changed",
            r#"/result/content/0/text value "job-5f1c09aa77d3 was read" "job-000000000000 was read""#
        ]
    );
    // Nor the recorded run's, which is stale where this run has another.
    assert_eq!(told(&recorded, &handed(its, its, own))[1], "changed");
}

#[test]
fn an_answer_has_a_budget_with_timing() {
    let after = |wait: &str| {
        let transcript = format!(
            "
            >> POST http://localhost:3000/mcp
            Mcp-Session-Id: s

            {{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"x\"}}}}
            << 200
            content-type: text/event-stream

            : begun

            ..
            ++ {wait}
            .. 0
            data: {{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{}}}}

            "
        );
        stories(&transcript).pop().expect("a session")
    };
    let (quick, slow) = (after("1m"), after("3m"));
    let timing = Wanted { timing: true, ..Wanted::default() };
    assert_eq!(Wanted::default().told(&quick, &slow), ["same"]);
    assert_eq!(timing.told(&slow, &quick), ["same"]);
    assert_eq!(timing.told(&quick, &quick), ["same"]);
    let told = timing.told(&quick, &slow);
    assert!(told[0] == "changed" && told[1].contains("latency_us"), "{told:?}");
}

#[test]
fn what_was_asked_is_compared_by_diff_alone() {
    let asked =
        |n: u32| session(&format!(r#"{{"name":"x","arguments":{{"n":{n}}}}}"#), r#""result":{}"#);
    assert_eq!(Wanted::default().told(&asked(1), &asked(2)), ["same"]);
    assert_eq!(told(&asked(1), &asked(2)), ["changed", "/params/arguments/n value 1 2"]);
}

#[test]
fn nothing_came_and_nothing_that_can_be_read_came() {
    let own = result("{}");
    let rules = Rules::default();
    let table = Table::default();
    let lens = Lens { rules: &rules, ignore: &[], table: &table, strict: false, timing: false };
    let mut tally = Tally::default();
    let verdict = judge(&steps(&own)[0], None, &lens, &mut tally);
    assert_eq!(
        (verdict.ruling, verdict.reason.as_deref()),
        (Ruling::Missing, Some("no answer came"))
    );
    assert_eq!((tally.of, tally.compared, tally.skipped), (1, 0, 0));

    let mut odd = own.clone();
    for message in &mut odd.messages {
        if message.method.is_some() && message.kind == crate::protocol::Kind::Response {
            message.payload = b"\xff".as_slice().into();
        }
    }
    for (one, other) in [(&own, &odd), (&odd, &own), (&odd, &odd)] {
        let mut tally = Tally::default();
        let verdict = judge(&steps(one)[0], steps(other).first(), &lens, &mut tally);
        assert_eq!(verdict.ruling, Ruling::Skipped);
        assert_eq!(verdict.reason.as_deref(), Some("its answer is no JSON text"));
        assert_eq!((tally.of, tally.compared, tally.skipped), (1, 0, 1));
    }
}
