//! `wiretape diff` as a process: exit codes, both faces, tapes and sessions of the store.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{
    tapes,
    wiretape::{lines, of, run, sessions, wiretape},
};

#[test]
fn a_session_is_the_same_as_itself_on_a_tape_and_in_the_store() {
    let home = tempdir().expect("a folder");
    let mut compared = 0;
    for path in tapes::all() {
        let tape = path.display().to_string();
        let listed = lines(home.path(), &["list", "--tape", &tape]);
        if of(&listed, "session").len() != 1 {
            continue;
        }
        run(home.path(), &["import", &tape]);
        let id = of(&listed, "session")[0]["id"].as_str().expect("an id").to_owned();
        let told = lines(home.path(), &["diff", &tape, &id]);
        for verdict in of(&told, "verdict") {
            assert_eq!(verdict["verdict"], "same", "{tape}: {verdict:#}");
        }
        let summary = of(&told, "summary");
        assert_eq!(summary[0]["compared"], summary[0]["of"], "{tape}");
        compared += summary[0]["of"].as_u64().expect("a number");
    }
    assert!(compared > 0 && !sessions(home.path()).is_empty());
}

#[test]
fn a_changed_answer_is_a_finding_with_its_path() {
    let home = tempdir().expect("a folder");
    let path = tapes::all()
        .into_iter()
        .find(|path| path.ends_with("2025-11-25/hand-made.tape.jsonl"))
        .expect("the tape");
    let text = fs::read_to_string(&path).expect("a text");
    let changed = home.path().join("changed.tape.jsonl");
    let other = text.replacen("\"serverInfo\":{\"name\":\"", "\"serverInfo\":{\"name\":\"new ", 1);
    assert_ne!(other, text, "the tape has an answer to initialize");
    fs::write(&changed, other).expect("written");
    let words = ["diff", path.to_str().expect("UTF-8"), changed.to_str().expect("UTF-8")];

    let output = wiretape(home.path(), &words).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let people = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(people.contains("changed  initialize"), "{people}");
    assert!(people.contains("/result/serverInfo/name value:"), "{people}");

    let json = [&words[..], &["--json"]].concat();
    let output = wiretape(home.path(), &json).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let told: Vec<Value> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect();
    let verdicts = of(&told, "verdict");
    let changed: Vec<_> = verdicts.iter().filter(|v| v["verdict"] == "changed").collect();
    assert_eq!(changed.len(), 1, "{verdicts:#?}");
    let difference = &changed[0]["differences"][0];
    assert_eq!(
        (&difference["path"], &difference["kind"]),
        (&Value::from("/result/serverInfo/name"), &Value::from("value"))
    );
}

#[test]
fn what_names_no_session_is_refused() {
    let home = tempdir().expect("a folder");
    for words in [["diff", "0199", "@last"], ["diff", "no.tape.jsonl", "@last"]] {
        let output = wiretape(home.path(), &words).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}
