//! From the screen to an editor and back: a request is edited, seen again and sent; a header is given for
//! one replay; what came of it is written; a value is followed.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::tempdir;

use super::has_sessions;
use crate::support::{
    talk::Talk,
    terminal::{ENTER, ESC, Start, Terminal},
    wiretape::signal,
};

/// A server that says what it was asked.
fn server() -> Talk {
    Talk::with(&[("look", true)], |call| format!("asked for {}", call["arguments"]["q"]))
}

fn tape(server: &Talk) -> String {
    server.tape(&[r#"{"name":"look","arguments":{"q":"cats"}}"#])
}

/// An editor that does one thing to the file; it waits for a key first, so that a test sees whose the
/// terminal is.
fn editor(folder: &Path, name: &str, does: &str) -> PathBuf {
    let path = folder.join(name);
    let text = format!("#!/bin/sh\necho EDITING; read key; {does}\n");
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

/// At the calls of the session, the call of the tool selected.
fn at_the_call(home: &Path, tape: &str, editor: &Path) -> Terminal {
    let mut terminal = Start::wiretape(home, &["open", tape])
        .env("VISUAL", editor.to_str().expect("UTF-8"))
        .env("MY_KEY", "sk-environment-0123456789")
        .env("TMPDIR", home.to_str().expect("UTF-8"))
        .size(100, 40)
        .start();
    terminal.until("the sessions", has_sessions);
    terminal.keys(ENTER).shows("tools/call");
    terminal
        .keys(":4\r")
        .until("the call", |shown| shown.selected().is_some_and(|row| row.contains("tools/call")));
    terminal
}

#[test]
fn a_request_is_edited_seen_again_and_sent() {
    let server = server();
    let home = tempdir().expect("a folder");
    let path = home.path().join("session.tape.jsonl");
    fs::write(&path, tape(&server)).expect("written");
    let tape = path.to_str().expect("UTF-8");
    let before = server.asked().len();
    let editor = editor(
        home.path(),
        "edit",
        "sed -i -e 's/cats/dogs/' -e 's/^content-type/x-mine: 1\\ncontent-type/' \"$1\"",
    );
    let mut terminal = at_the_call(home.path(), tape, &editor);
    terminal.keys("r").shows("nothing is sent yet");
    let given =
        terminal.keys("e").until("the editor", |shown| shown.has("EDITING") && !shown.alternate);
    assert!(given.cursor.is_some() && !given.mouse, "the terminal is the editor's: {given:?}");
    let seen = terminal.keys("\n").shows("you changed");
    assert!(
        seen.alternate && seen.has("cats") && seen.has("dogs") && seen.has("x-mine: 1"),
        "{}",
        seen.text()
    );
    assert_eq!(server.asked().len(), before, "nothing is sent before Enter");

    let answered = terminal.keys(ENTER).shows("verify would exit 1");
    assert!(answered.has("asked for \\\"dogs\\\"") || answered.has("dogs"), "{}", answered.text());
    assert!(answered.has("the answer"), "{}", answered.text());
    let asked = server.asked();
    let (head, body) = asked.last().expect("it was sent");
    assert_eq!(body["params"]["arguments"]["q"], "dogs");
    assert!(head.to_lowercase().contains("x-mine: 1"), "{head}");
    // What it needs went before it, as with any replay of a call, and without what was added to it.
    let methods: Vec<_> = asked[before..].iter().map(|(_, body)| body["method"].clone()).collect();
    assert_eq!(methods, ["initialize", "notifications/initialized", "tools/call"]);
    assert!(!asked[before].0.to_lowercase().contains("x-mine"), "{}", asked[before].0);
    drop(asked);
    terminal.keys("a").shows("only a tape is a baseline");
    terminal.keys("qqq").keys("q");
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
}

#[test]
fn bad_json_is_said_with_its_place_and_not_lost() {
    let server = server();
    let home = tempdir().expect("a folder");
    let path = home.path().join("session.tape.jsonl");
    fs::write(&path, tape(&server)).expect("written");
    // It spoils what is whole, and mends what it spoilt.
    let does = "if grep -q cats, \"$1\"; then sed -i 's/\"cats,/\"dogs\"/' \"$1\"; else sed -i 's/\"cats\"/\"cats,/' \"$1\"; fi";
    let editor = editor(home.path(), "edit", does);
    let mut terminal = at_the_call(home.path(), path.to_str().expect("UTF-8"), &editor);
    terminal.keys("\x05").shows("EDITING");
    let wrong = terminal.keys("\n").shows("e edits it again");
    assert!(wrong.has("line ") && wrong.has("column "), "{}", wrong.text());
    terminal.keys("e").until("the editor", |shown| !shown.alternate);
    terminal.keys("\n").until("well", |shown| shown.has("you changed") && shown.has("dogs"));
    terminal.keys("x").until("as it was", |shown| {
        shown.has("nothing is sent yet") && !shown.has("you changed") && shown.has("cats")
    });
}

/// An editor that takes the whole terminal and puts nothing back by itself; its number is in a file.
fn greedy(folder: &Path) -> (PathBuf, PathBuf) {
    let (path, pid) = (folder.join("greedy"), folder.join("greedy.pid"));
    let takes = "printf '\\033[?1049h\\033[?1000h\\033[?2004h\\033[?25l'; stty raw -echo";
    let text = format!("#!/bin/sh\n{takes}; echo $$ > {}; echo EDITING; read key\n", pid.display());
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    (path, pid)
}

/// Folders of edited texts that are still there.
fn left_over(home: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(home).expect("a folder").map(|entry| entry.expect("an entry").path());
    all.filter(|path| path.is_dir() && path.join("request.http").exists()).collect()
}

#[test]
fn an_end_while_the_editor_runs_gives_the_terminal_back_and_leaves_nothing() {
    for (name, code) in [("TERM", 143), ("HUP", 129)] {
        let server = server();
        let home = tempdir().expect("a folder");
        let path = home.path().join("session.tape.jsonl");
        fs::write(&path, tape(&server)).expect("written");
        let before = server.asked().len();
        let (editor, pid) = greedy(home.path());
        let mut terminal = at_the_call(home.path(), path.to_str().expect("UTF-8"), &editor);
        terminal.keys("\x05").until("the editor", |shown| shown.has("EDITING") && shown.mouse);
        assert_eq!(left_over(home.path()).len(), 1);
        signal(terminal.pid(), name);
        assert_eq!(terminal.ended().exit_code(), code, "{name}");
        terminal.is_given_back();
        assert_eq!(left_over(home.path()), [] as [PathBuf; 0], "{name}");
        let pid = fs::read_to_string(pid).expect("it ran");
        assert!(!Path::new("/proc").join(pid.trim()).exists(), "the editor goes on");
        assert_eq!(server.asked().len(), before, "nothing is sent");
    }
}

#[test]
fn an_editor_that_is_killed_is_as_if_it_had_not_been() {
    let server = server();
    let home = tempdir().expect("a folder");
    let path = home.path().join("session.tape.jsonl");
    fs::write(&path, tape(&server)).expect("written");
    let before = server.asked().len();
    let (editor, pid) = greedy(home.path());
    let mut terminal = at_the_call(home.path(), path.to_str().expect("UTF-8"), &editor);
    terminal.keys("\x05").until("the editor", |shown| shown.has("EDITING") && shown.mouse);
    let pid = fs::read_to_string(pid).expect("it runs");
    signal(pid.trim().parse().expect("a number"), "KILL");
    let back = terminal.shows("nothing was taken");
    assert!(back.alternate && !back.has("EDITING"), "{}", back.text());
    assert_eq!(left_over(home.path()), [] as [PathBuf; 0]);
    terminal.keys(ESC).until("the calls", |shown| !shown.has("nothing was taken"));
    terminal.keys("qqq").keys("q");
    assert_eq!(terminal.ended().exit_code(), 0);
    terminal.is_given_back();
    assert_eq!(server.asked().len(), before, "nothing is sent");
}

#[test]
fn a_credential_is_taken_from_the_environment_and_typed_unseen() {
    let server = server();
    let home = tempdir().expect("a folder");
    let path = home.path().join("session.tape.jsonl");
    fs::write(&path, tape(&server)).expect("written");
    let mut terminal = at_the_call(home.path(), path.to_str().expect("UTF-8"), Path::new("true"));
    terminal.keys("r").shows("not sent, for it is a credential: authorization; h gives it");
    terminal.keys("hAuthorization\r").shows("Authorization: ");
    terminal.keys("$MY_KEY\r").shows("from $MY_KEY");
    terminal.keys("hX-Typed\r").shows("X-Typed: ");
    let typing = terminal.keys("sk-typed-0123456789").shows("X-Typed: *******************");
    assert!(!typing.text().contains("sk-typed"), "{}", typing.text());
    terminal.keys("\r").shows("sent with X-Typed, as it was typed");
    terminal.keys(ENTER).shows("verify would exit 0");
    let asked = server.asked();
    let head = asked.last().expect("it was sent").0.to_lowercase();
    assert!(head.contains("authorization: sk-environment-0123456789"), "{head}");
    assert!(head.contains("x-typed: sk-typed-0123456789"), "{head}");
    let screen = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!screen.contains("sk-environment") && !screen.contains("sk-typed"), "never shown");
}

#[test]
fn what_a_replay_came_to_is_written_for_ci() {
    let server = server();
    let home = tempdir().expect("a folder");
    let path = home.path().join("session.tape.jsonl");
    fs::write(&path, tape(&server)).expect("written");
    let mut terminal = at_the_call(home.path(), path.to_str().expect("UTF-8"), Path::new("true"));
    terminal.keys("R").shows("nothing is sent yet");
    terminal.keys(ENTER).shows("verify would exit 0");
    terminal.keys("e").shows("verify --junit");
    let report = home.path().join("report.xml");
    terminal.keys(ENTER).shows("export to: replay.junit.xml");
    terminal.keys("\x15").keys(report.to_str().expect("UTF-8")).keys(ENTER).shows("written: ");
    let xml = fs::read_to_string(&report).expect("a report");
    assert_eq!(xml.matches("<testcase").count(), 4, "{xml}");
}

#[test]
fn a_value_is_followed_from_the_detail_to_where_it_came_from() {
    let server = server();
    let home = tempdir().expect("a folder");
    let path = home.path().join("session.tape.jsonl");
    fs::write(&path, tape(&server)).expect("written");
    let mut terminal = at_the_call(home.path(), path.to_str().expect("UTF-8"), Path::new("true"));
    terminal.keys(":trace cats\r").until("the request and its answer", |shown| {
        shown.has("2 places") && shown.has("request-body:/params/arguments/q")
    });
    terminal.keys(ESC).until("the calls", |shown| !shown.has("2 places"));
    // The tool's name, from the request in detail, to the list that brought it.
    terminal.keys("\r\r").shows("asked for");
    terminal
        .keys("]")
        .keys("/look\r")
        .until("its name", |shown| shown.selected().is_some_and(|row| row.contains("look")));
    let traced = terminal.keys("T").until("its places", |shown| {
        shown.has("trace look")
            && shown.has("first seen") | shown.has("origin")
            && !shown.has("looking")
    });
    assert!(traced.has("response-body:/result/tools/0/name"), "{}", traced.text());
    terminal.keys("g\r").until("the message", |shown| {
        shown.rows[0].contains("calls")
            && shown.selected().is_some_and(|row| row.contains("tools/list"))
    });
}
