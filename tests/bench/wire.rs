//! How fast the wire is read: `cargo bench --bench wire`.
//!
//! None of this runs on the way of the traffic; it is what a recorder's catalog, a reader of a
//! store and a live view do with each exchange (design.md, One SSE frame). Issue 3 demands framing
//! at 500 MB/s and framing with envelopes at 250 MB/s on one core.

use std::hint::black_box;

use bytes::Bytes;
use divan::{Bencher, counter::BytesCount};
use wiretape::{
    capture::{
        End, ExchangeId, Fact, Head, Headers, Mode, Open, Outcome, Record, Side, Timestamp, Timing,
    },
    protocol::{Message, Reader, Sse, Summary, envelopes},
};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A frame's cap, as for reading.
const CAP: usize = 16 << 20;

/// Chunks as hyper gives them at most; frames cross them.
const CHUNK: usize = 64 << 10;

/// The length of a stream.
const STREAM: usize = 8 << 20;

fn main() {
    divan::main();
}

/// Kinds of streams: progress notifications of 130 bytes, answers of 2 KB of structured content,
/// answers of 32 KB of text, and what a tool's run looks like: all of them.
const STREAMS: [&str; 4] = ["progress", "structured", "text", "mixed"];

#[divan::bench(args = STREAMS)]
fn framing(bencher: Bencher<'_, '_>, kind: &str) {
    let chunks = stream(kind);
    bencher.counter(BytesCount::new(STREAM)).bench_local(|| {
        let mut frames = 0_usize;
        each_frame(&chunks, |frame| {
            black_box(frame);
            frames += 1;
        });
        frames
    });
}

#[divan::bench(args = STREAMS)]
fn framing_and_envelopes(bencher: Bencher<'_, '_>, kind: &str) {
    let chunks = stream(kind);
    bencher.counter(BytesCount::new(STREAM)).bench_local(|| {
        let mut failures = 0_usize;
        each_frame(&chunks, |frame| {
            envelopes(&frame.data, |envelope| {
                let method = envelope.method();
                let name = method.as_deref().and_then(|method| envelope.subject(method));
                black_box((envelope.id, method, name, envelope.code()));
                failures += usize::from(envelope.is_tool_error());
            });
        });
        failures
    });
}

/// A stream as a recorder reads it: records to messages and summary, the dialects asked.
#[divan::bench(args = STREAMS)]
fn stream_read(bencher: Bencher<'_, '_>, kind: &str) {
    let mut records = small_exchange("text/event-stream", Bytes::new());
    let place = records.iter().position(|r| matches!(r.fact, Fact::Head(_))).expect("a head") + 1;
    let chunks = stream(kind).into_iter().map(|chunk| record(chunk_of(Side::Response, chunk)));
    records.splice(place.., chunks);
    bencher.counter(BytesCount::new(STREAM)).bench_local(|| read(&records));
}

/// A POST of `tools/call` with its JSON answer: what the catalog does with each exchange.
#[divan::bench]
fn small_exchange_read(bencher: Bencher<'_, '_>) {
    let answer = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"14 degrees"}],"isError":false}}"#;
    let records = small_exchange("application/json", Bytes::from_static(answer.as_bytes()));
    bencher.bench_local(|| read(&records));
}

fn each_frame(chunks: &[Bytes], mut each: impl FnMut(&wiretape::protocol::Frame)) {
    let (mut parser, mut frames) = (Sse::new(CAP), Vec::new());
    for chunk in chunks {
        parser.push(chunk, Timestamp(0), &mut frames);
        frames.drain(..).for_each(|frame| each(&frame));
    }
    parser.finish(Timestamp(0), &mut frames);
    frames.drain(..).for_each(|frame| each(&frame));
}

fn read(records: &[Record]) -> (Vec<Message>, Option<Summary>) {
    let mut reader = Reader::new();
    for record in records {
        reader.push(record);
    }
    (reader.take_messages(), reader.summary())
}

