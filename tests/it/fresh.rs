//! A server that has nothing twice is all the same by the rules that are built in (issue 4, Done
//! when 3): recorded before one start of it, exported redacted, verified before others.

mod client;
mod legacy;
mod modern;
mod server;

use std::{fs, path::Path, process::Output};

use serde_json::Value;
use tempfile::tempdir;

use self::{client::Client, server::Odd};
use crate::support::wiretape::{Recorder, of, run, sessions, wiretape};

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

/// The sessions of a home, with all that is secret in them.
fn recorded(visit: impl Fn(&mut Client), options: &[&str]) -> String {
    let bank = server::open();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &["--quiet", "--target", &bank.url()]);
    visit(&mut Client::to(recorder.reverse()));
    recorder.stop();
    let out = home.path().join("bank.tape.jsonl").display().to_string();
    let (all, words) = (sessions(home.path()), ["export", "-o", &out]);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    run(home.path(), &[&words, options, &all].concat());
    fs::read_to_string(out).expect("a tape")
}

/// All same before two other starts of the server, told in the same words.
fn is_all_same(visit: impl Fn(&mut Client)) -> Vec<Value> {
    let told = same_again(&recorded(&visit, &[]));
    // In whole tapes nothing but what is bound stands for what is not the same.
    same_again(&recorded(&visit, &["--reveal"]));
    told
}

fn same_again(tape: &str) -> Vec<Value> {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("bank.tape.jsonl");
    fs::write(&path, tape).expect("written");
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

/// Of another handle than was asked for, and of another value beside one, the verdict is `changed`: what is
/// bound is expected, not let pass.
#[test]
fn another_handle_or_value_is_a_change() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("bank.tape.jsonl");
    fs::write(&path, recorded(Client::in_a_session, &[])).expect("written");
    let odd = [
        (Odd::Handle, "/result/structuredContent/account"),
        (Odd::Balance, "/result/structuredContent/balance"),
    ];
    for (odd, place) in odd {
        let ran = verified(&path, &server::open_with(odd).url());
        assert_eq!(ran.status.code(), Some(1), "{odd:?}");
        let lines = lines(&ran);
        let read =
            of(&lines, "verdict").into_iter().find(|line| line["name"] == "read").expect("it");
        assert_eq!(read["verdict"], "changed", "{odd:?}: {read}");
        let mut differences = read["differences"].as_array().expect("a list").iter();
        assert!(differences.any(|found| found["path"] == place), "{odd:?}: {read:#}");
    }
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

/// The places of `expected` are among those that the report names.
fn has(bound: &[String], expected: &[&str]) {
    for binding in expected {
        assert!(bound.iter().any(|one| one == binding), "{binding}: {bound:#?}");
    }
}

#[test]
fn with_sessions_is_all_the_same() {
    let (steps, bound) = summary(&is_all_same(Client::in_a_session));
    assert_eq!(steps, 20);
    has(
        &bound,
        &[
            "header:mcp-session-id -> header:mcp-session-id",
            "event-id -> header:last-event-id",
            "/result/nextCursor -> /params/cursor",
            "/result/content/0/text -> /params/arguments/account",
            "/result/content/0/text -> /params/arguments/home",
            "/result/content/0/text -> /params/arguments/url",
            "/result/content/1/text/order/orderId -> /params/arguments/orderId",
            "/result/content/1/text/tickets/0 -> /params/arguments/tickets/0",
            "/result/content/2/text -> /params/arguments/voucher",
            "/result/content/3/uri -> /params/uri",
            "/result/task/taskId -> /params/taskId",
        ],
    );
}

#[test]
fn without_sessions_is_all_the_same() {
    let (steps, bound) = summary(&is_all_same(Client::without_one));
    assert_eq!(steps, 14);
    has(
        &bound,
        &[
            "/result/nextCursor -> /params/cursor",
            "/result/content/0/text -> header:mcp-param-account",
            "/result/content/0/text -> /params/arguments/url",
            "/result/content/3/uri -> /params/notifications/resourceSubscriptions/0",
            "/result/requestState -> /params/requestState",
            "/result/taskId -> header:mcp-name",
            "/result/taskId -> /params/taskId",
        ],
    );
}
