//! `find` on a store of a million messages: how long its first hits take, by real processes.
//!
//! `cargo bench --bench find`. It makes the store by importing through the library, in a folder that
//! `FIND_HOME` names (and is kept there, to be measured again), else in a temporary one; `FIND_SESSIONS`
//! says how many sessions share the messages, `FIND_EXCHANGES` how many exchanges there are,
//! `FIND_ONLY` which of the queries are measured: those whose names contain it.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use bytes::Bytes;
use wiretape::{
    capture::{
        End, ExchangeId, Fact, Head, Headers, Mode, Open, Outcome, Record, Side, Timestamp, Timing,
    },
    recorder::{Recorder, RecorderSettings},
};

/// How many exchanges there are where nothing else is said: two messages each.
const EXCHANGES: u64 = 500_000;

/// Sessions that run at one time.
const AT_ONCE: u64 = 10;

/// 2026-11-20T10:00:00Z.
const START: u64 = 1_795_168_800_000_000_000;

/// Between two exchanges: a bit more than two hours for all of them.
const STEP: u64 = 15_000_000;

/// Runs of one query; the middle one counts.
const RUNS: usize = 9;

/// How large the store is.
#[derive(Clone, Copy)]
struct Size {
    exchanges: u64,
    sessions: u64,
}

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let count = |name: &str| env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let size = Size {
        exchanges: count("FIND_EXCHANGES").unwrap_or(EXCHANGES),
        sessions: count("FIND_SESSIONS").unwrap_or(1_000),
    };
    let only = env::var("FIND_ONLY").unwrap_or_default();
    let kept = env::var_os("FIND_HOME").map(PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder");
    let home = kept.unwrap_or_else(|| folder.path().to_owned());
    if !home.join("captures").exists() {
        make(&home, size);
    }
    let middle = size.exchanges / 2;
    let some = id(middle % AT_ONCE + first_of(middle, size)).to_string();
    let queries = [
        ("method, common", "method:tools/call", "100"),
        ("method, rare", "method:prompts/get", "100"),
        ("tool, one of fifty", "tool:tool-7", "100"),
        ("tool, one in a thousand", "tool:rare", "100"),
        ("tool, there is none", "tool:none", "100"),
        ("status:error", "status:error", "100"),
        ("tool and status", "tool:tool-7 status:error", "100"),
        ("session by its id on the wire", "session:s-500", "100"),
        ("session by its id", &format!("session:{some}"), "100"),
        ("http:503", "http:503", "100"),
        ("free text, in every body", "\"needle\"", "100"),
        ("free text, first hit of a rare one", "\"needle-in-250000\"", "1"),
    ];
    for (what, query, limit) in queries.into_iter().filter(|(what, ..)| what.contains(&only)) {
        let mut times: Vec<(Duration, usize)> =
            (0..RUNS).map(|_| find(&home, query, limit)).collect();
        times.sort_unstable();
        let (first, middle, last) = (times[0], times[RUNS / 2], times[RUNS - 1]);
        print(&format!(
            "{what:36} {:>8.1} ms  ({:.1} to {:.1}, {} lines)",
            ms(middle.0),
            ms(first.0),
            ms(last.0),
            middle.1
        ));
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[expect(clippy::print_stdout, reason = "it is what the bench is for")]
fn print(line: &str) {
    println!("{line}");
}

/// A cold find: process, opening of the store, and all.
fn find(home: &Path, query: &str, limit: &str) -> (Duration, usize) {
    let binary = env::var_os("FIND_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_wiretape")), PathBuf::from);
    let begun = Instant::now();
    let output = Command::new(binary)
        .args(["find", query, "--limit", limit, "--json", "--home"])
        .arg(home)
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let took = begun.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (took, output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count())
}

fn make(home: &Path, size: Size) {
    let begun = Instant::now();
    let captures = home.join("captures");
    std::fs::create_dir_all(&captures).expect("a folder");
    let (recorder, tap, _) =
        Recorder::open(&captures, RecorderSettings::default(), &mut |_, _| {}).expect("a store");
    let importer = recorder.importer();
    for n in 0..size.exchanges {
        importer.exchange(exchange(n, size)).expect("imported");
    }
    importer.sync().expect("a disk");
    drop(tap);
    recorder.close().expect("a disk");
    print(&format!("made in {:.1} s", begun.elapsed().as_secs_f64()));
}

