//! `record` on a terminal: the screen stands before the home is entered, and whatever comes of that, the
//! terminal is given back, what is to be said is said, and the home is free.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Output,
};

use tempfile::tempdir;

use super::proxy;
use crate::support::{
    sources::{each_of, has_sessions},
    terminal::{Shown, Start, Terminal},
    wiretape::{Recorder, lines, of, run, signal, wiretape},
};

/// The lock of a home in the hands of somebody who neither answers nor ends.
fn hold(home: &Path) -> File {
    let lock = File::create(home.join("lock")).expect("a file");
    lock.try_lock().expect("nobody holds it");
    lock
}

fn is_free(home: &Path) {
    let lock = File::open(home.join("lock")).expect("a file");
    lock.try_lock().expect("the home is let go");
}

/// The last segment of a store.
fn segment(home: &Path) -> PathBuf {
    let files = fs::read_dir(home.join("captures")).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    files.filter(|path| path.is_file()).max().expect("a segment")
}

fn record(home: &Path, words: &[&str]) -> Terminal {
    Start::wiretape(home, &[&["record"], words].concat()).size(100, 30).start()
}

/// A port that nobody has at this moment.
fn free_port() -> SocketAddr {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port");
    port.local_addr().expect("an address")
}

fn is_opening(shown: &Shown) -> bool {
    let hints = shown.rows.last().is_some_and(|row| row.contains(" help"));
    shown.alternate && hints && shown.rows[0].contains("opening ")
}

/// Without breaks: a terminal breaks a line anywhere.
fn joined(text: &str) -> String {
    text.split_whitespace().collect()
}

/// What was written while the screen stood.
fn on_the_screen(terminal: &Terminal) -> String {
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    let (_, screen) = raw.split_once("\x1b[?1049h").expect("a screen");
    let (screen, _) = screen.split_once("\x1b[?1049l").expect("given back");
    screen.to_owned()
}

#[test]
fn the_screen_stands_before_the_home_is_entered() {
    let home = tempdir().expect("a folder");
    let lock = hold(home.path());
    let mut terminal = record(home.path(), &["--listen", "127.0.0.1:0"]);
    let opening = terminal.until("the screen", is_opening);
    // Nobody can be told yet where to connect.
    for early in ["REC", "No session", "HTTP_PROXY"] {
        assert!(!opening.has(early), "{early}: {}", opening.text());
    }
    assert!(opening.rows[2..].iter().any(|row| row.contains("opening ")), "{}", opening.text());
    // Keys are answered meanwhile.
    terminal.keys("?").until("help", |shown| shown.has("follow"));
    terminal.keys("q").until("no help", |shown| is_opening(shown) && !shown.has("follow"));
    drop(lock);
    let listens = terminal.until("the card", |shown| shown.has("Listening on http://"));
    let address = proxy(&listens);
    assert!(listens.rows[0].contains(&format!("REC {address}")), "{}", listens.text());
    run(home.path(), &["demo", "--headless"]);
    terminal.until("both sessions", |shown| shown.has("2025-11-25") && shown.has("2026-07-28"));
    signal(terminal.pid(), "TERM");
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
    // What there was to say stands on the terminal, and none of it was written onto the screen.
    let said = joined(&terminal.shown().text());
    for line in [
        format!("wiretape: recorded into {}", home.path().display()),
        format!("proxy http://{address}"),
        "certs/ca.pem".to_owned(),
    ] {
        assert!(said.contains(&joined(&line)), "{line}: {said}");
    }
    assert!(!on_the_screen(&terminal).contains("recorded into"));
    is_free(home.path());
    assert_eq!(of(&lines(home.path(), &["list"]), "session").len(), 2);
}

#[test]
fn leaving_while_the_home_is_entered_ends_it() {
    each_of(&["q", "TERM", "INT", "HUP"], |way| {
        let home = tempdir().expect("a folder");
        let lock = hold(home.path());
        let port = free_port();
        let mut terminal = record(home.path(), &["--listen", &port.to_string()]);
        terminal.until("the screen", is_opening);
        if *way == "q" {
            terminal.keys("q");
        } else {
            signal(terminal.pid(), way);
        }
        // A recorder that is asked to end has done so (faces.md, Recording).
        let code = if *way == "HUP" { 129 } else { 0 };
        assert_eq!(terminal.ended().exit_code(), code, "{way}");
        terminal.is_given_back();
        let said = terminal.shown().text();
        assert!(said.trim().is_empty(), "nothing was recorded: {said}");
        TcpStream::connect(port).expect_err("nobody listens");
        drop(lock);
        is_free(home.path());
    });
}

