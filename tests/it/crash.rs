//! kill -9 in the middle of it all, and a catalog that is gone or noise.

use std::{fs, io::Write, path::Path, thread, time::Duration};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{
    origin::{Origin, STREAM, Wire, chunk, json},
    wiretape::{Recorder, lines, of, run, sessions},
};

const STREAMS: usize = 50;
/// The promise: what a client had this long before the kill is in the store (design.md, Store).
const SYNC_WINDOW: Duration = Duration::from_millis(250);

/// One round of twenty; the others are run by hand with `WIRETAPE_KILLS=20`.
#[test]
fn a_kill_loses_no_frame_that_a_client_had() {
    let rounds = std::env::var("WIRETAPE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    for round in 0..rounds {
        one_kill(round);
    }
}

fn one_kill(round: usize) {
    let origin = endless();
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &["--quiet"]);
    let mut clients: Vec<Wire> = (0..STREAMS)
        .map(|stream| {
            let mut client = Wire::to(recorder.proxy());
            let session = format!("Mcp-Session-Id: s{stream}\r\n");
            let ask = format!(
                r#"{{"jsonrpc":"2.0","id":{stream},"method":"tools/call","params":{{"name":"t"}}}}"#
            );
            client.post(&origin.authority(), "/mcp", &session, &ask);
            client.head();
            client
        })
        .collect();
    let had: Vec<Vec<u8>> = clients
        .iter_mut()
        .map(|client| (0..10 + round % 7).flat_map(|_| client.chunk().expect("a frame")).collect())
        .collect();
    // Time itself is what is promised here.
    thread::sleep(SYNC_WINDOW);
    recorder.kill();
    drop(clients);

    let next = run(home.path(), &["run", "--", "true"]);
    let said = String::from_utf8_lossy(&next.stderr);
    assert!(said.contains(&format!("{STREAMS} running exchanges")), "round {round}: {said}");
    // A hundred reads: of a store in use, because each of a free one opens it anew.
    let reopened = Recorder::start(home.path(), &[]);
    let exchanges = all_exchanges(home.path());
    assert_eq!(exchanges.len(), STREAMS, "round {round}");
    for exchange in &exchanges {
        assert_eq!(exchange["outcome"], "truncated");
        let session = exchange["mcp"]["session_id"].as_str().expect("an id");
        let stream: usize = session[1..].parse().expect("s and a number");
        let kept = raw(home.path(), exchange);
        assert!(
            kept.starts_with(&had[stream]),
            "round {round}: stream {stream} lost what its client had"
        );
    }
    reopened.stop();
}

#[test]
fn a_catalog_that_is_gone_or_noise_is_made_again() {
    let origin = Origin::serve(|_, out| {
        out.write_all(json("{}", "Mcp-Session-Id: one\r\n").as_bytes()).is_ok()
    });
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut client = Wire::to(recorder.proxy());
    for id in 0..20 {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        client.post(&origin.authority(), "/mcp", "Mcp-Session-Id: one\r\n", &body);
        client.answer();
    }
    drop(client);
    recorder.stop();
    let before = comparable(home.path());
    let catalog = home.path().join("captures/catalog");
    fs::remove_dir_all(&catalog).expect("it is there");
    assert_eq!(comparable(home.path()), before, "after deleting it");
    for entry in fs::read_dir(&catalog).expect("it is there again") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::write(&path, noise()).expect("written over");
        }
    }
    assert_eq!(comparable(home.path()), before, "after writing noise over it");
}

/// Frames without end, as fast as they are taken.
fn endless() -> Origin {
    Origin::serve(|_, out| {
        let mut n = 0_u64;
        if out.write_all(format!("{STREAM}\r\n").as_bytes()).is_err() {
            return false;
        }
        loop {
            n += 1;
            let event = format!(
                "id: {n}\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}}\n\n"
            );
            if out.write_all(&chunk(event)).is_err() {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
    })
}

fn noise() -> Vec<u8> {
    (0..65_536_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect()
}

fn all_exchanges(home: &Path) -> Vec<Value> {
    let shown = sessions(home).into_iter().flat_map(|session| lines(home, &["show", &session]));
    shown.filter(|line| line["schema"] == "wiretape/exchange/1").collect()
}

fn raw(home: &Path, exchange: &Value) -> Vec<u8> {
    let text = |key: &str| exchange[key].as_str().expect("a text").to_owned();
    let place = format!("{}/{}", text("session"), text("id"));
    run(home, &["show", &place, "--raw", "response"]).stdout
}

fn comparable(home: &Path) -> Vec<Value> {
    let all = ["list", "--as-of", "2040-01-01T00:00:00Z"];
    let mut found = lines(home, &all);
    for session in of(&found.clone(), "session") {
        let id = session["id"].as_str().expect("an id");
        found.extend(lines(home, &["show", id, "--as-of", "2040-01-01T00:00:00Z"]));
    }
    found
}
