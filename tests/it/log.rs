//! What wiretape says of its own doings where `RUST_LOG` asks for it, and what it never says.
//! With a screen: check 20 in `tui::hygiene`.

use std::{
    fs::{self, File},
    net::TcpListener,
    process::Stdio,
};

use tempfile::tempdir;

use crate::support::{
    origin::{Origin, Wire, json, read_head},
    wiretape::{Recorder, file, wiretape},
};

const RECORD: [&str; 6] = ["record", "--headless", "--json", "--quiet", "--listen", "127.0.0.1:0"];

/// Each has a place of its own in the traffic.
const SECRETS: [&str; 6] =
    ["sk-authorization", "sid-cookie", "query-key", "body-key", "user-info", "set-cookie-value"];

/// An answer, a broken one, no upstream at all, what is no HTTP; and CONNECT to no upstream, to no TLS,
/// and to what is neither.
fn traffic(recorder: &Recorder) {
    let origin = Origin::serve(|request, out| {
        if request.line().contains("/broken") {
            let _ =
                std::io::Write::write_all(out, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
            return false;
        }
        let answer = json("{\"key\":\"body-key\"}", "Set-Cookie: s=set-cookie-value\r\n");
        std::io::Write::write_all(out, answer.as_bytes()).is_ok()
    });
    // Free again at the end of the line.
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let nobody = nobody.expect("a port").to_string();
    let headers = "Authorization: Bearer sk-authorization\r\nCookie: sid=sid-cookie\r\n";
    let there = origin.authority();
    let mut wire = Wire::to(recorder.proxy());
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"k":"body-key"}}"#;
    wire.post(&there, "/mcp?api_key=query-key", headers, body);
    assert!(wire.answer().0.starts_with("HTTP/1.1 200"));
    for (authority, path) in [(&nobody, "/mcp?api_key=query-key"), (&there, "/broken?k=query-key")]
    {
        let mut wire = Wire::to(recorder.proxy());
        wire.post(&format!("user:user-info@{authority}"), path, headers, body);
        // Of a broken answer the head may be lost with the rest.
        let _ = read_head(&mut wire.reader);
    }
    let mut wire = Wire::to(recorder.proxy());
    wire.send(format!("CONNECT {nobody} HTTP/1.1\r\nHost: {nobody}\r\n{headers}\r\n"));
    assert!(wire.head().starts_with("HTTP/1.1 502"));
    for words in ["\x16\x03\x01\0\x05hello", "speak, body-key\r\n\r\n"] {
        let mut wire = Wire::to(recorder.proxy());
        wire.send(format!("CONNECT {there} HTTP/1.1\r\nHost: {there}\r\n{headers}\r\n"));
        assert!(wire.head().starts_with("HTTP/1.1 200"));
        wire.send(words);
        // The tunnel's end answers; who fails a handshake hears nothing.
        let _ = read_head(&mut wire.reader);
    }
    let mut wire = Wire::to(recorder.proxy());
    wire.send(format!("GET \x1b[2J\u{202e} sk-authorization HTTP/9\r\n{headers}\r\n"));
    // An answer, or none.
    let _ = read_head(&mut wire.reader);
}

#[test]
fn it_tells_of_connections_and_of_no_secret() {
    let home = tempdir().expect("a folder");
    for (level, has_trace) in [("debug", false), ("trace", true)] {
        let log = file(home.path(), level);
        let mut command = wiretape(home.path(), &RECORD);
        command.env("RUST_LOG", level).stderr(File::create(&log).expect("a file"));
        let recorder = Recorder::of(command);
        traffic(&recorder);
        recorder.stop();
        let told = fs::read_to_string(log).expect("UTF-8");
        for event in [
            "DEBUG wiretape::recorder::lock: home taken",
            "wiretape::recorder::recorder: store opened",
            "wiretape::proxy::listener: connection accepted client=127.0.0.1:",
            "wiretape::proxy::link: upstream connected",
            "wiretape::proxy::refusal: upstream not reached host=",
            "wiretape::proxy::failures: TLS handshake failed side=Client host=",
            "wiretape::proxy::connect: tunnelled client=127.0.0.1:",
            "wiretape::proxy::ending: exchange broken off",
            "wiretape::proxy::socket: connection ended client=",
            "home let go",
        ] {
            assert!(told.contains(event), "{event}\n{told}");
        }
        assert_eq!(told.contains("TRACE wiretape::proxy::ending: exchange completed"), has_trace);
        for secret in SECRETS {
            assert!(!told.contains(secret), "{secret}\n{told}");
        }
        assert!(!told.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{told}");
        let is_own = |line: &str| line.contains(" wiretape::");
        assert!(told.lines().all(is_own), "a library's own words\n{told}");
    }
}

#[test]
fn a_stderr_that_nobody_reads_holds_no_traffic_up() {
    let home = tempdir().expect("a folder");
    let mut command = wiretape(home.path(), &RECORD);
    command.env("RUST_LOG", "trace").stderr(Stdio::piped());
    let recorder = Recorder::of(command);
    let origin =
        Origin::serve(|_, out| std::io::Write::write_all(out, json("{}", "").as_bytes()).is_ok());
    // A pipe takes 64 KiB.
    for _ in 0..400 {
        let mut wire = Wire::to(recorder.proxy());
        wire.post(&origin.authority(), "/", "", "{}");
        assert!(wire.answer().0.starts_with("HTTP/1.1 200"));
    }
    recorder.stop();
}

#[test]
fn what_it_does_not_understand_it_says() {
    let home = tempdir().expect("a folder");
    let mut list = wiretape(home.path(), &["list"]);
    let output = list.env("RUST_LOG", "wiretape=loud").output().expect("it starts");
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{told}");
    assert!(told.contains("warning: RUST_LOG: ") && told.contains("hint: "), "{told}");
}
