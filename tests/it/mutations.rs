//! Green means green: for every leaf of every result and error in `captures/`, a peer whose answer
//! has that one leaf changed, removed or given a neighbour is `changed`. What is let pass stands in
//! the list that is printed, and is little.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wiretape::{
    protocol::{Direction, Kind, Message, Story},
    replay::{
        bind::Table,
        compare::{Lens, Ruling, Tally, Verdict, compare, judge},
        rules::{Rules, fits},
        steps::{Step, steps},
    },
};

use crate::support::{
    stories::{records, stories},
    tapes::all,
};

/// The most of all leaves that may be let pass, in a hundred.
const MOST: usize = 5;

#[test]
fn every_leaf_counts_but_those_that_are_listed() {
    let mut seen = Seen::default();
    for tape in all() {
        let before = seen.leaves;
        for story in stories(&records(&tape)) {
            seen.story(&story);
        }
        assert!(seen.leaves >= before, "{}", tape.display());
    }
    let passed: usize = seen.passed.values().sum();
    let list: Vec<String> =
        seen.passed.iter().map(|(path, times)| format!("{times:>6}  {path}")).collect();
    let told = format!(
        "{passed} of {} leaves are let pass, {} changes judged:\n{}",
        seen.leaves,
        seen.changes,
        list.join("\n")
    );
    tell(&told);
    assert!(seen.leaves > 1_500, "{told}");
    assert!(passed * 100 < seen.leaves * MOST, "{told}");
}

#[expect(clippy::print_stdout, reason = "the list is to be read: cargo test -- --nocapture")]
fn tell(text: &str) {
    println!("{text}");
}

#[test]
fn every_session_is_the_same_as_itself() {
    for tape in all() {
        for story in stories(&records(&tape)) {
            let comparison = compare(&story, &story);
            let odd = |verdict: &&Verdict| verdict.ruling != Ruling::Same;
            let odd: Vec<_> = comparison.verdicts.iter().filter(odd).collect();
            assert!(odd.is_empty(), "{}: {odd:#?}", tape.display());
            assert_eq!(comparison.tally.compared, comparison.tally.of);
        }
    }
}

/// What was found over all tapes.
#[derive(Default)]
struct Seen {
    leaves: usize,
    changes: usize,
    /// Where a changed leaf was let pass, and how often.
    passed: BTreeMap<String, usize>,
}

impl Seen {
    fn story(&mut self, story: &Story) {
        let mut judged = BTreeSet::new();
        // What was seen before counts: a server has one version.
        let mut before = Tally::default();
        for step in steps(story) {
            for place in answers(&step) {
                judged.insert(place);
                self.answer(&step, place, &before);
            }
            before = held(&step, &step, before).1;
        }
        // Answers that belong to no step, as those to no request: nobody judges them.
        for (place, message) in story.messages.iter().enumerate() {
            let answer = matches!(message.kind, Kind::Response | Kind::Error);
            if answer && message.direction == Direction::ServerToClient && !judged.contains(&place)
            {
                let payload: Value = serde_json::from_slice(&message.payload).expect("JSON");
                let leaves = leaves(&payload).len();
                self.leaves += leaves;
                let method = message.method.as_deref().unwrap_or("no request");
                *self.passed.entry(format!("an answer to no step ({method})")).or_insert(0) +=
                    leaves;
            }
        }
    }

    /// Each leaf of one answer of a step.
    fn answer(&mut self, step: &Step<'_>, place: usize, before: &Tally) {
        let bare = only(step, place);
        let ours = steps(&bare);
        let own = like(&ours, step);
        let mut copy = bare.clone();
        let message: Value = serde_json::from_slice(&bare.messages[place].payload).expect("JSON");
        for leaf in leaves(&message) {
            self.leaves += 1;
            let mut passes = None;
            for (what, changed) in changes(&message, &leaf) {
                self.changes += 1;
                copy.messages[place].payload = changed.to_string().into();
                let mut tally = before.clone();
                tally.ignored_paths.clear();
                let (ruling, tally) = held(own, like(&steps(&copy), step), tally);
                let ignored: Vec<&String> = tally.ignored_paths.keys().collect();
                if ruling == Ruling::Same {
                    let listed = ignored.iter().find(|path| fits(path, &leaf.shown));
                    let of_stream = own.method() == "subscriptions/listen";
                    assert!(
                        of_stream || listed.is_some() && !what.is_shape(),
                        "{what:?} of {} is let pass: {message:#}\n{changed:#}",
                        leaf.shown
                    );
                    passes =
                        Some(listed.map_or("a stream's answer".to_owned(), |path| (*path).clone()));
                } else {
                    assert_eq!(ruling, Ruling::Changed);
                }
            }
            if let Some(path) = passes {
                *self.passed.entry(format!("{} {path}", own.method())).or_insert(0) += 1;
            }
        }
    }
}

/// The places of a step's answers that are judged: how often a task was asked for is chance.
fn answers(step: &Step<'_>) -> Vec<usize> {
    let Some(call) = step.call else { return Vec::new() };
    let parts = call.parts.iter().filter_map(|part| step.story.calls.get(*part));
    let answers = std::iter::once(call).chain(parts);
    answers.filter_map(|call| call.answer.or(call.refusal)).collect()
}