/// A stream of one kind in chunks.
fn stream(kind: &str) -> Vec<Bytes> {
    let mut body = String::with_capacity(STREAM + (64 << 10));
    for n in 0_u32.. {
        let answer = match kind {
            "progress" => progress(n),
            "structured" => structured(n),
            "text" => text(n),
            _ if n % 20 == 19 => text(n),
            _ if n % 2 == 1 => structured(n),
            _ => progress(n),
        };
        body.push_str("event: message\r\nid: ");
        body.push_str(&n.to_string());
        body.push_str("\r\ndata: ");
        body.push_str(&answer);
        body.push_str("\r\n\r\n");
        if body.len() >= STREAM {
            break;
        }
    }
    // The last frame is cut, as in a stream that goes on.
    let body = Bytes::from(body).slice(..STREAM);
    (0..STREAM).step_by(CHUNK).map(|at| body.slice(at..(at + CHUNK).min(STREAM))).collect()
}

fn progress(n: u32) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":"t","progress":{n},"total":9}}}}"#
    )
}

fn structured(n: u32) -> String {
    let row = r#"{"station":"EDDB","time":"2026-11-20T10:00:00Z","temperature":14.25,"wind":{"speed":7,"gusts":null,"from":220},"tags":["rain","\"light\""]}"#;
    let rows = vec![row; 14].join(",");
    format!(
        r#"{{"jsonrpc":"2.0","id":{n},"result":{{"structuredContent":{{"rows":[{rows}]}},"isError":false}}}}"#
    )
}

fn text(n: u32) -> String {
    let line = r"The station reports light rain and a westerly wind, \u00e4hnlich wie gestern.\n";
    let text = line.repeat(400);
    format!(
        r#"{{"jsonrpc":"2.0","id":{n},"result":{{"content":[{{"type":"text","text":"{text}"}}],"isError":true}}}}"#
    )
}

fn small_exchange(media: &str, answer: Bytes) -> Vec<Record> {
    let call = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"forecast","arguments":{"city":"Berlin","days":3},"_meta":{"progressToken":"p7"}}}"#;
    let request = [
        ("host", "mcp.example.com"),
        ("accept", "application/json, text/event-stream"),
        ("accept-encoding", "gzip, deflate, br"),
        ("authorization", "Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0ZXN0In0.c2ln"),
        ("content-type", "application/json"),
        ("content-length", "141"),
        ("mcp-protocol-version", "2025-11-25"),
        ("mcp-session-id", "0f9a1b1e-3c1d-4f2a-9a55-6f5d1c6a7b10"),
        ("user-agent", "node"),
        ("connection", "keep-alive"),
    ];
    let response = [
        ("content-type", media),
        ("date", "Fri, 20 Nov 2026 10:00:00 GMT"),
        ("mcp-session-id", "0f9a1b1e-3c1d-4f2a-9a55-6f5d1c6a7b10"),
        ("cache-control", "no-cache"),
        ("x-request-id", "9f0d"),
        ("connection", "keep-alive"),
    ];
    let open = Fact::Open(Box::new(Open {
        client: "127.0.0.1:51000".to_owned(),
        pid: None,
        run: Some("0193".to_owned()),
        name: None,
        mode: Mode::Reverse,
        method: "POST".to_owned(),
        url: "https://mcp.example.com/mcp".to_owned(),
        version: "HTTP/1.1".to_owned(),
        headers: Headers::from_iter(request),
    }));
    let head = Fact::Head(Box::new(Head {
        status: 200,
        reason: Some("OK".to_owned()),
        version: "HTTP/1.1".to_owned(),
        headers: response
            .into_iter()
            .map(|(name, value)| (name, Bytes::copy_from_slice(value.as_bytes())))
            .collect(),
    }));
    let body_end = |side| Fact::BodyEnd { side, trailers: Headers::default() };
    let end = Fact::End(Box::new(End {
        outcome: Outcome::Completed,
        error: None,
        timing: Timing::default(),
        upstream: Some("127.0.0.1:443".to_owned()),
        request_bytes: call.len() as u64,
        response_bytes: answer.len() as u64,
        hashes: Vec::new(),
    }));
    let facts = [
        open,
        chunk_of(Side::Request, Bytes::from_static(call.as_bytes())),
        body_end(Side::Request),
        head,
        chunk_of(Side::Response, answer),
        body_end(Side::Response),
        end,
    ];
    facts.into_iter().map(record).collect()
}

fn chunk_of(side: Side, data: Bytes) -> Fact {
    Fact::Chunk { side, data, cut: 0 }
}

fn record(fact: Fact) -> Record {
    let exchange = Some(ExchangeId::from_bytes([7; 16]));
    Record { exchange, n: 0, at: Timestamp(1_795_168_800_000_000_000), fact }
}
