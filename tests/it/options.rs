//! Options of the whole recorder.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use tempfile::tempdir;

use crate::support::{
    origin::{Origin, PATIENCE, Wire, json},
    wiretape::{Recorder, lines, of, sessions, signal, wiretape},
};

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

#[test]
fn a_store_above_its_size_loses_the_sessions_of_before_and_says_so() {
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let home = tempdir().expect("a folder");
    // Each recorder begins a segment; what lies in the latest alone would stay.
    for path in ["/old", "/young"] {
        let recorder = Recorder::start(home.path(), &[]);
        let mut client = Wire::to(recorder.proxy());
        client.post(&origin.authority(), path, "", CALL);
        client.answer();
        drop(client);
        recorder.stop();
    }
    assert_eq!(sessions(home.path()).len(), 2);

    let arguments = ["record", "--headless", "--listen", "127.0.0.1:0", "--max-store", "100B"];
    let mut again = wiretape(home.path(), &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let said = BufReader::new(again.stderr.take().expect("piped"));
    let (sender, lines) = std::sync::mpsc::channel();
    let read = move || said.lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
    wiretape::tasks::thread("stderr", read).expect("a thread");
    let mut told = None;
    while let Ok(line) = lines.recv_timeout(PATIENCE) {
        if line.contains("--max-store") {
            told = Some(line);
            break;
        }
    }
    signal(again.id(), "TERM");
    again.wait().expect("it ends");
    let told = told.expect("it says what it deleted");
    assert!(told.contains("2 exchanges of the oldest sessions deleted"), "{told}");
    assert_eq!(sessions(home.path()).len(), 0);
}

#[test]
fn with_redaction_at_capture_no_file_of_the_home_holds_a_secret() {
    const SECRET: &str = "s3cr3t-of-nobody";
    let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"password":"{SECRET}"}}}}"#);
    let answer = json(&answer, &format!("Set-Cookie: a={SECRET}\r\n"));
    let origin = Origin::serve(move |_, out| out.write_all(answer.as_bytes()).is_ok());
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &["--redact-at-capture"]);
    let mut client = Wire::to(recorder.proxy());
    let header = format!("Authorization: Bearer {SECRET}\r\n");
    client.post(&origin.authority(), &format!("/mcp?token={SECRET}"), &header, CALL);
    let (head, body) = client.answer();
    let (head, body) = (head, String::from_utf8(body).expect("JSON"));
    assert!(head.contains(SECRET) && body.contains(SECRET), "the traffic is as it was");
    drop(client);
    recorder.stop();

    let session = sessions(home.path()).remove(0);
    let shown = lines(home.path(), &["show", &session, "--reveal"]);
    assert_eq!(of(&shown, "message").len(), 2, "{shown:#?}");
    let mut folders = vec![home.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).expect("a file");
                let holds = bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes());
                assert!(!holds, "{}", path.display());
            }
        }
    }
}
