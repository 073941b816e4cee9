//! A server that has nothing twice is all the same by the rules that are built in (issue 4, Done
//! when 3): recorded before one start of it, exported redacted, verified before others.

mod client;
mod legacy;
mod modern;
mod server;

use std::{fs, path::Path, process::Output};

use serde_json::Value;
use tempfile::tempdir;

use self::client::Client;
use crate::support::{
    tapes,
    wiretape::{of, wiretape},
};

fn verified(tape: &Path, to: &str) -> Output {
    let home = tempdir().expect("a folder");
    let tape = tape.to_str().expect("UTF-8");
    let words = ["verify", tape, "--to", to, "--allow-side-effects", "--json"];
    wiretape(home.path(), &words).output().expect("it runs")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// All same before two other starts of the server, told in the same words.
fn is_all_same(visit: impl Fn(&mut Client)) -> Vec<Value> {
    let tape = {
        let bank = server::open();
        tapes::recorded(&bank.url(), &[], |recorder| visit(&mut Client::to(recorder.reverse())))
    };
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("bank.tape.jsonl");
    fs::write(&path, &tape).expect("written");
    if let Some(kept) = std::env::var_os("FRESH_TAPE") {
        fs::write(kept, &tape).expect("written");
    }
    let bank = server::open();
    let first = verified(&path, &bank.url());
    let told = lines(&first);
    let odd: Vec<_> =
        of(&told, "verdict").into_iter().filter(|line| line["verdict"] != "same").collect();
    assert!(odd.is_empty(), "{odd:#?}\n{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    for to in [bank.url(), server::open().url()] {
        let again = verified(&path, &to);
        assert_eq!(again.status.code(), Some(0));
        assert_eq!(told, lines(&again), "the same report");
    }
    told
}

/// The steps, and the places that are bound, without their exchanges.
fn summary(told: &[Value]) -> (usize, Vec<String>) {
    let summary = of(told, "summary")[0];
    assert_eq!(summary["compared"], summary["of"]);
    let place = |place: &Value| {
        let text = place.as_str().expect("a place");
        text.split_at(text.find(['/', ' ']).unwrap_or(0)).1.trim().to_owned()
    };
    let bindings = summary["bindings"].as_array().expect("bindings").iter();
    let bound = bindings.map(|one| format!("{} -> {}", place(&one["from"]), place(&one["to"])));
    (of(told, "verdict").len(), bound.collect())
}

#[test]
fn with_sessions_is_all_the_same() {
    let told = is_all_same(Client::in_a_session);
    let (steps, bound) = summary(&told);
    eprintln!("{steps} {bound:#?}");
}

#[test]
fn without_sessions_is_all_the_same() {
    let told = is_all_same(Client::without_one);
    let (steps, bound) = summary(&told);
    eprintln!("{steps} {bound:#?}");
}