/// The story with the payloads of this step's own messages alone: quick to take apart.
fn only(step: &Step<'_>, place: usize) -> Story {
    let mut story = step.story.clone();
    let own: BTreeSet<usize> =
        answers(step).into_iter().chain(step.call.map(|call| call.request)).collect();
    assert!(own.contains(&place));
    for (place, message) in story.messages.iter_mut().enumerate() {
        if !own.contains(&place) {
            message.payload = b"{}".as_slice().into();
        }
    }
    story
}

fn like<'a, 's>(steps: &'a [Step<'s>], step: &Step<'_>) -> &'a Step<'s> {
    let id = |step: &Step<'_>| step.message.map(Message::id);
    steps.iter().find(|other| id(other) == id(step)).expect("the step is there")
}

fn held(own: &Step<'_>, its: &Step<'_>, mut tally: Tally) -> (Ruling, Tally) {
    let (rules, table) = (Rules::default(), Table::default());
    let lens = Lens { rules: &rules, ignore: &[], table: &table, strict: false, timing: false };
    let verdict = judge(own, Some(its), &lens, &mut tally);
    (verdict.ruling, tally)
}

/// A leaf: its place in the message, or in the JSON that a text there holds.
struct Leaf {
    outer: String,
    inner: Option<String>,
    /// As a difference names it.
    shown: String,
}

fn leaves(message: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    for part in ["/result", "/error"] {
        let Some(value) = message.pointer(part) else { continue };
        for (place, leaf) in walk(part, value) {
            let text = leaf.as_str().filter(|text| text.starts_with(['{', '[']));
            let json: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
            match json {
                Some(json) => found.extend(walk("", &json).into_iter().map(|(inner, _)| Leaf {
                    outer: place.clone(),
                    shown: format!("{place}{inner}"),
                    inner: Some(inner),
                })),
                None => found.push(Leaf { outer: place.clone(), inner: None, shown: place }),
            }
        }
    }
    found
}

/// Scalars, and objects and arrays that are empty.
fn walk<'v>(place: &str, value: &'v Value) -> Vec<(String, &'v Value)> {
    let step = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .flat_map(|(key, value)| walk(&format!("{place}/{}", step(key)), value))
            .collect(),
        Value::Array(members) if !members.is_empty() => members
            .iter()
            .enumerate()
            .flat_map(|(at, value)| walk(&format!("{place}/{at}"), value))
            .collect(),
        _ => vec![(place.to_owned(), value)],
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Another value of the same type.
    Value,
    Type,
    Removed,
    Neighbour,
}

impl What {
    /// Never let pass.
    fn is_shape(self) -> bool {
        self != Self::Value
    }
}

/// The message with one thing changed at a leaf.
fn changes(message: &Value, leaf: &Leaf) -> Vec<(What, Value)> {
    let Some(inner) = &leaf.inner else { return of(message, &leaf.outer) };
    let text = message.pointer(&leaf.outer).and_then(Value::as_str).expect("a text");
    let json: Value = serde_json::from_str(text).expect("JSON");
    let outer = |changed: Value| {
        let mut message = message.clone();
        *message.pointer_mut(&leaf.outer).expect("the text") = changed.to_string().into();
        message
    };
    of(&json, inner).into_iter().map(|(what, changed)| (what, outer(changed))).collect()
}

fn of(json: &Value, place: &str) -> Vec<(What, Value)> {
    let mut all = Vec::new();
    let value = json.pointer(place).expect("the leaf");
    let mut with = |what: What, value: Value| {
        let mut changed = json.clone();
        *changed.pointer_mut(place).expect("the leaf") = value;
        all.push((what, changed));
    };
    match value {
        Value::Bool(is) => with(What::Value, (!is).into()),
        Value::Number(number) => {
            let plus = number.as_i64().map(|number| Value::from(number + 1));
            with(
                What::Value,
                plus.unwrap_or_else(|| (number.as_f64().expect("a number") + 1.0).into()),
            );
        }
        Value::String(text) => {
            with(What::Value, format!("{text}x").into());
            with(What::Value, nudged(text).into());
        }
        Value::Null | Value::Array(_) | Value::Object(_) => {}
    }
    with(What::Type, if value.is_null() { 0.into() } else { Value::Null });
    // Without `result` a message is no answer, and beside it nothing has a meaning.
    let of_message = json.get("jsonrpc").is_some() && place.matches('/').count() == 1;
    let Some((parent, key)) = place.rsplit_once('/').filter(|_| !of_message) else { return all };
    let key = key.replace("~1", "/").replace("~0", "~");
    let (mut less, mut more) = (json.clone(), json.clone());
    match less.pointer_mut(parent).expect("its parent") {
        Value::Object(members) => drop(members.remove(&key)),
        Value::Array(members) => drop(members.remove(key.parse().expect("a place"))),
        _ => unreachable!("a leaf's parent holds it"),
    }
    match more.pointer_mut(parent).expect("its parent") {
        Value::Object(members) => drop(members.insert("neighbour".to_owned(), value.clone())),
        Value::Array(members) => members.push(value.clone()),
        _ => unreachable!("a leaf's parent holds it"),
    }
    all.extend([(What::Removed, less), (What::Neighbour, more)]);
    all
}

/// The last letter or digit becomes the next one, as a clock's would.
fn nudged(text: &str) -> String {
    let Some((at, last)) = text.char_indices().rev().find(|(_, c)| c.is_ascii_alphanumeric())
    else {
        return format!("{text}y");
    };
    let next = match last {
        '9' => '8',
        'z' | 'Z' => 'a',
        other => char::from(u8::try_from(other).expect("ASCII") + 1),
    };
    format!("{}{next}{}", &text[..at], &text[at + 1..])
}
