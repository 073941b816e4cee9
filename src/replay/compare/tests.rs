mod lens;
mod notices;
mod properties;
mod times;
mod volatile;

use super::*;
use crate::{
    protocol::{Story, testing::stories},
    replay::{
        bind::Table,
        rules::{Rules, Selector},
        steps::steps,
    },
};

/// One story's first step judged against another's, as a user wishes it.
#[derive(Default)]
struct Wanted<'w> {
    rules: &'w str,
    ignore: &'w [&'w str],
    table: Table,
    strict: bool,
    timing: bool,
}

impl Wanted<'_> {
    /// The ruling with its reason, then `path kind recorded replayed`; and the paths let pass.
    fn judged(&self, own: &Story, its: &Story) -> (Vec<String>, Vec<String>) {
        let rules = Rules::parse(self.rules).expect(self.rules);
        let ignore: Vec<Selector> =
            self.ignore.iter().map(|path| Selector::parse(path).expect(path)).collect();
        let lens = Lens {
            rules: &rules,
            ignore: &ignore,
            table: &self.table,
            strict: self.strict,
            timing: self.timing,
        };
        let (ours, theirs) = (steps(own), steps(its));
        let mut tally = Tally::default();
        let verdict = judge(&ours[0], theirs.first(), &lens, &mut tally);
        (lines(verdict), tally.ignored_paths.into_keys().collect())
    }

    fn told(&self, own: &Story, its: &Story) -> Vec<String> {
        self.judged(own, its).0
    }
}

fn lines(verdict: Verdict) -> Vec<String> {
    let mut lines = vec![verdict.ruling.as_str().to_owned()];
    for found in verdict.differences {
        let value = |json: Option<String>| json.unwrap_or_else(|| "-".to_owned());
        let (own, its) = (value(found.recorded), value(found.replayed));
        lines.push(format!("{} {} {own} {its}", found.path, found.kind.as_str()));
    }
    lines
}

