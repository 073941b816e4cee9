//! What `record --json` writes, and readers of it that are slow, or gone: they must not matter to the
//! traffic nor to the recording (faces.md, Recording).

use std::{
    io::{BufRead, Read, Write},
    path::Path,
};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{
    origin::{Origin, Wire, json},
    wiretape::{Recorder, lines, of, sessions},
};

/// Calls of 1 KiB each way: ten times what a pipe holds.
const CALLS: usize = 300;

#[test]
fn who_takes_nothing_slows_nothing() {
    let origin = echo();
    let home = tempdir().expect("a folder");
    let mut recorder = Recorder::start(home.path(), &[]);
    let untaken = recorder.stdout();
    push(&recorder, &origin);
    recorder.stop();
    drop(untaken);
    assert_complete(home.path());
}

#[test]
fn who_reads_late_gets_everything_in_order() {
    let origin = echo();
    let home = tempdir().expect("a folder");
    let mut recorder = Recorder::start(home.path(), &[]);
    let late = recorder.stdout();
    push(&recorder, &origin);
    let said: Vec<Value> = late
        .lines()
        .take(2 * CALLS)
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
        .collect();
    let ids: Vec<_> =
        said.iter().map(|message| message["rpc_id"].as_u64().expect("an id")).collect();
    let both = (0..CALLS as u64).flat_map(|id| [id, id]);
    assert!(ids.iter().copied().eq(both), "{ids:?}");
    recorder.stop();
    assert_complete(home.path());
}

#[test]
fn who_closes_the_pipe_ends_no_recording() {
    let origin = echo();
    let home = tempdir().expect("a folder");
    let mut recorder = Recorder::start(home.path(), &[]);
    drop(recorder.stdout());
    push(&recorder, &origin);
    recorder.stop();
    assert_complete(home.path());
}

#[test]
fn a_message_is_there_while_its_exchange_still_waits() {
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let origin = Origin::serve(move |_, out| {
        let waited = gone.lock().expect("whole").recv_timeout(crate::support::origin::PATIENCE);
        waited.is_ok() && out.write_all(json("{}", "").as_bytes()).is_ok()
    });
    let home = tempdir().expect("a folder");
    let mut recorder = Recorder::start(home.path(), &[]);
    let mut stdout = recorder.stdout();
    let mut client = Wire::to(recorder.proxy());
    let ask = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    client.post(&origin.authority(), "/mcp", "", ask);
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a message");
    let message: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(message["method"], "ping");
    go.send(()).expect("the origin waits");
    client.answer();
    drop(client);
    let rest = std::thread::scope(|_| {
        recorder.stop();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("it ends");
        rest
    });
    assert_eq!(rest, "", "{{}} is no message");
}

/// Answers a call with its own id and a kilobyte.
fn echo() -> Origin {
    Origin::serve(|request, out| {
        let asked: Value = serde_json::from_slice(&request.body).expect("JSON");
        let filling = "y".repeat(1024);
        let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":"{filling}"}}"#, asked["id"]);
        out.write_all(json(&body, "").as_bytes()).is_ok()
    })
}

fn push(recorder: &Recorder, origin: &Origin) {
    let mut client = Wire::to(recorder.proxy());
    let filling = "x".repeat(1024);
    for id in 0..CALLS {
        let ask = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{filling}"}}}}"#
        );
        client.post(&origin.authority(), "/mcp", "Mcp-Session-Id: one\r\n", &ask);
        assert!(client.answer().1.ends_with(b"y\"}"), "call {id} was not answered");
    }
}

fn assert_complete(home: &Path) {
    let session = sessions(home).remove(0);
    let shown = lines(home, &["show", &session]);
    assert_eq!(of(&shown, "exchange").len(), CALLS);
    assert_eq!(of(&shown, "message").len(), 2 * CALLS);
    assert!(of(&shown, "exchange").iter().all(|exchange| exchange["outcome"] == "completed"));
}
