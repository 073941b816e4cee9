//! `record` and `demo` on a terminal: the screen on a recorder, in this process or in another one.

use std::{
    fs,
    net::TcpStream,
    time::{Duration, Instant},
};

use tempfile::tempdir;

use super::{has_sessions, proxy};
use crate::support::{
    terminal::{CTRL_Z, ESC, Start, Terminal},
    wiretape::{Recorder, lines, of, run, signal},
};

/// How long it is waited for what holds once the desk has looked, which it does once a second.
const PATIENCE: Duration = Duration::from_secs(20);

fn record(home: &std::path::Path) -> Terminal {
    Start::wiretape(home, &["record", "--listen", "127.0.0.1:0"]).start()
}

#[test]
fn check_2_an_empty_store_says_how_to_fill_it() {
    let home = tempdir().expect("a folder");
    let mut terminal = record(home.path());
    let shown = terminal.until("the card", |shown| shown.has("export HTTP_PROXY="));
    let address = proxy(&shown);
    assert!(shown.rows[0].contains(&format!("REC {address}")), "{}", shown.text());
    for command in ["wiretape run --", "wiretape --target", "wiretape demo"] {
        assert!(shown.has(command), "{command}: {}", shown.text());
    }
    terminal.keys("y").shows("copied");
    let copied = terminal.copied();
    assert!(copied.contains(&format!("HTTP_PROXY=http://{address}")), "{copied}");
    assert!(copied.contains("NODE_EXTRA_CA_CERTS") && copied.contains("certs/ca.pem"), "{copied}");
    // What replaces a client's roots holds the system's too.
    let bundle = copied.lines().find_map(|line| line.strip_prefix("export SSL_CERT_FILE="));
    let bundle = fs::read_to_string(bundle.expect("a bundle")).expect("it is there");
    let ours = fs::read_to_string(home.path().join("certs/ca.pem")).expect("the CA");
    assert!(bundle.contains(ours.trim()) && bundle.len() > ours.len(), "our CA alone");
    for line in copied.lines() {
        let begins: String = line.chars().take(60).collect();
        assert!(shown.has(&begins), "{line} is not on the screen:\n{}", shown.text());
    }
}

#[test]
fn check_2_an_empty_store_that_nobody_records_into_names_what_would() {
    let home = tempdir().expect("a folder");
    let mut terminal = Start::wiretape(home.path(), &["open"]).start();
    let shown = terminal.until("the card", |shown| shown.has("No session in "));
    terminal.keys("y").shows("copied");
    assert!(shown.has(&terminal.copied()), "{}", shown.text());
}

#[test]
fn check_4_leaving_a_recorder_asks_and_names_its_connections() {
    let home = tempdir().expect("a folder");
    let mut terminal = record(home.path());
    let shown = terminal.until("the card", |shown| shown.has("Listening on http://"));
    let open = TcpStream::connect(proxy(&shown)).expect("a connection");
    // The desk asks how it stands once a second.
    let asked = |terminal: &mut Terminal| {
        terminal.keys("q").until("the question", |shown| shown.has("y yes"))
    };
    let deadline = Instant::now() + PATIENCE;
    let mut named = false;
    while !named {
        assert!(Instant::now() < deadline, "the connection was never named");
        named = asked(&mut terminal).has("1 connection is open");
        terminal.keys("n").until("no question", |shown| !shown.has("y yes"));
    }
    asked(&mut terminal);
    terminal.keys(ESC).until("no question", |shown| !shown.has("y yes"));
    assert!(terminal.is_running());
    drop(open);
    asked(&mut terminal);
    terminal.keys("y");
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
}

#[test]
fn check_17_ctrl_z_is_refused_while_traffic_goes_through() {
    let home = tempdir().expect("a folder");
    let mut terminal = record(home.path());
    let shown = terminal.until("the card", |shown| shown.has("Listening on http://"));
    let _open = TcpStream::connect(proxy(&shown)).expect("a connection");
    // Until the desk has seen the connection, nothing is refused, and nobody here can stop us: the
    // group has no shell.
    loop {
        terminal.keys(CTRL_Z);
        let shown =
            terminal.until("an answer", |shown| shown.alternate && shown.rows[23].contains("help"));
        if shown.has("not suspended") {
            break;
        }
    }
    assert!(terminal.is_running());
}

#[test]
fn what_is_recorded_appears_and_is_kept() {
    let home = tempdir().expect("a folder");
    let mut terminal = record(home.path());
    terminal.until("the card", |shown| shown.has("Listening on http://"));
    run(home.path(), &["demo", "--headless"]);
    terminal.until("both sessions", |shown| shown.has("2025-11-25") && shown.has("2026-07-28"));
    // A recorder that is asked to end ends well (faces.md, Recording).
    signal(terminal.pid(), "TERM");
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
    let listed = lines(home.path(), &["list"]);
    assert_eq!(of(&listed, "session").len(), 2);
}

#[test]
fn check_16_a_panic_over_a_recorder_loses_nothing() {
    let home = tempdir().expect("a folder");
    let mut terminal = record(home.path());
    terminal.until("the card", |shown| shown.has("Listening on http://"));
    run(home.path(), &["demo", "--headless"]);
    terminal.until("both sessions", |shown| shown.has("2025-11-25") && shown.has("2026-07-28"));
    terminal.keys(":debug panic ui\r");
    assert_eq!(terminal.ended().exit_code(), 101);
    terminal.is_given_back();
    let listed = lines(home.path(), &["list"]);
    assert_eq!(of(&listed, "session").len(), 2);
}

#[test]
fn a_second_one_attaches_and_leaving_it_ends_nothing() {
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut terminal = Start::wiretape(home.path(), &[]).start();
    terminal.until("a screen", |shown| shown.alternate && shown.rows[23].contains("help"));
    run(home.path(), &["demo", "--headless"]);
    terminal.until("both sessions", |shown| shown.has("2025-11-25") && shown.has("2026-07-28"));
    terminal.keys("q");
    assert_eq!(terminal.ended().exit_code(), 0);
    recorder.stop();
}

#[test]
fn the_demo_is_a_tour() {
    let home = tempdir().expect("a folder");
    let mut terminal = Start::wiretape(home.path(), &["demo"]).start();
    terminal.until("both sessions", |shown| {
        has_sessions(shown) && shown.has("2025-11-25") && shown.has("2026-07-28")
    });
    terminal.shows("? shows all keys");
    terminal.keys("q");
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
}