/// A call whose answer has this result.
fn result(json: &str) -> Story {
    session(r#"{"name":"x"}"#, &format!(r#""result":{json}"#))
}

/// A call of a tool `x` whose stream brings these messages.
fn stream(messages: &[&str]) -> Story {
    let frames: Vec<String> = messages.iter().map(|text| format!("data: {text}\n\n")).collect();
    let transcript = format!(
        "
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: s

        {{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"x\",\
         \"_meta\":{{\"progressToken\":\"p\"}}}}}}
        << 200
        content-type: text/event-stream

        {}",
        frames.concat()
    );
    stories(&transcript).pop().expect("a session")
}

/// A session in which a tool is called, with these parameters, answer and more.
fn session(params: &str, answer: &str) -> Story {
    calls(&[("tools/call", params, answer)])
}

/// A session of these calls: method, `params`, and what stands beside `id` in the answer.
fn calls(calls: &[(&str, &str, &str)]) -> Story {
    let exchange = |(n, (method, params, answer)): (usize, &(&str, &str, &str))| {
        format!(
            "
            >> POST http://localhost:3000/mcp
            Mcp-Session-Id: s

            {{\"jsonrpc\":\"2.0\",\"id\":{n},\"method\":\"{method}\",\"params\":{params}}}
            << 200
            content-type: application/json

            {{\"jsonrpc\":\"2.0\",\"id\":{n},{answer}}}
            "
        )
    };
    let transcript: Vec<String> = calls.iter().enumerate().map(exchange).collect();
    let transcript = transcript.concat();
    stories(&transcript).pop().expect("a session")
}

/// Rulings, and differences as `path kind recorded replayed`.
fn told(first: &Story, second: &Story) -> Vec<String> {
    compare(first, second).verdicts.into_iter().flat_map(lines).collect()
}

#[test]
fn what_a_difference_is_called_and_where_it_is() {
    let cases = [
        (r#"{"a":1}"#, r#"{"a":1}"#, vec![]),
        (r#"{"a":1,"b":[1.0]}"#, r#"{"b":[1], "a":1e0}"#, vec![]),
        (r#"{"a":"\u0041"}"#, r#"{"a":"A"}"#, vec![]),
        (r#"{"a":1}"#, r#"{"a":2}"#, vec!["/result/a value 1 2"]),
        (r#"{"a":1}"#, r#"{"a":"1"}"#, vec![r#"/result/a type 1 "1""#]),
        (r#"{"a":null}"#, r#"{"a":false}"#, vec!["/result/a type null false"]),
        (r#"{"a":true}"#, r#"{"a":false}"#, vec!["/result/a value true false"]),
        (r#"{"a":1}"#, r#"{"b":1}"#, vec!["/result/a removed 1 -", "/result/b added - 1"]),
        (r#"{"a/b":{"~":1}}"#, r#"{"a/b":{"~":2}}"#, vec!["/result/a~1b/~0 value 1 2"]),
        ("[1,2]", "[1,3,4]", vec!["/result/1 value 2 3", "/result/2 added - 4"]),
        (
            "12345678901234567890",
            "12345678901234567891",
            vec!["/result value 12345678901234567890 12345678901234567891"],
        ),
    ];
    for (own, its, wanted) in cases {
        let answer = |result: &str| session(r#"{"name":"x"}"#, &format!(r#""result":{result}"#));
        let mut seen = told(&answer(own), &answer(its));
        let ruling = seen.remove(0);
        assert_eq!(seen, wanted, "{own} {its}");
        assert_eq!(ruling, if wanted.is_empty() { "same" } else { "changed" }, "{own} {its}");
    }
}

#[test]
fn what_differs_from_run_to_run_is_let_pass_and_named() {
    let first = calls(&[
        (
            "tools/list",
            r#"{"cursor":"a"}"#,
            r#""result":{"tools":[{"name":"x"},{"name":"y"}],"nextCursor":"b"}"#,
        ),
        (
            "tools/call",
            r#"{"name":"x","_meta":{"progressToken":1}}"#,
            r#""result":{"at":"2026-11-20T10:00:00Z"}"#,
        ),
    ]);
    let second = calls(&[
        (
            "tools/list",
            r#"{"cursor":"c"}"#,
            r#""result":{"tools":[{"name":"y"},{"name":"x"}],"nextCursor":"d"}"#,
        ),
        (
            "tools/call",
            r#"{"name":"x","_meta":{"progressToken":"t"}}"#,
            r#""result":{"at":"2026-11-20T10:00:09Z"}"#,
        ),
    ]);
    let comparison = compare(&first, &second);
    assert!(comparison.is_same(), "{comparison:#?}");
    assert_eq!((comparison.tally.compared, comparison.tally.of), (2, 2));
    let ignored: Vec<&str> = comparison.tally.ignored_paths.keys().map(String::as_str).collect();
    let named =
        ["/params/_meta/progressToken", "/params/cursor", "/result/at", "/result/nextCursor"];
    assert_eq!(ignored, named);
}

#[test]
fn presence_still_counts_and_the_users_own_fields_are_compared() {
    let call = |arguments: &str, result: &str| {
        session(
            &format!(r#"{{"name":"x","arguments":{arguments}}}"#),
            &format!(r#""result":{result}"#),
        )
    };
    let cases = [
        (
            call("{}", r#"{"nextCursor":"a"}"#),
            call("{}", "{}"),
            vec![r#"/result/nextCursor removed "a" -"#],
        ),
        (
            call(r#"{"cursor":"a"}"#, "{}"),
            call(r#"{"cursor":"b"}"#, "{}"),
            vec![r#"/params/arguments/cursor value "a" "b""#],
        ),
        // A time a year ago is data.
        (
            call("{}", r#"{"at":"2025-11-20T10:00:00Z"}"#),
            call("{}", r#"{"at":"2025-11-20T10:00:09Z"}"#),
            vec![r#"/result/at value "2025-11-20T10:00:00Z" "2025-11-20T10:00:09Z""#],
        ),
        (
            call("{}", r#"{"structuredContent":{"ttl":1}}"#),
            call("{}", r#"{"structuredContent":{"ttl":2}}"#),
            vec!["/result/structuredContent/ttl value 1 2"],
        ),
    ];
    for (own, its, wanted) in cases {
        assert_eq!(told(&own, &its)[1..], wanted);
    }
}

#[test]
fn json_in_text_is_compared_as_json() {
    let text = |text: &str| {
        let content = serde_json::json!([{ "type": "text", "text": text }]);
        session(r#"{"name":"x"}"#, &format!(r#""result":{{"content":{content}}}"#))
    };
    let same = told(&text(r#"{"a":1,"b":2}"#), &text(r#"{ "b": 2, "a": 1 }"#));
    assert_eq!(same, ["same"]);
    let changed = told(&text(r#"{"a":1}"#), &text(r#"{"a":2}"#));
    assert_eq!(changed, ["changed", "/result/content/0/text/a value 1 2"]);
    let plain = told(&text("1"), &text("2"));
    assert_eq!(plain, ["changed", r#"/result/content/0/text value "1" "2""#]);
}

#[test]
fn a_tool_of_another_shape_is_found_by_its_name() {
    let list =
        |tools: &str| calls(&[("tools/list", "{}", &format!(r#""result":{{"tools":{tools}}}"#))]);
    let own = list(r#"[{"name":"a"},{"name":"b","title":"B"},{"name":"c"}]"#);
    let its = list(r#"[{"name":"d"},{"name":"c"},{"name":"b","title":"Bee"}]"#);
    assert_eq!(
        told(&own, &its),
        [
            "changed",
            r#"/result/tools/0 removed {"name":"a"} -"#,
            r#"/result/tools/1/title value "B" "Bee""#,
            r#"/result/tools/0 added - {"name":"d"}"#,
        ]
    );
}

#[test]
fn steps_are_matched_by_parameters_then_by_occurrence() {
    let call = |city: &str, result: u32| {
        (
            r#"{"name":"x","arguments":{"c":""#.to_owned() + city + r#""}}"#,
            format!(r#""result":{result}"#),
        )
    };
    let told_of = |own: &[(String, String)], its: &[(String, String)]| {
        let story = |all: &[(String, String)]| {
            let all: Vec<_> =
                all.iter().map(|(p, r)| ("tools/call", p.as_str(), r.as_str())).collect();
            calls(&all)
        };
        told(&story(own), &story(its))
    };
    let (a, b) = (call("a", 1), call("b", 2));
    assert_eq!(told_of(&[a.clone(), b.clone()], &[b.clone(), a.clone()]), ["same", "same"]);
    assert_eq!(told_of(&[a.clone(), b.clone()], std::slice::from_ref(&b)), ["missing", "same"]);
    assert_eq!(told_of(std::slice::from_ref(&a), &[a.clone(), a.clone()]), ["same", "extra"]);
    assert_eq!(
        told_of(&[a], &[b]),
        ["changed", r#"/params/arguments/c value "a" "b""#, "/result value 1 2",]
    );
}

#[test]
fn another_outcome_is_told_first_and_with_what_is_new() {
    let own = session(r#"{"name":"x"}"#, r#""result":{"content":[]}"#);
    let tool = session(r#"{"name":"x"}"#, r#""result":{"content":[],"isError":true}"#);
    let error = session(r#"{"name":"x"}"#, r#""error":{"code":-32602,"message":"no"}"#);
    let other = session(r#"{"name":"x"}"#, r#""error":{"code":-32602,"message":"never"}"#);
    assert_eq!(
        told(&own, &tool),
        ["changed", r#" outcome "ok" "tool-error""#, "/result/isError added - true"]
    );
    assert_eq!(
        told(&own, &error),
        [
            "changed",
            r#" outcome "ok" "rpc-error -32602""#,
            r#"/error added - {"code":-32602,"message":"no"}"#
        ]
    );
    assert_eq!(told(&error, &other), ["changed", r#"/error/message value "no" "never""#]);
}

#[test]
fn no_answer_is_missing() {
    let own = session(r#"{"name":"x"}"#, r#""result":{}"#);
    let cut = stories(
        r#"
        >> POST http://localhost:3000/mcp
        Mcp-Session-Id: s

        {"jsonrpc":"2.0","id":0,"method":"tools/call","params":{"name":"x"}}
        << 200
        content-type: text/event-stream

        : begun
        == truncated
        "#,
    )
    .pop()
    .expect("a session");
    assert_eq!(told(&own, &cut), ["missing"]);
    assert_eq!(told(&cut, &cut), ["same"]);
}

#[test]
fn depth_costs_no_stack() {
    let deep = |leaf: u32| {
        let json = format!("{}{leaf}{}", "[".repeat(100_000), "]".repeat(100_000));
        session(r#"{"name":"x"}"#, &format!(r#""result":{json}"#))
    };
    assert_eq!(told(&deep(1), &deep(1)), ["same"]);
    assert_eq!(told(&deep(1), &deep(2))[0], "changed");
}
