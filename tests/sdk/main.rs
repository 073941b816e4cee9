//! Real clients and servers through wiretape: each pair runs once without a proxy and once by every
//! route; what the client saw must be the same, and the store must hold every message of it.
//!
//! `.ci/run` installs the SDKs (`npm ci --prefix tests/sdk`, a venv in tests/sdk/.venv); here a
//! missing one is a failure.

mod archives;
mod ci;
mod fresh;
mod mermaid;
mod page;
mod peers;
mod served;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "shared with the target `it`, which uses the rest")]
mod support;
mod tapes;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use peers::{Client, Report, Server, TlsFront};
use serde_json::{Value, json};
use support::{
    stories::{records, stories},
    wiretape::{Recorder, lines, of, run, sessions},
};
use wiretape::protocol::problems::{Severity, judge};

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn typescript_v1_with_server_everything() {
    let seen = session("ts1", "2025-11-25", "closed");
    through_every_route(&Server::everything(), &Client::node("ts1.mjs", &[]), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn typescript_v1_over_http_and_sse() {
    let seen = by_sse(session("ts1", "2025-11-25", "closed"));
    let client = Client::node("ts1.mjs", &["sse"]);
    through_every_route(&Server::everything_by_sse(), &client, &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn typescript_v2_with_initialize() {
    let seen = session("ts2", "2025-11-25", "initialized");
    through_every_route(&Server::typescript(), &Client::node("ts2.mjs", &["legacy"]), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn typescript_v2_without_initialize() {
    let seen = session("ts2", "2026-07-28", "stateless");
    through_every_route(&Server::typescript(), &Client::node("ts2.mjs", &["modern"]), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn typescript_v2_with_a_python_server() {
    let seen = session("ts2", "2025-11-25", "initialized");
    through_every_route(&Server::python(), &Client::node("ts2.mjs", &["legacy"]), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn python_in_the_newest_era() {
    let seen = session("mcp", "2026-07-28", "stateless");
    through_every_route(&Server::python(), &Client::python("py.py", &["auto"]), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn python_with_sessions() {
    let seen = session("mcp", "2025-11-25", "closed");
    through_every_route(&Server::python(), &Client::python("py.py", &["legacy"]), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn python_over_http_and_sse() {
    let seen = by_sse(session("mcp", "2025-11-25", "closed"));
    through_every_route(&Server::python_by_sse(), &Client::python("py.py", &["sse"]), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn curl_by_hand() {
    let seen = session("curl", "2025-11-25", "closed");
    through_every_route(&Server::everything(), &Client::curl("curl.sh"), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn rust_with_sessions() {
    let seen = session("rmcp", "2025-11-25", "closed");
    through_every_route(&Server::rust(), &Client::rust("legacy"), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn rust_in_the_newest_era() {
    let seen = session("rmcp", "2026-07-28", "stateless");
    through_every_route(&Server::rust(), &Client::rust("modern"), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn fastmcp_with_sessions() {
    let seen = session("fastmcp", "2025-11-25", "closed");
    through_every_route(&Server::fastmcp(), &Client::python("fast.py", &["legacy"]), &seen);
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn fastmcp_in_the_newest_era() {
    let seen = session("fastmcp", "2026-07-28", "stateless");
    through_every_route(&Server::fastmcp(), &Client::python("fast.py", &["auto"]), &seen);
}

/// Its fetch knows no proxy: reverse mode is its way (`wiretape doctor node20`).
#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn the_node_on_the_path_in_reverse() {
    let pairs = [(Server::everything(), "http"), (Server::everything_by_sse(), "sse")];
    for (server, transport) in pairs {
        let client = Client::system_node("ts1.mjs", &[transport]);
        let direct = client.run(&server.url(), &[]);
        let seen = session("ts1", "2025-11-25", "closed");
        let seen = if transport == "sse" { by_sse(seen) } else { seen };
        recorded("reverse", &server, None, &client, &direct, &seen);
    }
}

/// The child's variables alone bring it through the proxy and make it trust what it meets there.
#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn run_gives_each_child_what_it_needs() {
    let table = [
        (Server::typescript(), Client::node("ts2.mjs", &["legacy"]), "NODE_EXTRA_CA_CERTS"),
        (Server::python(), Client::python("py.py", &["legacy"]), "SSL_CERT_FILE"),
        (Server::everything(), Client::curl("curl.sh"), "CURL_CA_BUNDLE"),
    ];
    for (server, client, trust) in table {
        let front = TlsFront::before(&server);
        let direct = client.run(&front.url(), &[(trust, front.ca())]);
        let home = tempfile::tempdir().expect("a folder");
        let options = ["run", "--quiet", "--upstream-ca", &front.ca()];
        let report = client.under(&options, home.path(), &front.url());
        assert_eq!(report.saw, direct.saw, "{trust}");
        holds(home.path(), &report, trust);
    }
}

/// What `list` is to say of the only session.
fn session(client: &str, revision: &str, state: &str) -> Value {
    json!({
        "client": client, "revision": revision, "state": state, "transport": "streamable-http",
    })
}

fn by_sse(mut session: Value) -> Value {
    session["transport"] = json!("http+sse");
    session
}

/// Without a proxy, then forward http, forward https and reverse.
fn through_every_route(server: &Server, client: &Client, seen: &Value) {
    let front = TlsFront::before(server);
    let direct = client.run(&server.url(), &[]);
    assert!(!direct.messages.is_empty(), "the client said nothing");
    for route in ["forward http", "forward https", "reverse"] {
        recorded(route, server, Some(&front), client, &direct, seen);
    }
}

/// One run of the client by one route, and what the store says of it.
fn recorded(
    route: &str,
    server: &Server,
    front: Option<&TlsFront>,
    client: &Client,
    direct: &Report,
    seen: &Value,
) {
    let home = tempfile::tempdir().expect("a folder");
    let (target, ca) = (server.url(), front.map(TlsFront::ca));
    let mut options = vec!["--quiet", "--target", &target];
    options.extend(ca.iter().flat_map(|ca| ["--upstream-ca", ca]));
    let recorder = Recorder::start(home.path(), &options);
    let (url, environment) = match (route, front) {
        ("forward http", _) => (server.url(), recorder.environment()),
        ("forward https", Some(front)) => (front.url(), recorder.environment()),
        _ => (recorder.client_url(), vec![]),
    };
    let report = client.run(&url, &environment);
    assert_eq!(report.saw, direct.saw, "{route}: the client saw something else than directly");
    recorder.stop();
    holds(home.path(), &report, route);
    tells(home.path(), seen, route);
    raises_no_error(home.path(), route);
}

/// The SDKs against each other do nothing wrong: what is called an error here is a false alarm.
fn raises_no_error(home: &Path, route: &str) {
    let out = home.join("judged.tape.jsonl").display().to_string();
    let words = ["export".to_owned(), "--reveal".to_owned(), "-o".to_owned(), out.clone()];
    run(home, &[&words[..], &sessions(home)].concat());
    for story in stories(&records(Path::new(&out))) {
        let errors: Vec<_> =
            judge(&story).into_iter().filter(|p| p.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{route}: {errors:#?}");
    }
}

/// Every message that the client sent or got is in the store.
fn holds(home: &Path, report: &Report, route: &str) {
    let stored: BTreeSet<String> = stored(home)
        .iter()
        .map(|line| {
            let from = if line["direction"] == "client-to-server" { "client" } else { "server" };
            json!({"from": from, "message": line["payload"]}).to_string()
        })
        .collect();
    for message in &report.messages {
        assert!(
            stored.contains(message),
            "{route}: the store lacks {message}\nit holds {stored:#?}"
        );
    }
}

/// Every message in the store, as `show` gives it.
fn stored(home: &Path) -> Vec<Value> {
    let listed = lines(home, &["list"]);
    let sessions = of(&listed, "session").into_iter();
    sessions
        .flat_map(|session| {
            let id = session["id"].as_str().expect("an id");
            let shown = lines(home, &["show", id, "--reveal"]);
            of(&shown, "message").into_iter().cloned().collect::<Vec<_>>()
        })
        .collect()
}

/// One run of a client is one session, which is told as it was; every request has its one answer.
fn tells(home: &Path, seen: &Value, route: &str) {
    let (listed, noticed) = (lines(home, &["list"]), lines(home, &["list", "--notices"]));
    let sessions = of(&listed, "session");
    assert_eq!(sessions.len(), 1, "{route}: {sessions:#?}");
    // A client that exits in the middle of a handshake looks like one that distrusts us and, as Node
    // does, says nothing.
    let left = |notice: &&&Value| {
        notice["text"]
            .as_str()
            .is_some_and(|text| text.contains("the client closed the connection"))
    };
    let noticed = of(&noticed, "notice");
    assert_eq!(noticed.iter().filter(|notice| !left(notice)).count(), 0, "{route}: {noticed:#?}");
    let session = sessions[0];
    let told = json!({
        "client": session["client"]["name"], "revision": session["revision"],
        "state": session["state"], "transport": session["transport"],
    });
    assert_eq!(&told, seen, "{route}: {session:#}");
    let messages = stored(home);
    let answers: BTreeMap<_, _> = messages
        .iter()
        .filter(|message| message["kind"] == "response" || message["kind"] == "error")
        .filter_map(|message| Some((message["answers"].as_str()?, message)))
        .collect();
    for request in messages.iter().filter(|message| message["kind"] == "request") {
        let answer = answers.get(request["id"].as_str().expect("an id"));
        let answer = answer.unwrap_or_else(|| panic!("{route}: no answer to {request:#}"));
        assert_eq!(answer["rpc_id"], request["rpc_id"], "{route}");
        assert_eq!(answer["method"], request["method"], "{route}");
        assert_ne!(answer["direction"], request["direction"], "{route}");
        assert!(answer["latency_us"].as_u64().is_some_and(|us| us < 20_000_000), "{answer:#}");
    }
}
