//! The forms of an export, and recordings of other tools, by the program itself.

use std::{
    fs::File,
    io::{BufRead, BufReader, Cursor, Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tempfile::tempdir;
use wiretape::{
    capture::{
        End, ExchangeId, Fact, Headers, Mode, Open, Outcome, Record, Side, Timestamp, Timing,
    },
    store::tape::{Spool, TapeHeader},
    tasks,
};

use crate::support::{
    origin::{PATIENCE, header},
    wiretape::{file, lines, of, run, sessions, wiretape},
};

/// What a request carries.
struct Sent {
    path: String,
    headers: Vec<(&'static str, Bytes)>,
    body: Bytes,
}

/// A tape of these requests to an origin.
fn tape(home: &Path, origin: &str, requests: &[Sent]) -> PathBuf {
    let mut spool = Spool::new(Cursor::new(Vec::new()));
    for (number, sent) in (1_u8..).zip(requests) {
        let open = Open {
            client: "127.0.0.1:50000".to_owned(),
            pid: None,
            run: None,
            name: None,
            mode: Mode::Reverse,
            method: "POST".to_owned(),
            url: format!("{origin}{}", sent.path),
            version: "HTTP/1.1".to_owned(),
            headers: sent.headers.iter().cloned().collect::<Headers>(),
        };
        let end = End {
            outcome: Outcome::Completed,
            error: None,
            timing: Timing::default(),
            upstream: None,
            request_bytes: sent.body.len() as u64,
            response_bytes: 0,
            hashes: Vec::new(),
        };
        let facts = [
            Fact::Open(Box::new(open)),
            Fact::Chunk { side: Side::Request, data: sent.body.clone(), cut: 0 },
            Fact::BodyEnd { side: Side::Request, trailers: Headers::default() },
            Fact::End(Box::new(end)),
        ];
        let exchange = Some(ExchangeId::from_bytes([number; 16]));
        for (n, fact) in (0_u32..).zip(facts) {
            let at =
                Timestamp(1_795_168_800_000_000_000 + u64::from(number) * 1_000 + u64::from(n));
            spool.push(Record { exchange, n, at, fact }).expect("memory");
        }
    }
    let path = file(home, "made.tape.jsonl");
    let out = File::create(&path).expect("a file");
    spool.finish(TapeHeader::new(Timestamp(0), "test", Vec::new()), out).expect("written");
    path
}

/// Bodies and headers that a shell, curl or a terminal could take for something else.
fn nasty() -> Vec<Sent> {
    let json = ("content-type", Bytes::from("application/json"));
    let mut bodies: Vec<Bytes> = [
        "plain",
        "@/etc/passwd",
        "-d x",
        "it's \"quoted\" $(touch /tmp/no) `id` ${HOME} \\ ! #",
        "\n\nline ends\r\nof both kinds\n",
        "%s %d %% \\n \\0 \\x41",
        "{{authorization:1}} é ü \u{202e}turned\u{202c} \u{1b}[31mred",
        "'",
        "\t",
    ]
    .map(Bytes::from)
    .into();
    bodies.push((0..=255).collect::<Vec<u8>>().into());
    bodies.push(Bytes::from_static(b"\0\0\x001\x002'\x007"));
    bodies.push(Bytes::from_static(b"-\0-"));
    // Longer than an argument may be.
    bodies.push("x'\n".repeat(80_000).into());
    bodies.push(b"\xff\0'\\%-1".repeat(30_000).into());
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for length in [1_usize, 7, 100, 1_000] {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                u8::try_from(random & 0xff).expect("a byte")
            })
            .collect();
        bodies.push(bytes.into());
    }
    let mut all: Vec<Sent> = bodies
        .into_iter()
        .map(|body| Sent { path: "/mcp".to_owned(), headers: vec![json.clone()], body })
        .collect();
    all.push(Sent {
        path: "/a/../[b]{c}?q={{session:1}}&x='y'".to_owned(),
        headers: vec![
            json,
            ("X-Quoted", Bytes::from("it's $(id) `id` \"x\" \\")),
            ("X-Latin", Bytes::from_static(b"caf\xe9 \x01")),
            ("X-Empty", Bytes::new()),
            ("X-Twice", Bytes::from("1")),
            ("X-Twice", Bytes::from("2")),
        ],
        body: Bytes::from("{}"),
    });
    all
}

/// A server that keeps heads and bodies as bytes and answers 202 to all of them; its URL.
fn peer(keep: impl Fn(Vec<u8>, Vec<u8>) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let serve = move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
            let mut reader = BufReader::new(stream);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                if reader.read_until(b'\n', &mut head).expect("a head") == 0 {
                    break;
                }
            }
            let text = String::from_utf8_lossy(&head);
            let length = header(&text, "content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            keep(head, body);
            let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            reader.get_mut().write_all(answer).expect("it takes bytes");
        }
    };
    tasks::thread("peer", serve).expect("a thread");
    format!("http://{addr}")
}

