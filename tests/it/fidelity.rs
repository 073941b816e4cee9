//! What passed is what is kept: the bytes that an origin wrote, that a client read and that the
//! store gives are the same.

use std::{io::Write, sync::Mutex};

use tempfile::tempdir;

use crate::support::{
    origin::{Origin, STREAM, Wire, chunk, json},
    wiretape::{Recorder, lines, of, run, sessions},
};

/// Primers, comments, an empty frame, CRLF and LF, a frame cut in two, an unterminated tail.
const EVENTS: &[&str] = &[
    "id: 1\nretry: 1000\ndata: \n\n",
    ": keepalive\n\n",
    "event: message\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progress\":1}}\r\n\r\n",
    "\n",
    "data: {\"jsonrpc\":\"2.0\",",
    "\ndata: \"id\":7,\"result\":{\"content\":[],\"isError\":true}}\n\n",
    "data: cut",
];
const CALL: &str =
    r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search","arguments":{}}}"#;

#[test]
fn a_stream_is_kept_byte_for_byte_and_frame_for_frame() {
    let origin = Origin::serve(|_, out| {
        out.write_all(format!("{STREAM}Mcp-Session-Id: abc\r\n\r\n").as_bytes()).expect("written");
        for event in EVENTS {
            out.write_all(&chunk(event)).expect("written");
        }
        out.write_all(b"0\r\n\r\n").expect("written");
        true
    });
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let mut client = Wire::to(recorder.proxy());
    client.post(&origin.authority(), "/mcp?x=1", "X-Odd-CASE: 1\r\nx-odd-case: 2\r\n", CALL);
    assert!(client.head().starts_with("HTTP/1.1 200 OK\r\n"));
    let mut read = Vec::new();
    while let Some(piece) = client.chunk() {
        read.extend(piece);
    }
    let sent = EVENTS.concat();
    assert_eq!(String::from_utf8_lossy(&read), sent, "the client's bytes");
    drop(client);
    recorder.stop();

    let session = sessions(home.path()).remove(0);
    let shown = lines(home.path(), &["show", &session]);
    let exchange = of(&shown, "exchange")[0];
    assert_eq!(exchange["outcome"], "completed");
    assert_eq!(exchange["response"]["body_bytes"], sent.len());
    assert_eq!(exchange["request"]["body_bytes"], CALL.len());
    let names: Vec<_> =
        exchange["request"]["headers"].as_array().expect("headers").iter().map(|h| &h[0]).collect();
    assert!(
        names.contains(&&"X-Odd-CASE".into()) && names.contains(&&"x-odd-case".into()),
        "{names:?}"
    );

    let messages = of(&shown, "message");
    let methods: Vec<_> =
        messages.iter().map(|m| m["method"].as_str().expect("a method")).collect();
    assert_eq!(methods, ["tools/call", "notifications/progress", "tools/call"]);
    assert_eq!(messages[2]["is_error"], true);
    assert_eq!(messages[2]["answers"], messages[0]["id"]);
    assert_eq!(messages[2]["name"], "search");

    let place = format!("{session}/{}", exchange["id"].as_str().expect("an id"));
    assert_eq!(run(home.path(), &["show", &place, "--raw", "response"]).stdout, sent.as_bytes());
    assert_eq!(run(home.path(), &["show", &place, "--raw", "request"]).stdout, CALL.as_bytes());
    let frames = lines(home.path(), &["show", &place, "--frames", "--reveal"]);
    let frames = of(&frames, "frame");
    let raw: String = frames.iter().map(|f| f["raw"].as_str().expect("text")).collect();
    assert_eq!(raw, sent, "the frames joined");
    assert_eq!(frames.last().expect("frames")["complete"], false);
    assert_eq!(frames[1]["comments"][0], " keepalive", "a comment is all that follows its colon");
}

