//! What a user's rules forbid and make.

use super::{Bindings, Corrections, lines, run_with, story, tool};
use crate::replay::rules::Rules;

fn record(handle: &str) -> String {
    tool(
        1,
        "make",
        "{}",
        &format!(r#"{{"structuredContent":{{"h":"{handle}","n":"{}"}}}}"#, &handle[..2]),
    ) + &tool(
        2,
        "use",
        &format!(r#"{{"of":"{handle}","as":"{handle}","short":"{}"}}"#, &handle[..2]),
        "{}",
    )
}

fn told(rules: &str) -> Vec<String> {
    let corrections = Corrections::of(&Rules::parse(rules).expect("rules"));
    lines(&Bindings::corrected(&story(&record("ab-0001")), &[], &corrections))
}

#[test]
fn keep_forbids_by_use_or_birth() {
    let both = [
        "0.1/result/structuredContent/h -> 1.0/params/arguments/as",
        "0.1/result/structuredContent/h -> 1.0/params/arguments/of",
    ];
    assert_eq!(told(""), both);
    let rule = "[[rule]]\npath = \"/params/arguments/of\"\ndo = \"keep\"\n";
    assert_eq!(told(rule), both[..1]);
    let sent = run_with(&record("ab-0001"), &record("zz-0002"), &[], rule).sent;
    let sent = sent[1].as_ref().expect("filled");
    assert!(sent.contains(r#""of":"ab-0001","as":"zz-0002","short":"ab""#), "{sent}");
    assert!(told("[[rule]]\npath = \"$.result.structuredContent.h\"\ndo = \"keep\"\n").is_empty());
    assert!(told("[[rule]]\nname = \"use\"\ndo = \"keep\"\n").is_empty());
    assert_eq!(told("[[rule]]\nname = \"other\"\ndo = \"keep\"\n"), both);
}

#[test]
fn bind_makes_one() {
    let rule = "[[rule]]\npath = \"/params/arguments/short\"\nname = \"use\"\ndo = \"bind\"\nvalue = \"/result/structuredContent/n\"\n";
    assert!(
        told(rule)
            .contains(&"0.1/result/structuredContent/n -> 1.0/params/arguments/short".to_owned()),
        "{:?}",
        told(rule)
    );
    let sent = run_with(&record("ab-0001"), &record("zz-0002"), &[], rule).sent;
    let sent = sent[1].as_ref().expect("filled");
    assert!(sent.contains(r#""short":"zz""#), "{sent}");
    for wrong in ["do = \"bind\"", "do = \"bind\"\nvalue = 1", "do = \"bind\"\nvalue = \"x\""] {
        assert!(Rules::parse(&format!("[[rule]]\n{wrong}\n")).is_err());
    }
}
