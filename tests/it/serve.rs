//! `wiretape serve` as a process: every tape met by the client that is on it, and by clients that
//! ask for what is not on it.

mod walk;

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{
    stories::in_order,
    tapes,
    wiretape::{lines, of, signal, wiretape},
};

/// Done when 4 of issue 4, for every tape there is: whoever says again what the recorded client said
/// sees what it saw, and nobody speaks to the recorded server.
#[test]
fn each_tape_serves_the_client_that_is_on_it() {
    let (mut wrong, mut guarded) = (Vec::new(), 0);
    for tape in tapes::all() {
        let sentinel = sentinel(&tape);
        guarded += usize::from(sentinel.is_some());
        let name = tape.strip_prefix(tapes::captures()).expect("below").display().to_string();
        if let Err(why) = walk::walk(&tape) {
            wrong.push(format!("{name}: {why}"));
        }
        if let Some(sentinel) = sentinel {
            let came = sentinel.accept().map_err(|error| error.kind());
            assert_eq!(came.err(), Some(ErrorKind::WouldBlock), "{name}: somebody connected");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(guarded > 10, "the recorded addresses can be taken: {guarded}");
}

/// A listener on the recorded server's own address; none where somebody else has it.
fn sentinel(tape: &Path) -> Option<TcpListener> {
    let origin = in_order(tape).into_iter().find_map(|record| match record.fact {
        wiretape::capture::Fact::Open(open) => Some(open.url),
        _ => None,
    });
    let port = url::Url::parse(&origin?).ok()?.port()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).ok()?;
    listener.set_nonblocking(true).expect("it can");
    Some(listener)
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"hand","version":"1"}}}"#;

/// A call that is on the tape once.
const FAIL: &str =
    r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"fail","arguments":{}}}"#;

