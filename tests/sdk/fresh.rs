//! A server of which nothing is twice the same, by a real SDK: recorded before one start of it, verified
//! before others by the rules that are built in (issue 4, Done when 3; tests/it/fresh.rs has both eras).

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::{
    peers::{Client, Server},
    support::{
        tapes::recorded,
        wiretape::{of, wiretape},
    },
};

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn typescript_with_fresh_values_is_all_the_same() {
    let tape = recorded(&Server::fresh().url(), &[], |recorder| {
        Client::node("fresh.mjs", &[]).run(&recorder.client_url(), &[]);
    });
    let home = tempdir().expect("a folder");
    let path = home.path().join("fresh.tape.jsonl");
    fs::write(&path, tape).expect("written");
    let path = path.display().to_string();
    let mut reports = Vec::new();
    for _ in 0..2 {
        let server = Server::fresh();
        let words = ["verify", &path, "--to", &server.url(), "--allow-side-effects", "--json"];
        let done = wiretape(home.path(), &words).output().expect("it runs");
        let text = String::from_utf8(done.stdout).expect("UTF-8");
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
        let verdicts = of(&lines, "verdict");
        let odd: Vec<_> = verdicts.iter().filter(|line| line["verdict"] != "same").collect();
        assert!(odd.is_empty(), "{odd:#?}");
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        let summary = of(&lines, "summary")[0];
        assert!(summary["bindings"].as_array().expect("bindings").len() > 8, "{summary:#}");
        reports.push(text);
    }
    assert_eq!(reports[0], reports[1], "the same report");
}
