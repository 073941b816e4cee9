//! `wiretape demo`: something to see without a network.

use std::collections::BTreeSet;

use tempfile::tempdir;

use crate::support::wiretape::{lines, of, run, sessions};

#[test]
fn the_demo_shows_both_eras_whole() {
    let home = tempdir().expect("a folder");
    let output = run(home.path(), &["demo", "--headless", "--json"]);
    let first = output.stdout.split(|b| *b == b'\n').next().expect("a line");
    let listening: serde_json::Value = serde_json::from_slice(first).expect("JSON");
    assert_eq!(listening["schema"], "wiretape/listening/1");

    let listed = lines(home.path(), &["list"]);
    let listed = of(&listed, "session");
    let revisions: BTreeSet<_> =
        listed.iter().map(|s| s["revision"].as_str().unwrap_or("none")).collect();
    assert_eq!(revisions, BTreeSet::from(["2025-11-25", "2026-07-28"]));
    for session in &listed {
        assert_eq!(session["run"], "demo");
        assert_eq!(session["client"]["name"], "wiretape-demo-client", "{session:#?}");
        assert!(session["calls"].as_u64() >= Some(6), "{session:#?}");
    }
    let closed = listed.iter().find(|s| s["revision"] == "2025-11-25").expect("the legacy one");
    assert_eq!(closed["state"], "closed", "{closed:#?}");
    assert_eq!(closed["identified_by"], "header:mcp-session-id");
    let grouped = listed.iter().find(|s| s["revision"] == "2026-07-28").expect("the modern one");
    assert_eq!(grouped["state"], "stateless", "{grouped:#?}");

    for session in sessions(home.path()) {
        let shown = lines(home.path(), &["show", &session]);
        let messages = of(&shown, "message");
        assert!(messages.iter().any(|m| m["is_error"] == true), "a failing tool");
        assert!(messages.iter().any(|m| m["method"] == "notifications/progress"), "progress");
        assert!(of(&shown, "exchange").iter().all(|e| e["outcome"] == "completed"), "{shown:#?}");
    }
    let asked = lines(home.path(), &["find", "method:elicitation/create"]);
    assert_eq!(of(&asked, "message").len(), 2, "the question and its answer");
    let failed = lines(home.path(), &["find", "tool-error kind:response"]);
    assert_eq!(of(&failed, "message").len(), 2, "one failing tool in each era");
}