#[test]
fn http_that_is_no_mcp_is_forwarded_and_not_kept_unless_asked() {
    let origin = Origin::serve(|_, out| out.write_all(json("{\"a\":1}", "").as_bytes()).is_ok());
    for (options, kept) in [(&[][..], 0), (&["--all"][..], 1)] {
        let home = tempdir().expect("a folder");
        let recorder = Recorder::start(home.path(), options);
        let mut client = Wire::to(recorder.proxy());
        client.post(&origin.authority(), "/api", "", "{}");
        assert_eq!(client.answer().1, b"{\"a\":1}");
        drop(client);
        recorder.stop();
        assert_eq!(sessions(home.path()).len(), kept, "{options:?}");
        if kept == 0 {
            let notices = lines(home.path(), &["list", "--notices"]);
            assert!(notices.iter().any(|n| n["kind"] == "not-kept"), "{notices:#?}");
        }
    }
}

#[test]
fn what_came_before_the_first_sign_of_mcp_is_kept_too() {
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &[]);
    let origin = Origin::serve(|_, out| out.write_all(json("{}", "").as_bytes()).is_ok());
    let mut client = Wire::to(recorder.proxy());
    client.post(&origin.authority(), "/.well-known/x", "", "");
    client.answer();
    client.post(
        &origin.authority(),
        "/mcp",
        "",
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#,
    );
    client.answer();
    drop(client);
    recorder.stop();
    let exchanges: usize = sessions(home.path())
        .iter()
        .map(|session| of(&lines(home.path(), &["show", session]), "exchange").len())
        .sum();
    assert_eq!(exchanges, 2);
}

#[test]
fn a_reverse_port_sends_the_targets_host_and_refuses_a_rebound_one() {
    static HOSTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let origin = Origin::serve(|request, out| {
        let host = crate::support::origin::header(&request.head, "host").unwrap_or("").to_owned();
        HOSTS.lock().expect("whole").push(host);
        out.write_all(json("{}", "").as_bytes()).is_ok()
    });
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &["--target", &origin.url()]);
    let mut client = Wire::to(recorder.reverse());
    let own = recorder.reverse().to_string();
    client.send(format!("GET /mcp HTTP/1.1\r\nHost: {own}\r\n\r\n"));
    assert!(client.answer().0.starts_with("HTTP/1.1 200"));
    let mut foreign = Wire::to(recorder.reverse());
    foreign.send("GET /mcp HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert!(foreign.answer().0.starts_with("HTTP/1.1 403"));
    assert_eq!(*HOSTS.lock().expect("whole"), [origin.authority()]);
    drop((client, foreign));
    recorder.stop();
}

/// The cut body passes whole; what is kept is its beginning, and its true length and hash.
#[test]
fn a_body_beyond_the_limit_passes_whole_and_is_kept_in_part() {
    const HASH: &str = "bc9d580ae18748b2e1583eff72633a43d5564fb63b7e699b08380d1d4d385bcc";
    let body = "z".repeat(5000);
    let answer = json(&body, "Mcp-Session-Id: one\r\n");
    let origin = Origin::serve(move |_, out| out.write_all(answer.as_bytes()).is_ok());
    let home = tempdir().expect("a folder");
    let recorder = Recorder::start(home.path(), &["--max-body", "1000"]);
    let mut client = Wire::to(recorder.proxy());
    client.post(&origin.authority(), "/mcp", "Mcp-Session-Id: one\r\n", CALL);
    assert_eq!(client.answer().1, body.as_bytes());
    drop(client);
    recorder.stop();
    let shown = lines(home.path(), &["show", "@last"]);
    let exchange = of(&shown, "exchange")[0];
    let response = &exchange["response"];
    assert_eq!(exchange["outcome"], "completed");
    assert_eq!(response["body_bytes"], 5000);
    assert_eq!(response["kept_bytes"], 1000);
    assert_eq!(response["sha256"], HASH);
    assert_eq!(exchange["request"]["kept_bytes"], CALL.len());
    let place = format!("@last/{}", exchange["id"].as_str().expect("an id"));
    let raw = run(home.path(), &["show", &place, "--raw", "response"]).stdout;
    assert_eq!(raw, &body.as_bytes()[..1000]);
}