#[test]
fn by_hand_in_order_then_closed_and_ended_by_a_signal() {
    let mut served = Served::start(&["--json"]);
    let session = served.begin();
    let (status, body) = served.post(&session, FAIL);
    assert_eq!(status, 200);
    assert!(body.contains(r#""id":9"#) && body.contains("isError"), "{body}");
    let (status, body) = served.post(&session, FAIL);
    assert_eq!(status, 400);
    assert!(
        body.contains(r#""id":9"#) && body.contains("asked more often than on the tape"),
        "{body}"
    );
    let other = FAIL.replace("{}", r#"{"city":"Oslo"}"#);
    let (status, body) = served.post(&session, &other);
    assert_eq!(status, 400);
    assert!(body.contains("/params/arguments"), "{body}");
    assert_eq!(served.post("", FAIL).0, 400);
    assert_eq!(served.post("no-such-session", FAIL).0, 404);

    let (said, talk) = served.end();
    let outcomes: Vec<&str> = said.iter().filter_map(|line| line["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["matched", "matched", "missed", "missed", "refused", "refused"]);
    assert_eq!(said[0]["schema"], "wiretape/served/1");
    assert_eq!(said[1]["matched"]["message"], said[2]["nearest"]["message"]);
    assert_eq!((&said[1]["name"], &said[1]["rpc_id"]), (&"fail".into(), &9.into()));
    assert_eq!(said[3]["differences"][0]["path"], "/params/arguments");
    assert!(talk.contains("2 matched, 2 refused as recorded, 2 missed"), "{talk}");
}

/// Only whoever sent a secret is told it again (design.md, tenet 4).
#[test]
fn a_secret_that_is_sent_is_said_nowhere() {
    for options in [&["--json"][..], &[]] {
        let mut served = Served::start(options);
        let session = served.begin();
        let secret = FAIL.replace("{}", r#"{"password":"made-up-hunter2"}"#);
        let (status, body) = served.post(&session, &secret);
        assert_eq!(status, 400);
        assert!(body.contains("made-up-hunter2"), "{body}");
        let (said, talk) = served.end();
        let said = format!("{said:?}{talk}");
        assert!(said.contains("{{password:1}}") && !said.contains("made-up"), "{said}");
    }
}

/// faults.md 53: a page that points its own name at 127.0.0.1 still sends that name.
#[test]
fn a_page_from_elsewhere_is_refused() {
    let served = Served::start(&[]);
    let port = served.address.rsplit(':').next().expect("a port").to_owned();
    for (host, origin, expected) in [
        (format!("evil.example:{port}"), "http://localhost", 403),
        (format!("localhost:{port}"), "http://evil.example", 403),
        (format!("localhost:{port}"), "http://localhost:5173", 200),
    ] {
        let head = format!("Host: {host}\r\nOrigin: {origin}");
        assert_eq!(served.send(&head, INITIALIZE).0, expected, "{host} {origin}");
    }
}

#[test]
fn a_cut_breaks_the_connection_behind_its_frame() {
    let home = tempdir().expect("a folder");
    let rules = home.path().join("faults.toml");
    fs::write(&rules, "[[rule]]\nname = 'forecast'\ndo = 'cut'\nvalue = 1\n").expect("written");
    let mut served = Served::start(&["--faults", &rules.display().to_string()]);
    let session = served.begin();
    let tape = fs::read_to_string(hand_made()).expect("a tape");
    let call = tape.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let call =
        call.map(|line| line["json"].clone()).find(|json| json["params"]["name"] == "forecast");
    let (status, body) = served.post(&session, &call.expect("it is called").to_string());
    assert_eq!(status, 200);
    assert!(body.contains("\r\n: hello\n\n\r\n"), "{body:?}");
    assert!(!body.ends_with("0\r\n\r\n") && !body.contains("progress"), "{body:?}");
    assert!(served.end().1.contains("1 faulted"));
}

/// Another tape stands for the live server; what it says is recorded beside the first one.
#[test]
fn what_is_not_on_the_tape_is_passed_on_where_that_was_asked_for() {
    let upstream = Served::start(&[]);
    let folder = tempdir().expect("a folder");
    let tape = folder.path().join("session.tape.jsonl");
    fs::copy(hand_made(), &tape).expect("copied");
    let how = format!("record=http://{}/mcp", upstream.address);
    let mut served = Served::of(&tape, &["--on-miss", &how, "--json"]);
    let session = served.begin();
    assert_eq!(served.post(&session, FAIL).0, 200);
    let (status, body) = served.post(&session, FAIL);
    assert_eq!(status, 200, "the other server still has it: {body}");
    assert!(body.contains(r#""id":9"#), "{body}");
    let (said, talk) = served.end();
    assert_eq!(said.last().map(|line| &line["outcome"]), Some(&"forwarded".into()));
    assert!(talk.contains("2 matched, 0 missed, 1 forwarded"), "{talk}");
    assert!(upstream.end().1.contains("3 matched, 0 missed"));

    let beside = folder.path().join("session.missed.tape.jsonl");
    let told =
        lines(folder.path(), &["find", "tool:fail", "--tape", &beside.display().to_string()]);
    assert_eq!(of(&told, "message").len(), 2, "{told:#?}");
    let text = fs::read_to_string(beside).expect("a tape");
    assert!(text.contains("{{session:1}}"), "ids of sessions are replaced: {text}");
}

#[test]
fn what_cannot_be_served_is_said() {
    let home = tempdir().expect("a folder");
    let wrong = home.path().join("wrong");
    fs::write(&wrong, "[[rule]]\ndo = 'ignore'\n").expect("written");
    let (tape, wrong) = (hand_made().display().to_string(), wrong.display().to_string());
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    let cases: [(&[&str], i32, &str); 5] = [
        (&[&wrong], 2, "this is not a wiretape tape"),
        (&["/nowhere.tape.jsonl"], 2, "/nowhere.tape.jsonl"),
        (&[&tape, "--faults", &wrong], 2, "rule 1: it is no fault"),
        (&[&tape, "--listen", "nowhere"], 2, "expected PORT or ADDRESS:PORT"),
        (&[&tape, "--on-miss", "forward=ftp://a"], 2, "is no http or https URL"),
    ];
    let busy: (&[&str], i32, &str) = (&[&tape, "--listen", &taken], 3, "cannot listen on");
    let _holds = TcpListener::bind(&taken);
    for (arguments, code, text) in cases.into_iter().chain([busy]) {
        let output = wiretape(home.path(), &[&["serve"], arguments].concat()).output();
        let output = output.expect("it starts");
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {talk}");
        assert!(talk.contains(text), "{arguments:?}: {talk}");
    }
}

fn hand_made() -> PathBuf {
    tapes::captures().join("2025-11-25/hand-made.tape.jsonl")
}

/// `wiretape serve`, and requests to it by hand.
struct Served {
    process: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
    _home: tempfile::TempDir,
}

impl Served {
    fn start(options: &[&str]) -> Self {
        Self::of(&hand_made(), options)
    }

    fn of(tape: &Path, options: &[&str]) -> Self {
        let home = tempdir().expect("a folder");
        let tape = tape.display().to_string();
        let mut command = wiretape(home.path(), &[&["serve", &tape][..], options].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        let address = if options.contains(&"--json") {
            stdout.read_line(&mut line).expect("it speaks");
            let listening: Value = serde_json::from_str(&line).expect("JSON");
            listening["targets"][0]["url"].as_str().expect("a URL").to_owned()
        } else {
            let mut talk = BufReader::new(process.stderr.take().expect("piped"));
            while !line.contains("client  ") {
                line.clear();
                assert!(talk.read_line(&mut line).expect("it speaks") > 0, "it ended");
            }
            process.stderr = Some(talk.into_inner());
            line.trim().trim_start_matches("client  ").trim_end_matches("/mcp").to_owned()
        };
        let address = address.trim_start_matches("http://").to_owned();
        Self { process, stdout, address, _home: home }
    }

    /// Sends a POST by itself; gives the status and all that follows the head, chunk sizes included.
    fn send(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let length = body.len();
        let text = format!(
            "POST /mcp HTTP/1.1\r\n{head}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(text.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer in time");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_default(), answer)
    }

    fn post(&self, session: &str, body: &str) -> (u16, String) {
        let host = format!("Host: {}", self.address);
        let head = format!("{host}\r\nMcp-Session-Id: {session}");
        self.send(if session.is_empty() { &host } else { &head }, body)
    }

    /// A session of its own.
    fn begin(&mut self) -> String {
        let (status, answer) = self.post("", INITIALIZE);
        assert_eq!(status, 200, "{answer}");
        let id = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("mcp-session-id").then(|| value.trim().to_owned())
        });
        id.expect("an id")
    }

    /// Ends it by Ctrl-C: what it printed of each request, and what it said at last.
    fn end(mut self) -> (Vec<Value>, String) {
        signal(self.process.id(), "INT");
        let (mut said, mut talk) = (String::new(), String::new());
        self.stdout.read_to_string(&mut said).expect("UTF-8");
        let mut stderr = self.process.stderr.take().expect("piped");
        stderr.read_to_string(&mut talk).expect("UTF-8");
        assert!(self.process.wait().expect("it ends").success());
        let said = said.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        (said.collect(), talk)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Ended already where the test did.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
