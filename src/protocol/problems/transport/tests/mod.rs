//! Every rule on a transcript that shows its fault, beside the near misses on which it is silent.
//!
//! The tables are `*.wire`: `### TITLE`, a line `! RULE EXCHANGE` for each finding, then the wire as
//! [`crate::protocol::testing`] reads it, with these lines for what is always the same:
//!
//! ```text
//! @initialize REVISION     exchanges 0 and 1: the handshake, session id s1
//! @post REVISION           the head of a POST in that session
//! @modern METHOD [NAME]    the head of a POST by 2026-07-28
//! @json  @sse              a 200 with that content type
//! META                     the `_meta` that 2026-07-28 wants, within a body
//! ```

use std::{collections::BTreeSet, sync::LazyLock};

use super::RULES;
use proptest::prelude::*;

use crate::{
    capture::{
        Fact, Record, arbitrary,
        redact::{Leg, Mode, Redactor},
    },
    protocol::{
        problems::judge,
        testing::{exchanges, number, stories, stories_of},
    },
};

const TABLES: [(&str, &str); 6] = [
    ("clean", include_str!("clean.wire")),
    ("message", include_str!("message.wire")),
    ("legacy", include_str!("legacy.wire")),
    ("modern", include_str!("modern.wire")),
    ("stream", include_str!("stream.wire")),
    ("schema", include_str!("schema.wire")),
];

struct Case {
    title: String,
    expected: BTreeSet<(String, usize)>,
    wire: String,
}

fn cases(table: &str) -> Vec<Case> {
    let parts = table.split("### ").skip(1);
    parts
        .map(|part| {
            let (title, rest) = part.split_once('\n').expect("a title");
            let expected = rest.lines().filter_map(|line| line.strip_prefix("! "));
            let expected = expected
                .map(|line| line.split_once(' ').expect("a rule and an exchange"))
                .map(|(rule, number)| (rule.to_owned(), number.parse().expect("a number")));
            let wire = rest.lines().filter(|line| !line.starts_with("! "));
            Case {
                title: title.to_owned(),
                expected: expected.collect(),
                wire: wire.flat_map(expand).map(|line| line + "\n").collect(),
            }
        })
        .collect()
}

/// What the lines with `@` stand for.
fn expand(line: &str) -> Vec<String> {
    const POST: &str = ">> POST http://localhost:3000/mcp
accept: application/json, text/event-stream
content-type: application/json";
    const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    let words: Vec<&str> = line.split_whitespace().collect();
    let session = |revision: &str| {
        let header = format!("\nmcp-protocol-version: {revision}");
        let header = if revision >= "2025-06-18" { header.as_str() } else { "" };
        format!("{POST}\nmcp-session-id: s1{header}")
    };
    let text = match words.as_slice() {
        ["@initialize", revision] => format!(
            r#"{POST}

{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}
<< 200
content-type: application/json
mcp-session-id: s1

{{"jsonrpc":"2.0","id":0,"result":{{"protocolVersion":"{revision}","capabilities":{{}},"serverInfo":{{"name":"s","version":"1"}}}}}}
{}

{{"jsonrpc":"2.0","method":"notifications/initialized"}}
<< 202"#,
            session(revision)
        ),
        ["@post", revision] => session(revision),
        ["@modern", method, name @ ..] => {
            let name = name.first().map(|name| format!("\nmcp-name: {name}"));
            format!(
                "{POST}\nmcp-protocol-version: 2026-07-28\nmcp-method: {method}{}",
                name.unwrap_or_default()
            )
        }
        ["@json"] => "<< 200\ncontent-type: application/json".to_owned(),
        ["@sse"] => "<< 200\ncontent-type: text/event-stream".to_owned(),
        _ => line.replace("META", META),
    };
    text.lines().map(str::to_owned).chain(text.is_empty().then(String::new)).collect()
}

/// What the rules of this room find on a transcript.
fn finds(wire: &str) -> BTreeSet<(String, usize)> {
    found_in(&exchanges(wire))
}

fn found_in(exchanges: &[Vec<Record>]) -> BTreeSet<(String, usize)> {
    let own: BTreeSet<&str> = RULES.iter().map(|rule| rule.id()).collect();
    let problems = stories_of(exchanges).iter().flat_map(judge).collect::<Vec<_>>();
    let own = problems.into_iter().filter(|problem| own.contains(problem.rule.as_str()));
    own.map(|problem| (problem.rule, problem.exchange.map_or(usize::MAX, number))).collect()
}