#[test]
fn the_script_sends_the_recorded_bytes_under_sh_and_bash() {
    let home = tempdir().expect("a folder");
    let got = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&got);
    let origin = peer(move |head, body| {
        log.lock().unwrap_or_else(PoisonError::into_inner).push((head, body));
    });
    let requests = nasty();
    let made = tape(home.path(), &origin, &requests);
    let script = file(home.path(), "requests.sh");
    let (made, script) = (made.to_str().expect("a path"), script.to_str().expect("a path"));
    run(home.path(), &["export", made, "--reveal", "-o", script]);
    let text = std::fs::read(script).expect("written");
    let is_safe = |byte: &u8| matches!(byte, b'\n' | b' '..=b'~' | 0x80..);
    assert!(
        text.iter().all(is_safe) && std::str::from_utf8(&text).is_ok(),
        "nothing for a terminal"
    );
    assert!(!String::from_utf8_lossy(&text).contains('\u{202e}'));
    for shell in ["sh", "bash"] {
        let mut command = Command::new(shell);
        command.arg(script).current_dir(home.path()).stdin(Stdio::null());
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(name);
        }
        let output = command.output().expect("a shell");
        assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
        let got = std::mem::take(&mut *got.lock().unwrap_or_else(PoisonError::into_inner));
        assert_eq!(got.len(), requests.len(), "{shell}");
        for ((head, body), sent) in got.iter().zip(&requests) {
            assert!(*body == sent.body, "{shell}: {:?}", sent.body.get(..40).unwrap_or(&sent.body));
            let line = format!("POST {} HTTP/1.1\r\n", sent.path);
            assert!(head.starts_with(line.as_bytes()), "{}", String::from_utf8_lossy(head));
            let mut expected = Vec::new();
            for (name, value) in &sent.headers {
                let blank: &[u8] = if value.is_empty() { b":" } else { b": " };
                expected.extend([name.as_bytes(), blank, value, b"\r\n"].concat());
            }
            let fits = head.windows(expected.len()).any(|part| part == expected);
            assert!(fits, "{shell}: {}", String::from_utf8_lossy(head));
            let text = String::from_utf8_lossy(head);
            for own in ["Accept", "User-Agent", "Expect"] {
                assert_eq!(header(&text, own), None, "{shell}: curl's own {own}");
            }
        }
    }
}