/// The first exchange of the block of sessions in which the `n`th is.
fn first_of(n: u64, size: Size) -> u64 {
    let block = (size.exchanges / size.sessions * AT_ONCE).min(size.exchanges);
    n / block * block
}

/// Ids as the recorder makes them: milliseconds first.
fn id(n: u64) -> ExchangeId {
    let mut bytes = [0_u8; 16];
    let ms = ((START + n * STEP) / 1_000_000) << 16;
    bytes[..8].copy_from_slice(&ms.to_be_bytes());
    bytes[6] = 0x70;
    bytes[8] = 0x80;
    bytes[12..].copy_from_slice(&u32::try_from(n).expect("few").to_be_bytes());
    ExchangeId::from_bytes(bytes)
}

fn exchange(n: u64, size: Size) -> Vec<Record> {
    let at_once = AT_ONCE.min(size.sessions);
    let first = first_of(n, size);
    let session = first / (size.exchanges / size.sessions) + (n - first) % at_once;
    let place = (n - first) / at_once;
    let (request, answer, status) = said(n, place);
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let session = format!("s-{session}");
    let headers: Headers = [
        header("content-type", "application/json"),
        header("accept", "application/json, text/event-stream"),
        header("user-agent", "a client like many others/1.0"),
        header("mcp-session-id", &session),
        header("mcp-protocol-version", "2025-11-25"),
    ]
    .into_iter()
    .collect();
    let open = Open {
        client: "127.0.0.1:50000".to_owned(),
        pid: None,
        run: None,
        name: None,
        mode: Mode::Reverse,
        method: "POST".to_owned(),
        url: "http://127.0.0.1:3000/mcp".to_owned(),
        version: "HTTP/1.1".to_owned(),
        headers: headers.clone(),
    };
    let head = Head { status, reason: None, version: "HTTP/1.1".to_owned(), headers };
    let chunk = |side, text: String| Fact::Chunk { side, data: Bytes::from(text), cut: 0 };
    let body_end = |side| Fact::BodyEnd { side, trailers: Headers::default() };
    let end = End {
        outcome: Outcome::Completed,
        error: None,
        timing: Timing::default(),
        upstream: None,
        request_bytes: request.len() as u64,
        response_bytes: answer.len() as u64,
        hashes: Vec::new(),
    };
    let facts = [
        Fact::Open(Box::new(open)),
        chunk(Side::Request, request),
        body_end(Side::Request),
        Fact::Head(Box::new(head)),
        chunk(Side::Response, answer),
        body_end(Side::Response),
        Fact::End(Box::new(end)),
    ];
    let at = START + n * STEP;
    let record = |(number, fact): (u32, Fact)| Record {
        exchange: Some(id(n)),
        n: number,
        at: Timestamp(at + u64::from(number) * 1_000_000),
        fact,
    };
    (0_u32..).zip(facts).map(record).collect()
}

fn said(n: u64, place: u64) -> (String, String, u16) {
    let result = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":{place},"result":{result}}}"#);
    let ask = |method: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":{place},"method":"{method}","params":{params}}}"#)
    };
    if place == 0 {
        let params = r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}"#;
        let told = r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"bench","version":"1"}}"#;
        return (ask("initialize", params), result(told), 200);
    }
    if n % 5_000 == 77 {
        return (ask("prompts/get", r#"{"name":"greeting"}"#), result("{}"), 200);
    }
    let tool = if n % 1_000 == 13 { "rare".to_owned() } else { format!("tool-{}", n % 50) };
    let text = format!("needle-in-{n} {}", "hay ".repeat(40));
    let call = ask("tools/call", &format!(r#"{{"name":"{tool}","arguments":{{"q":"{n}"}}}}"#));
    let content = format!(r#""content":[{{"type":"text","text":"{text}"}}]"#);
    match n % 1_000 {
        257 | 757 => (call, result(&format!(r#"{{{content},"isError":true}}"#)), 200),
        500 => (call, String::from("down"), 503),
        _ => (call, result(&format!("{{{content}}}")), 200),
    }
}