#[test]
fn each_rule_finds_exactly_the_exchange_at_fault() {
    let mut wrong = Vec::new();
    for (table, text) in TABLES {
        for Case { title, expected, wire } in cases(text) {
            let found = finds(&wire);
            if found != expected {
                wrong.push(format!("{table}: {title}\n  found {found:?}\n  not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_rule_is_in_the_tables_and_has_its_own_name() {
    let fired: BTreeSet<String> = TABLES
        .iter()
        .flat_map(|(_, text)| cases(text))
        .flat_map(|case| case.expected)
        .map(|(rule, _)| rule)
        .collect();
    let mut names = BTreeSet::new();
    for rule in RULES {
        let id = rule.id();
        assert!(names.insert(id), "{id} is there twice");
        assert!(fired.contains(id), "no transcript shows {id}");
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    }
}

#[test]
fn a_finding_says_what_was_seen_and_what_to_do() {
    for (_, text) in TABLES {
        for case in cases(text) {
            for problem in stories(&case.wire).iter().flat_map(judge) {
                assert!(!problem.text.is_empty() && !problem.evidence.is_empty());
                assert!(!problem.remedy.is_empty() && !problem.source.is_empty());
                assert!(problem.evidence.chars().count() < 600, "{}", problem.evidence);
            }
        }
    }
}

/// An export of the exchanges: secrets are learnt in one pass and replaced in the next.
fn redacted(mut exchanges: Vec<Vec<Record>>) -> Vec<Vec<Record>> {
    let mut redactor = Redactor::new(Mode::Export);
    for turn in 0..2 {
        if turn == 1 {
            redactor.seek().expect("few secrets");
        }
        for record in exchanges.iter_mut().flatten() {
            let fact = match &record.fact {
                Fact::Chunk { side, data, cut } => {
                    let data = redactor.text(None, Leg::Mcp, data).into_owned().into();
                    Fact::Chunk { side: *side, data, cut: *cut }
                }
                fact => redactor.fact(fact, Leg::Mcp),
            };
            if turn == 1 {
                record.fact = fact;
            }
        }
    }
    exchanges
}

#[test]
fn a_redacted_recording_has_the_same_problems() {
    // What is wrong with the session id's own characters is gone with them.
    let about_ids = ["session-id-characters", "session-id-duplicated"];
    let mut wrong = Vec::new();
    for (table, text) in TABLES {
        for Case { title, expected, wire } in cases(text) {
            let kept = |set: BTreeSet<(String, usize)>| -> BTreeSet<(String, usize)> {
                set.into_iter().filter(|(rule, _)| !about_ids.contains(&rule.as_str())).collect()
            };
            let (found, expected) = (kept(found_in(&redacted(exchanges(&wire)))), kept(expected));
            if found != expected {
                wrong.push(format!("{table}: {title}\n  found {found:?}\n  not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest! {
    #[test]
    fn no_records_make_a_rule_panic(exchanges in prop::collection::vec(arbitrary::exchange(), 1..6)) {
        for story in stories_of(&exchanges) {
            for problem in judge(&story) {
                prop_assert!(!problem.text.is_empty());
            }
        }
    }

    #[test]
    fn no_bytes_make_a_rule_panic(case in 0_usize..60, at in 0_usize..4_000, byte in any::<u8>()) {
        static ALL: LazyLock<Vec<Case>> =
            LazyLock::new(|| TABLES.iter().flat_map(|(_, text)| cases(text)).collect());
        let case = ALL.get(case % ALL.len()).expect("a case");
        let mut exchanges = exchanges(&case.wire);
        let mut left = at;
        for record in exchanges.iter_mut().flatten() {
            let Fact::Chunk { data, .. } = &mut record.fact else { continue };
            if left < data.len() {
                let mut bytes = data.to_vec();
                bytes[left] = byte;
                *data = bytes.into();
                break;
            }
            left -= data.len();
        }
        for story in stories_of(&exchanges) {
            prop_assert!(judge(&story).iter().all(|problem| !problem.evidence.is_empty()));
        }
    }
}
