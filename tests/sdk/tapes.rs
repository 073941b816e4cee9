//! The tapes in `captures/` that real SDKs made, recorded again in the same way.
//!
//! `WIRETAPE_TAPES=1 cargo test --test sdk tapes -- --ignored` puts them there; without the variable
//! each must ask what the one that is there asks, and raise nothing at error level.

use std::{collections::BTreeSet, fs, thread};

use tempfile::tempdir;
use wiretape::protocol::{
    Kind, Story,
    problems::{Severity, judge},
};

use crate::{
    peers::{Client, Server},
    support::{
        stories::{records_in, stories},
        tapes::{keep, recorded},
        wiretape::wiretape,
    },
};

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn of_each_revision() {
    let era = |revision: &str, kind: &str| Client::node("era.mjs", &[revision, kind]);
    let typescript = |revision: &str, kind: &str| {
        (Server::typescript_of(revision, kind), vec![era(revision, kind)])
    };
    tape("2024-11-05/typescript", || typescript("2024-11-05", "sse"));
    tape("2025-03-26/typescript", || typescript("2025-03-26", "http"));
    tape("2025-06-18/typescript", || typescript("2025-06-18", "http"));
    tape("2025-11-25/typescript", || typescript("2025-11-25", "http"));
    tape("2026-07-28/typescript", || {
        (Server::typescript(), vec![Client::node("ts2.mjs", &["modern"])])
    });
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn of_other_languages() {
    let fastmcp = |mode: &str| (Server::fastmcp(), vec![Client::python("fast.py", &[mode])]);
    let python = |mode: &str| Client::python("py.py", &[mode]);
    tape("2025-11-25/rmcp", || (Server::rust(), vec![Client::rust("legacy")]));
    tape("2026-07-28/rmcp", || (Server::rust(), vec![Client::rust("modern")]));
    tape("2025-11-25/fastmcp", || fastmcp("legacy"));
    tape("2026-07-28/fastmcp", || fastmcp("auto"));
    tape("2026-07-28/python", || (Server::python(), vec![python("auto")]));
    tape("2025-11-25/python-resumed", || {
        (Server::python_kind("resumable"), vec![python("resume")])
    });
}

/// What Claude Code and a server of everyday tools say to each other: the screens of the README are
/// of this tape (tests/it/readme.rs).
#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn of_a_coding_agent() {
    tape("2025-11-25/claude-code", || {
        (Server::everything(), vec![Client::node("claude.mjs", &[])])
    });
}

/// A stream longer than what is split at every byte when it is read again (tests/it/reading.rs).
#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn of_a_long_stream() {
    tape("2025-11-25/python-long", || {
        (Server::python_kind("long"), vec![Client::python("py.py", &["recite"])])
    });
}

/// Refused, shown where to ask, registered, given a code and a token, let in.
#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn of_an_authorisation() {
    let peers = || (Server::oauth(), vec![Client::node("oauth.mjs", &[])]);
    tape_with("2025-11-25/typescript-oauth", peers, |server| {
        let report = Client::node("oauth.mjs", &["token"]).run(&server.url(), &[]);
        Some(format!("Bearer {}", report.saw[0].as_str().expect("a token")))
    });
}

/// Questions to the user, resources, prompts, completion, changes that are listened to, and a call
/// that the client gives up.
#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn of_a_rich_server() {
    let rich = |mode: &str| (Server::python_rich(), vec![Client::python("asking.py", &[mode])]);
    tape("2025-11-25/python-rich", || rich("legacy"));
    tape("2026-07-28/python-rich", || rich("auto"));
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn of_other_ways_to_serve() {
    let python = |mode: &str| Client::python("py.py", &[mode]);
    let era = |revision: &str, kind: &str| Client::node("era.mjs", &[revision, kind]);
    tape("http+sse/python", || (Server::python_by_sse(), vec![python("sse")]));
    tape("http+sse/typescript", || {
        (Server::typescript_of("2025-11-25", "sse"), vec![era("2025-11-25", "sse")])
    });
    tape("json-response/python", || (Server::python_kind("json"), vec![python("legacy")]));
    tape("json-response/typescript", || {
        (Server::typescript_of("2025-06-18", "json"), vec![era("2025-06-18", "json")])
    });
    tape("stateless/python", || (Server::python_kind("stateless"), vec![python("legacy")]));
    tape("stateless/rmcp", || (Server::rust_stateless(), vec![Client::rust("legacy")]));
    tape("stateless/typescript", || {
        (Server::typescript(), vec![Client::node("ts2.mjs", &["legacy"])])
    });
}

/// Two clients at the same time and URL, one with `initialize`, one without.
#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn of_both_eras_at_one_url() {
    tape("2026-07-28/both-eras", || {
        let clients = [("py.py", "auto"), ("py.py", "legacy")];
        (Server::python(), clients.map(|(script, mode)| Client::python(script, &[mode])).into())
    });
}

/// One server, some clients at the same time.
fn tape(name: &str, peers: impl FnOnce() -> (Server, Vec<Client>)) {
    tape_with(name, peers, |_| None);
}

/// The same of a server that wants a credential, which `credential` gets from it.
fn tape_with(
    name: &str,
    peers: impl FnOnce() -> (Server, Vec<Client>),
    credential: impl Fn(&Server) -> Option<String>,
) {
    let (server, clients) = peers();
    let tape = recorded(&server.url(), &[], |recorder| {
        let url = recorder.client_url();
        thread::scope(|scope| {
            for client in &clients {
                scope.spawn(|| client.run(&url, &[]));
            }
        });
    });
    verifies(name, &tape, &server, credential(&server).as_deref());
    let kept = stories(&records_in(&keep(name, &tape)));
    let made = stories(&records_in(&tape));
    assert_eq!(asked(&made), asked(&kept), "{name} asks otherwise when it is made again");
    for story in made.iter().chain(&kept) {
        let errors: Vec<_> =
            judge(story).into_iter().filter(|p| p.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

/// The redacted tape, replayed against the server that it was recorded with, is the same step by
/// step, by the rules that are built in (issue 4, Done when 1). A credential is given in the
/// environment: none is on a tape.
fn verifies(name: &str, tape: &str, server: &Server, credential: Option<&str>) {
    let home = tempdir().expect("a folder");
    let file = home.path().join("it.tape.jsonl");
    fs::write(&file, tape).expect("written");
    let file = file.display().to_string();
    let to = server.url();
    let mut words = vec!["verify", &file, "--to", &to, "--allow-side-effects", "--json"];
    if credential.is_some() {
        words.extend(["--header-env", "Authorization=CREDENTIAL_OF_THE_TEST"]);
    }
    let mut command = wiretape(home.path(), &words);
    command.envs(credential.map(|value| ("CREDENTIAL_OF_THE_TEST", value)));
    let done = command.output().expect("it runs");
    let told = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{name}: {told}");
    let same = |line: &&str| line.contains("\"verdict\":\"same\"");
    assert!(told.lines().filter(same).count() > 2, "{name}: {told}");
}

/// Every request, by revision: what is the same each time, however the two sides' timing falls.
fn asked(stories: &[Story]) -> BTreeSet<String> {
    let of = |story: &Story| {
        let revision = story.session.revision.clone().unwrap_or_default();
        let requests = story.messages.iter().filter(|message| message.kind == Kind::Request);
        let word = |part: &Option<String>| part.clone().unwrap_or_default();
        requests.map(move |m| format!("{revision} {} {}", word(&m.method), word(&m.name))).collect()
    };
    stories.iter().flat_map(|story| -> Vec<String> { of(story) }).collect()
}
