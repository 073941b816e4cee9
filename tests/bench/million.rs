//! A store of a million messages, for benches: made by importing through the library.

#![allow(dead_code, unreachable_pub, reason = "each bench takes what it needs")]

use std::{
    env,
    path::Path,
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
pub const AT_ONCE: u64 = 10;

/// 2026-11-20T10:00:00Z.
const START: u64 = 1_795_168_800_000_000_000;

/// Between two exchanges: a bit more than two hours for all of them.
const STEP: u64 = 15_000_000;

/// How large the store is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Two messages each.
    pub exchanges: u64,
    /// Which share them.
    pub sessions: u64,
}

impl Size {
    /// As the environment says: `FIND_EXCHANGES`, `FIND_SESSIONS`.
    pub fn asked(prefix: &str) -> Self {
        let count = |what: &str| env::var(format!("{prefix}_{what}")).ok()?.parse::<u64>().ok();
        Self {
            exchanges: count("EXCHANGES").unwrap_or(EXCHANGES),
            sessions: count("SESSIONS").unwrap_or(1_000),
        }
    }
}

/// Makes a store; how long that took.
pub fn make(home: &Path, size: Size) -> Duration {
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
    begun.elapsed()
}

/// The first exchange of the block of sessions in which the `n`th is.
pub fn first_of(n: u64, size: Size) -> u64 {
    let block = (size.exchanges / size.sessions * AT_ONCE).min(size.exchanges);
    n / block * block
}

/// Ids as the recorder makes them: milliseconds first.
pub fn id(n: u64) -> ExchangeId {
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