#[test]
fn no_form_has_the_secret_that_the_tape_has_not() {
    const SECRET: &str = "s3cr3t-t0ken-0123456789";
    let home = tempdir().expect("a folder");
    let body = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"t\",\"arguments\":\
         {{\"password\":\"{SECRET}\"}}}}}}"
    );
    let requests = [Sent {
        path: format!("/mcp?api_key={SECRET}"),
        headers: vec![
            ("authorization", Bytes::from(format!("Bearer {SECRET}"))),
            ("cookie", Bytes::from(format!("sid={SECRET}"))),
            ("content-type", Bytes::from("application/json")),
        ],
        body: body.into(),
    }];
    let made = tape(home.path(), "http://127.0.0.1:1", &requests);
    let made = made.to_str().expect("a path");
    for (format, expected) in [
        ("tape", "\"format\":\"wiretape\""),
        ("har", "\"queryString\":[{\"name\":\"api_key\",\"value\":\"{{api_key:1}}\"}]"),
        ("curl", "'authorization: Bearer {{api_key:1}}'"),
        ("json", "\"schema\":\"wiretape/message/1\""),
        ("html", "{{api_key:1}}"),
        ("mermaid", "sequenceDiagram"),
    ] {
        let output = run(home.path(), &["export", made, "--format", format, "-o", "-"]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(text.contains(expected), "{format}: {text}");
        assert!(!text.contains(SECRET), "{format}: {text}");
    }
}

#[test]
fn a_foreign_recording_is_imported_once_and_says_what_it_lacks() {
    let home = tempdir().expect("a folder");
    let foreign = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign");
    let files: Vec<String> = [
        "mcpsnoop-http.jsonl",
        "mcpsnoop-stdio.jsonl",
        "mcp-cassette-1.jsonl",
        "mcp-cassette-2.jsonl",
        "mcp-recorder-0.5.0.json",
        "mitmproxy-11.0.2.har",
    ]
    .iter()
    .map(|name| format!("{foreign}/{name}"))
    .collect();
    let words = [vec!["import".to_owned()], files].concat();
    let first = run(home.path(), &words);
    let said = String::from_utf8_lossy(&first.stderr);
    assert!(said.contains("mcp-recorder: it keeps one answer"), "{said}");
    let before = sessions(home.path());
    assert!(before.len() >= 6, "{before:?}");
    let again = run(home.path(), &words);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.contains("imported 0 exchanges"), "{said}");
    assert_eq!(sessions(home.path()), before);

    let found = lines(home.path(), &["find", "session:* method:initialize kind:request"]);
    assert!(of(&found, "message").len() >= 4, "{found:#?}");
    let one = of(&found, "message")[0];
    let session = one["session"].as_str().expect("an id");
    let shown = run(home.path(), &["show", &format!("{session}/1")]);
    let shown = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.contains("note: imported from "), "{shown}");
}

#[test]
fn nothing_is_imported_where_one_file_is_refused() {
    let home = tempdir().expect("a folder");
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/mcpsnoop-http.jsonl");
    let bad = file(home.path(), "bad.har");
    std::fs::write(&bad, "{\"log\":{\"version\":\"1.2\",\"entries\":[{\"request\":1}]}}")
        .expect("written");
    let bad = bad.to_str().expect("a path");
    let refused = wiretape(home.path(), &["import", good, bad]).output().expect("it runs");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("bad.har") && said.contains("line 1, column"), "{said}");
    assert_eq!(sessions(home.path()), Vec::<String>::new());
}

#[test]
fn an_archive_of_ours_changes_nothing_where_its_exchanges_are() {
    let home = tempdir().expect("a folder");
    let tape = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/2025-11-25/python-rich.tape.jsonl");
    let har = file(home.path(), "rich.har");
    let har = har.to_str().expect("a path");
    run(home.path(), &["export", tape, "-o", har]);
    run(home.path(), &["import", tape]);
    let again = run(home.path(), &["import", har]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains("imported 0 exchanges; 18 were there already"), "{said}");

    let other = tempdir().expect("a folder");
    run(other.path(), &["import", har]);
    let messages = |home: &Path| -> Vec<String> {
        let id = &sessions(home)[0];
        let shown = lines(home, &["show", id, "--reveal"]);
        let plain = |message: &&serde_json::Value| {
            let mut message = (*message).clone();
            // HAR rounds the times of what is no frame.
            for field in ["at", "latency_us"] {
                message.as_object_mut().expect("an object").remove(field);
            }
            message.to_string()
        };
        of(&shown, "message").iter().map(plain).collect()
    };
    assert_eq!(messages(other.path()), messages(home.path()));
}
