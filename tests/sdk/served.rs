//! A tape in the place of the server that was recorded: the client runs its script against it and
//! sees what it saw live, message by message, and nobody speaks to the recorded server's address
//! (issue 4, Done when 4).

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, ErrorKind},
    net::TcpListener,
    sync::Mutex,
};

use serde_json::Value;
use tempfile::tempdir;
use wiretape::tasks::thread;

use crate::{
    peers::{Client, Report, Server},
    support::{tapes::recorded, wiretape::Recorder},
};

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn to_typescript_of_each_revision() {
    let era = |revision: &str, kind: &str| Client::node("era.mjs", &[revision, kind]);
    for (revision, kind) in [
        ("2024-11-05", "sse"),
        ("2025-03-26", "http"),
        ("2025-06-18", "http"),
        ("2025-06-18", "json"),
        ("2025-11-25", "http"),
    ] {
        serves(Server::typescript_of(revision, kind), &era(revision, kind), revision);
    }
    serves(Server::everything(), &Client::node("ts1.mjs", &[]), "everything");
    serves(Server::everything_by_sse(), &Client::node("ts1.mjs", &["sse"]), "everything by sse");
    serves(Server::typescript(), &Client::node("ts2.mjs", &["legacy"]), "v2, legacy");
    serves(Server::typescript(), &Client::node("ts2.mjs", &["modern"]), "v2, modern");
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn to_python_in_each_mode() {
    let python = |mode: &str| Client::python("py.py", &[mode]);
    serves(Server::python(), &python("auto"), "auto");
    serves(Server::python(), &python("legacy"), "legacy");
    serves(Server::python_by_sse(), &python("sse"), "sse");
    serves(Server::python_kind("resumable"), &python("resume"), "resume");
    for mode in ["legacy", "auto"] {
        serves(Server::python_rich(), &Client::python("asking.py", &[mode]), "asking");
        serves(Server::fastmcp(), &Client::python("fast.py", &[mode]), "fastmcp");
    }
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn to_rust() {
    for mode in ["legacy", "modern"] {
        serves(Server::rust(), &Client::rust(mode), mode);
    }
}

/// A legacy tape turns a modern probe away as a legacy server does: clients of both eras fall back.
#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn to_a_client_that_tries_the_newest_era_first() {
    let live = live(Server::python(), &Client::python("py.py", &["legacy"]));
    let (seen, _) = served(&live.tape, &Client::python("py.py", &["auto"]));
    assert_eq!(made(&seen), made(&live.report));
}

struct Live {
    report: Report,
    tape: String,
    port: u16,
}

fn serves(server: Server, client: &Client, what: &str) {
    let live = live(server, client);
    // Its address is free now: who comes there means the server.
    let sentinel = TcpListener::bind(("127.0.0.1", live.port)).expect("the server is gone");
    sentinel.set_nonblocking(true).expect("it can");
    let (seen, remarks) = served(&live.tape, client);
    assert_eq!(transcript(&seen), transcript(&live.report), "{what}");
    assert_eq!(made(&seen), made(&live.report), "{what}: the client saw something else than live");
    // A client may end its session before its cancellation is out: that is its own race.
    let late = |remark: &&Value| remark["method"] == "notifications/cancelled";
    // A server may refuse a client that leaves while a call of its goes on; it is refused again then.
    let again = |remark: &&Value| {
        remark["outcome"] == "refused" && remark["matched"]["exchange"].is_string()
    };
    let missed = remarks.iter().filter(|remark| remark["outcome"] != "matched");
    let missed = missed.filter(|remark| !late(remark) && !again(remark));
    assert_eq!(missed.collect::<Vec<_>>(), Vec::<&Value>::new(), "{what}");
    let came = sentinel.accept().map_err(|error| error.kind());
    assert_eq!(came.err(), Some(ErrorKind::WouldBlock), "{what}: the server was spoken to");
}

/// The client before its server, recorded.
fn live(server: Server, client: &Client) -> Live {
    let url = server.url();
    let port = url::Url::parse(&url).expect("a URL").port().expect("a port");
    let report = Mutex::new(None);
    let tape = recorded(&url, &[], |recorder| {
        *report.lock().expect("whole") = Some(client.run(&recorder.client_url(), &[]));
    });
    drop(server);
    let report = report.into_inner().expect("whole").expect("it ran");
    assert!(!report.messages.is_empty(), "the client said nothing");
    Live { report, tape, port }
}

/// The client before the tape, and what was said of its requests.
fn served(tape: &str, client: &Client) -> (Report, Vec<Value>) {
    let home = tempdir().expect("a folder");
    let path = home.path().join("session.tape.jsonl");
    fs::write(&path, tape).expect("written");
    let mut server =
        Recorder::spawn(home.path(), &["serve", &path.display().to_string(), "--json"]);
    let lines = server.stdout().lines();
    let listener = thread("serve's lines", move || {
        let lines = lines.map_while(Result::ok);
        lines.map(|line| serde_json::from_str(&line).expect("a JSON line")).collect()
    });
    let listener = listener.expect("a thread");
    let report = client.run(&server.client_url(), &[]);
    server.stop();
    (report, listener.join().expect("it ends with the process"))
}

/// What the client made of the messages, but for whether its SDK still knew a progress handler when
/// the answer came in the same packet, which is its race: that the same progress arrived, the
/// transcript says.
fn made(report: &Report) -> Vec<Value> {
    let saw = report.saw.as_array().expect("a list").iter();
    saw.filter(|one| one.get("progress").is_none()).cloned().collect()
}

/// The messages but for what is new in each run: our ids of the server's requests, and what the
/// tape's redaction put in the place of a state.
fn transcript(report: &Report) -> BTreeSet<String> {
    let known = |message: &String| {
        let mut line: Value = serde_json::from_str(message).expect("JSON");
        let from_server = line["from"] == "server";
        let message = &mut line["message"];
        if from_server == message.get("method").is_some() && message.get("id").is_some() {
            message["id"] = Value::Null;
        }
        for part in ["params", "result"] {
            if let Some(state) = message.pointer_mut(&format!("/{part}/requestState")) {
                *state = Value::Null;
            }
        }
        line.to_string()
    };
    report.messages.iter().map(known).collect()
}