/// At whatever moment it comes.
#[test]
fn leaving_at_once_ends_it() {
    let home = tempdir().expect("a folder");
    run(home.path(), &["demo", "--headless"]);
    for _ in 0..4 {
        let mut terminal = record(home.path(), &["--listen", "127.0.0.1:0"]);
        // Nothing is asked while it is opened; afterwards it is.
        terminal.keys("qy");
        assert_eq!(terminal.ended().exit_code(), 0);
        terminal.is_given_back();
        is_free(home.path());
    }
    for _ in 0..4 {
        let mut terminal = record(home.path(), &["--listen", "127.0.0.1:0"]);
        terminal.until("the screen", |shown| shown.alternate);
        signal(terminal.pid(), "TERM");
        assert_eq!(terminal.ended().exit_code(), 0);
        terminal.is_given_back();
        is_free(home.path());
    }
    assert_eq!(of(&lines(home.path(), &["list"]), "session").len(), 2);
}

/// What it comes to without a screen.
fn headless(home: &Path, words: &[&str]) -> Output {
    let words = [&["record", "--headless"], words].concat();
    wiretape(home, &words).output().expect("it starts")
}

/// Ends by itself with the words and the code that it has without a screen.
fn fails_as(plain: &Output, terminal: &mut Terminal) {
    let code = plain.status.code().expect("no signal");
    assert_ne!(code, 0);
    assert_eq!(terminal.ended().exit_code(), u32::try_from(code).expect("a code"));
    terminal.is_given_back();
    let said = joined(&terminal.shown().text());
    let wanted = joined(&String::from_utf8_lossy(&plain.stderr));
    assert!(said.contains(&wanted), "{said}\nand not\n{wanted}");
}

/// One after the other: each has the home for itself.
fn fails_as_headless(home: &Path, words: &[&str]) {
    let plain = headless(home, words);
    fails_as(&plain, &mut record(home, words));
}

#[test]
fn a_port_in_use_is_said_on_the_terminal() {
    let home = tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    fails_as_headless(home.path(), &["--listen", &address]);
    is_free(home.path());
    Recorder::start(home.path(), &[]).stop();
}

#[test]
fn a_store_that_cannot_be_opened_is_said_on_the_terminal() {
    let home = tempdir().expect("a folder");
    run(home.path(), &["demo", "--headless"]);
    let segment = segment(home.path());
    let mut newer = fs::read(&segment).expect("readable");
    // The format's version (`store::segments`).
    newer[8] += 1;
    fs::write(&segment, newer).expect("written");
    fails_as_headless(home.path(), &["--listen", "127.0.0.1:0"]);
    is_free(home.path());
}

/// Noise after the last whole entry, as a crash leaves it.
#[test]
fn what_was_mended_is_said_once_the_screen_is_closed() {
    let home = tempdir().expect("a folder");
    run(home.path(), &["demo", "--headless"]);
    let torn = OpenOptions::new().append(true).open(segment(home.path()));
    torn.expect("a file").write_all(&[200, 0, 0, 0, 1, 2, 3, 4, 5]).expect("written");
    let mut terminal = record(home.path(), &["--listen", "127.0.0.1:0"]);
    terminal.until("the sessions", has_sessions);
    terminal.keys("q").until("the question", |shown| shown.has("y yes"));
    terminal.keys("y");
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
    let said = joined(&terminal.shown().text());
    assert!(said.contains("9bytesofanunfinishedentry"), "{said}");
    assert!(!on_the_screen(&terminal).contains("unfinished"));
}

#[test]
fn another_recorder_on_a_home_in_use_is_refused() {
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    for words in [["--listen", "127.0.0.1:0"], ["--target", "http://127.0.0.1:1"]] {
        fails_as_headless(home.path(), &words);
    }
    recorder.stop();
    is_free(home.path());
}

/// Longer than one waits for it without a screen: the screen ends, and the words stand after it.
#[test]
fn a_home_that_stays_locked_is_said_once_the_screen_is_gone() {
    let home = tempdir().expect("a folder");
    let _lock = hold(home.path());
    let words = ["--listen", "127.0.0.1:0"];
    let mut terminal = record(home.path(), &words);
    terminal.until("the screen", is_opening);
    fails_as(&headless(home.path(), &words), &mut terminal);
    assert!(!on_the_screen(&terminal).contains("error: "));
}
