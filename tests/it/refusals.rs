//! What cannot be: a message that says why, a remedy, the exit code 2, and nothing harmed.

use std::{
    fs,
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
};

use tempfile::tempdir;

use crate::support::{
    origin::{Origin, Wire, json},
    wiretape::{Recorder, lines, run, sessions, wiretape},
};

#[test]
fn a_port_in_use_is_said_with_what_helps() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address").to_string();
    let home = tempdir().expect("a folder");
    let said = refusal(home.path(), &["record", "--headless", "--listen", &addr]);
    assert!(said.contains(&addr), "{said}");
    let target = format!("{addr}=http://127.0.0.1:1");
    let said = refusal(
        home.path(),
        &["record", "--headless", "--listen", "127.0.0.1:0", "--target", &target],
    );
    assert!(said.contains(&addr), "{said}");
    // The home is free again.
    Recorder::start(home.path(), &[]).stop();
}

#[test]
fn a_home_that_cannot_be_made_is_refused() {
    let folder = tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "in the way").expect("written");
    let home = file.join("home");
    let said = refusal(&home, &["record", "--headless", "--listen", "127.0.0.1:0"]);
    assert!(said.contains(home.to_str().expect("a path")), "{said}");
}

#[test]
fn a_captures_folder_that_is_a_file_is_refused() {
    let home = tempdir().expect("a folder");
    fs::write(home.path().join("captures"), "in the way").expect("written");
    let said = refusal(home.path(), &["record", "--headless", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("captures"), "{said}");
}

#[test]
fn a_tape_that_is_not_there_is_said_with_what_helps() {
    let home = tempdir().expect("a folder");
    for words in [&["list", "--tape"][..], &["serve"]] {
        let said = refusal(home.path(), &[words, &["nosuch.tape.jsonl"]].concat());
        assert!(said.contains("nosuch.tape.jsonl"), "{said}");
        assert!(said.contains("hint: a path begins at the current folder"), "{said}");
    }
}

/// A newer store is refused by its version and left as it is, also where its catalog would have to
/// be rebuilt.
#[test]
fn a_newer_store_is_refused_by_name_and_left_alone() {
    /// Where a segment's header has the format's version, and the records' (`store::segments`).
    const FORMAT: usize = 8;
    const CODEC: usize = 10;
    let home = tempdir().expect("a folder");
    one_session(home.path());
    let segment = segments(home.path()).pop().expect("a segment");
    let good = fs::read(&segment).expect("readable");
    for place in [FORMAT, CODEC] {
        let mut newer = good.clone();
        newer[place] += 1;
        fs::write(&segment, &newer).expect("written");
        let version = newer[place].to_string();
        let record = ["record", "--headless", "--listen", "127.0.0.1:0"];
        for words in [&["list"][..], &record, &["list", "--json"]] {
            let said = refusal(home.path(), words);
            assert!(said.contains(&format!("version {version}")), "{words:?}: {said}");
        }
        assert_eq!(fs::read(&segment).expect("readable"), newer, "it was written to");
    }
    fs::write(&segment, &good).expect("written");
    assert_eq!(sessions(home.path()).len(), 1);
}

/// Noise after the last whole entry, as a crash leaves it: cut off, said, and nothing else missing.
#[test]
fn a_torn_tail_is_cut_and_said() {
    let home = tempdir().expect("a folder");
    one_session(home.path());
    let before = lines(home.path(), &["show", "@last", "--as-of", "2040-01-01T00:00:00Z"]);
    let segment = segments(home.path()).pop().expect("a segment");
    let whole = fs::read(&segment).expect("readable");
    let torn = [&whole[..], &[200, 0, 0, 0, 1, 2, 3, 4, 5]].concat();
    fs::write(&segment, torn).expect("written");
    let output = run(home.path(), &["run", "--", "true"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("9 bytes of an unfinished entry"), "{said}");
    let after = lines(home.path(), &["show", "@last", "--as-of", "2040-01-01T00:00:00Z"]);
    assert_eq!(after, before);
    // Said once: the next start finds a good end.
    let output = run(home.path(), &["run", "--", "true"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("unfinished"), "{said}");
}

/// The text on stderr of a start that is refused with exit 2 and a hint.
fn refusal(home: &Path, words: &[&str]) -> String {
    let output = wiretape(home, words).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
    assert!(said.contains("hint: "), "{words:?}: {said}");
    assert!(output.stdout.is_empty(), "{words:?}");
    said
}

fn one_session(home: &Path) {
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let recorder = Recorder::start(home, &[]);
    let mut client = Wire::to(recorder.proxy());
    let ask = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    client.post(&origin.authority(), "/mcp", "Mcp-Session-Id: one\r\n", ask);
    client.answer();
    drop(client);
    recorder.stop();
}

/// The files of the journal, in order.
fn segments(home: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(home.join("captures")).expect("it is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}
