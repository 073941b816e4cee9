use std::io::{Cursor, Read as _, Seek as _, SeekFrom, Write as _};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::{exchange::WAS_ENCODED, part::Part, *};
use crate::{
    capture::{
        End, ExchangeId, Fact, Head, Headers, Mode as Way, Open, Outcome, Record, Rewrite,
        RewriteWhere, Side, Timestamp, Timing,
    },
    cli::testing::Kept,
    protocol::{Sessions, read},
    recorder::{Source, TapeSource},
};

const TOKEN: &str = "s3cr3t-t0ken/0123";
const SESSION: &str = "f39aba069a8140";

/// One exchange on its way into a recording.
struct Script<'a> {
    url: &'a str,
    asked: &'a [(&'a str, &'a str)],
    request: &'a [&'a [u8]],
    answered: &'a [(&'a str, &'a str)],
    response: &'a [&'a [u8]],
}

impl Kept {
    fn with(mut self, script: &Script<'_>) -> Self {
        let number = u8::try_from(self.exchanges.len()).expect("few") + 1;
        let id = ExchangeId::from_bytes([
            1, 0x9f, 0, 0, 0, number, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number,
        ]);
        let headers = |pairs: &[(&str, &str)]| -> Headers {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect()
        };
        let chunk = |side| {
            move |data: &&[u8]| Fact::Chunk { side, data: Bytes::copy_from_slice(data), cut: 0 }
        };
        let length = |pieces: &[&[u8]]| pieces.iter().map(|piece| piece.len() as u64).sum();
        let ended = |side| Fact::BodyEnd { side, trailers: Headers::default() };
        let mut facts = vec![Fact::Open(Box::new(Open {
            client: "127.0.0.1:50000".to_owned(),
            pid: None,
            run: None,
            name: None,
            mode: Way::Reverse,
            method: "POST".to_owned(),
            url: script.url.to_owned(),
            version: "HTTP/1.1".to_owned(),
            headers: headers(script.asked),
        }))];
        facts.extend(script.request.iter().map(chunk(Side::Request)));
        facts.push(ended(Side::Request));
        facts.push(Fact::Head(Box::new(Head {
            status: 200,
            reason: Some("OK".to_owned()),
            version: "HTTP/1.1".to_owned(),
            headers: headers(script.answered),
        })));
        facts.extend(script.response.iter().map(chunk(Side::Response)));
        facts.push(ended(Side::Response));
        facts.push(Fact::End(Box::new(End {
            outcome: Outcome::Completed,
            error: None,
            timing: Timing::default(),
            upstream: None,
            request_bytes: length(script.request),
            response_bytes: length(script.response),
            hashes: Vec::new(),
        })));
        let start = 1_795_168_800_000_000_000 + u64::from(number) * 1_000_000_000;
        let records = (0_u32..).zip(facts).map(|(n, fact)| Record {
            exchange: Some(id),
            n,
            at: Timestamp(start + u64::from(n) * 1_000_000),
            fact,
        });
        self.exchanges.insert(id, records.collect());
        self
    }
}

const INITIALIZE: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;
const INITIALIZED: &[u8] = br#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}"#;

/// A session whose id is in the path, the header and a body, and a token that a tool echoes in an
/// event cut in the middle of it.
fn talk() -> Kept {
    let bearer = format!("Bearer {TOKEN}");
    let url = format!("https://h/{SESSION}/mcp?api_key={}", TOKEN.replace('/', "%2F"));
    let call = format!(
        r#"{{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{{"name":"t","arguments":{{"password":"{TOKEN}"}}}}}}"#
    );
    let echo = format!(
        "data: {{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{{\"content\":[{{\"type\":\"text\",\"text\":\"{TOKEN} of {SESSION}\"}}]}}}}\n\n"
    );
    let (first, second) = echo.as_bytes().split_at(echo.find("t0ken").expect("it is there"));
    let asked = [
        ("Authorization", bearer.as_str()),
        ("Mcp-Session-Id", SESSION),
        ("Content-Type", "application/json"),
    ];
    Kept::default()
        .with(&Script {
            url: &url,
            asked: &asked[..1],
            request: &[INITIALIZE],
            answered: &[("Content-Type", "application/json"), ("Mcp-Session-Id", SESSION)],
            response: &[INITIALIZED],
        })
        .with(&Script {
            url: &url,
            asked: &asked,
            request: &[call.as_bytes()],
            answered: &[
                ("Content-Type", "text/event-stream"),
                ("Set-Cookie", "sid=c00kie-value; Path=/"),
            ],
            response: &[b"id: 0\ndata: \n\n", first, second],
        })
}

fn export(source: impl Source + 'static, reveal: bool) -> (Vec<u8>, Exported) {
    export_beyond(source, reveal, Beyond::default())
}

fn export_beyond(
    source: impl Source + 'static,
    reveal: bool,
    beyond: Beyond,
) -> (Vec<u8>, Exported) {
    let mut part = Part::of(Box::new(source), None, true).expect("read");
    part.sessions = part.recording.sessions().expect("read").to_vec();
    let mut chosen = Chosen::new(vec![part], reveal, beyond).expect("read");
    let mut file = tempfile::tempfile().expect("a file");
    let exported = write(&mut chosen, &mut file).expect("written");
    if !reveal {
        look(&mut file, &chosen).expect("no secret is left");
        look_inside(&mut file, &mut chosen).expect("no secret is left");
    }
    let mut out = Vec::new();
    file.seek(SeekFrom::Start(0)).expect("a file");
    file.read_to_end(&mut out).expect("a file");
    (out, exported)
}

fn tape(bytes: &[u8]) -> TapeSource<Cursor<Vec<u8>>> {
    TapeSource::open(Cursor::new(bytes.to_vec())).expect("a tape")
}

/// What must be the same with and without secrets.
fn shape(mut source: impl Source) -> Vec<String> {
    let summaries = source.summaries().expect("read");
    let last = summaries.iter().map(|summary| summary.last_at).max().unwrap_or_default();
    let mut fold = Sessions::new();
    let mut shape = Vec::new();
    for summary in summaries {
        let records = source.records(summary.id).expect("read");
        let reading = read(&records).expect("an exchange");
        shape.extend(reading.messages.iter().map(|message| {
            format!(
                "{} {:?} {:?} {:?} {}",
                message.id(),
                message.kind,
                message.method,
                message.rpc_id,
                message.at
            )
        }));
        shape.extend(
            records
                .iter()
                .map(|record| format!("{:?} {} {}", record.exchange, record.n, record.at)),
        );
        fold.apply(summary);
    }
    for session in fold.list(last) {
        let exchanges = &session.exchanges;
        let counts = &session.counts;
        shape.push(format!(
            "{} {} {:?} {exchanges:?} {counts:?}",
            session.id, session.identified_by, session.state
        ));
    }
    shape
}

#[test]
fn a_redacted_tape_holds_no_secret_and_keeps_its_shape() {
    let (bytes, exported) = export(talk(), false);
    let text = String::from_utf8(bytes.clone()).expect("UTF-8");
    for secret in [TOKEN, SESSION, "s3cr3t", "t0ken", "c00kie", "%2F0123"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("https://h/{{session:1}}/mcp?api_key={{api_key:1}}"), "{text}");
    assert!(text.contains(" of {{session:1}}"), "{text}");
    assert_eq!((exported.sessions, exported.exchanges), (1, 2));
    assert_eq!(shape(tape(&bytes)), shape(talk()));
}

#[test]
fn a_redacted_tape_looks_like_this() {
    let (bytes, _) = export(talk(), false);
    insta::assert_snapshot!(String::from_utf8(bytes).expect("UTF-8"));
}

#[test]
fn redacting_a_redacted_tape_changes_nothing() {
    let (once, _) = export(talk(), false);
    for reveal in [false, true] {
        let (twice, _) = export(tape(&once), reveal);
        assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "{reveal}");
    }
    assert_eq!(export(talk(), false).0, once, "exported again");
}

#[test]
fn a_new_secret_gets_no_placeholder_that_is_there_already() {
    let asked = |id| [("Mcp-Session-Id", id), ("Content-Type", "application/json")];
    let mut kept = Kept::default();
    for id in ["fresh-session-1", "{{session:1}}"] {
        kept = kept.with(&Script {
            url: "http://h/mcp",
            asked: &asked(id),
            request: &[INITIALIZE],
            answered: &[("Content-Type", "application/json")],
            response: &[INITIALIZED],
        });
    }
    let (bytes, exported) = export(kept, false);
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!(exported.sessions, 2);
    assert!(text.contains("\"{{session:1}}\"") && text.contains("\"{{session:2}}\""), "{text}");
}

#[test]
fn revealed_it_is_the_wire() {
    let (bytes, _) = export(talk(), true);
    let mut back = tape(&bytes);
    for (id, records) in talk().exchanges {
        assert_eq!(back.records(id).expect("read"), records);
    }
    let first = bytes.split(|byte| *byte == b'\n').next().expect("a line");
    assert!(String::from_utf8_lossy(first).contains("\"redactions\":[]"));
}

fn gzip(pieces: &[&str]) -> Vec<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut chunks = Vec::new();
    for piece in pieces {
        encoder.write_all(piece.as_bytes()).expect("memory");
        encoder.flush().expect("memory");
        chunks.push(std::mem::take(encoder.get_mut()));
    }
    let rest = encoder.finish().expect("memory");
    chunks.last_mut().expect("a piece").extend(rest);
    chunks
}

fn compressed(pieces: &[&str], coding: &str) -> Kept {
    let chunks = gzip(pieces);
    let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    Kept::default().with(&Script {
        url: "http://h/mcp",
        asked: &[],
        request: &[INITIALIZE],
        answered: &[("Content-Type", "text/event-stream"), ("Content-Encoding", coding)],
        response: &chunks,
    })
}

fn response(source: &mut impl Source) -> (Headers, Vec<Bytes>, u64, End) {
    let id = source.summaries().expect("read").first().expect("one").id;
    let (mut headers, mut chunks, mut left_out, mut ended) = (None, Vec::new(), 0, None);
    for record in source.records(id).expect("read") {
        match record.fact {
            Fact::Head(head) => headers = Some(head.headers),
            Fact::Chunk { side: Side::Response, data, cut } => {
                chunks.push(data);
                left_out += cut;
            }
            Fact::End(end) => ended = Some(*end),
            _ => {}
        }
    }
    (headers.expect("a head"), chunks, left_out, ended.expect("an end"))
}

#[test]
fn a_compressed_body_with_a_secret_is_kept_decoded_and_one_without_as_it_was() {
    let pieces = [
        "data: {\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":{\"sec",
        "ret\":\"s3cr3t-value\"}}\n\n",
    ];
    let mut wire = compressed(&pieces, "gzip");
    let (_, chunks, _, _) = response(&mut wire);
    let true_bytes: usize = chunks.iter().map(Bytes::len).sum();
    let (bytes, _) = export(wire.clone(), false);
    let (headers, plain, left_out, end) = response(&mut tape(&bytes));
    assert_eq!(headers.get("content-encoding"), None);
    assert_eq!(headers.text(WAS_ENCODED), Some("gzip"));
    assert_eq!(plain, [pieces[0], "ret\":\"{{secret:1}}\"}}\n\n"]);
    assert_eq!((end.response_bytes, left_out), (true_bytes as u64, 0));
    assert_eq!(end.hashes.len(), 1);
    assert_eq!(shape(tape(&bytes)), shape(wire));

    let wire = compressed(&["data: nothing\n\n"], "gzip");
    let (bytes, _) = export(wire.clone(), false);
    assert_eq!(response(&mut tape(&bytes)), response(&mut wire.clone()));
}

#[test]
fn a_body_that_cannot_be_decoded_is_length_and_hash() {
    for coding in ["exi", "br"] {
        let mut wire = compressed(&["s3cr3t-value"], coding);
        let (_, chunks, _, _) = response(&mut wire);
        let (bytes, _) = export(wire, false);
        let (_, left, left_out, end) = response(&mut tape(&bytes));
        assert_eq!(left, [Bytes::new()]);
        assert_eq!(left_out, chunks.concat().len() as u64);
        assert_eq!(end.hashes.len(), 1, "{coding}");
        let (twice, _) = export(tape(&bytes), false);
        assert_eq!(twice, bytes);
    }
}

#[test]
fn rewrites_notes_and_errors_are_redacted_too() {
    let mut kept = talk();
    for records in kept.exchanges.values_mut() {
        let Some(Record { exchange, at, .. }) = records.last().cloned() else { continue };
        if let Some(Record { fact: Fact::End(end), .. }) = records.last_mut() {
            end.error = Some(format!("{TOKEN} was refused"));
        }
        let place = RewriteWhere::Header("Location".to_owned());
        let old = format!("https://u:{TOKEN}@h/");
        let n = u32::try_from(records.len()).expect("few");
        let rewrite = Rewrite { place, offset: 0, old: old.clone(), new: old };
        let note = Fact::Note { text: format!("seen {SESSION}") };
        records.push(Record { exchange, n, at, fact: Fact::Rewrite(Box::new(rewrite)) });
        records.push(Record { exchange, n: n + 1, at, fact: note });
    }
    let (bytes, _) = export(kept, false);
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(!text.contains(TOKEN) && !text.contains(SESSION), "{text}");
}

/// The file that a redacted export would be, with another text in it.
fn looked_at(from: &str, to: &str) -> (anyhow::Result<()>, anyhow::Result<()>) {
    let mut part = Part::of(Box::new(talk()), None, true).expect("read");
    part.sessions = part.recording.sessions().expect("read").to_vec();
    let mut chosen = Chosen::new(vec![part], false, Beyond::default()).expect("read");
    let mut out = Vec::new();
    write(&mut chosen, &mut out).expect("written");
    let text = String::from_utf8(out).expect("UTF-8");
    assert!(text.contains(from), "{text}");
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(text.replacen(from, to, 1).as_bytes()).expect("a file");
    (look(&mut file, &chosen), look_inside(&mut file, &mut chosen))
}

#[test]
fn the_last_look_finds_what_is_left() {
    let (lines, inside) = looked_at("id: 0", "id: 0");
    assert!(lines.is_ok() && inside.is_ok(), "{lines:?} {inside:?}");
    let (lines, _) = looked_at("id: 0", &format!("id: 0\\n: {TOKEN}"));
    let said = lines.expect_err("a secret is left").to_string();
    assert!(said.contains("line ") && said.contains("hint:") && !said.contains("t0ken"), "{said}");
    // In pieces: no line has it.
    let (first, second) = TOKEN.split_at(5);
    let pieces = format!(
        "data: {{\\\"d\\\":\\\"{first}\\\"}}\\n\\ndata: {{\\\"d\\\":\\\"{second}\\\"}}\\n\\nid: 0"
    );
    let (lines, inside) = looked_at("id: 0", &pieces);
    assert!(lines.is_ok(), "{lines:?}");
    let said = inside.expect_err("a secret is left").to_string();
    assert!(said.contains("exchange ") && said.contains("hint:"), "{said}");
}

#[test]
fn what_the_environment_and_rules_name_is_replaced_too() {
    let rules = "[[rule]]\npath = \"/params/clientInfo/name\"\ndo = \"redact\"\n";
    let beyond =
        Beyond { own: Own::parse(rules).expect("rules"), known: vec![b"tools/call".to_vec()] };
    let (bytes, _) = export_beyond(talk(), false, beyond);
    let text = String::from_utf8(bytes.clone()).expect("UTF-8");
    assert!(text.contains(r#""clientInfo":{"name":"{{redacted:1}}""#), "{text}");
    assert!(!text.contains("tools/call") && text.contains("{{environment:1}}"), "{text}");
    assert!(!text.contains(TOKEN), "{text}");
    assert_eq!(export(tape(&bytes), false).0, bytes, "without the rules it stays as it is");
}

#[test]
fn gaps_of_the_whole_recording_go_along_and_other_notices_do_not() {
    let mut kept = talk();
    let at = |seconds: u64| Timestamp(1_795_168_800_000_000_000 + seconds * 1_000_000_000);
    let gap =
        |bytes| Fact::Gap(crate::capture::Gap { side: None, bytes, reason: "disk".to_owned() });
    let note = Fact::Note { text: "elsewhere".to_owned() };
    for (at, fact) in [(at(0), gap(7)), (at(2), gap(8)), (at(2), note), (at(9), gap(9))] {
        kept.notices.push(Record { exchange: None, n: 0, at, fact });
    }
    let (bytes, _) = export(kept, false);
    let notices = tape(&bytes).notices().expect("read");
    assert!(matches!(notices.as_slice(), [Record { fact: Fact::Gap(gap), .. }] if gap.bytes == 8));
}

/// A value without its texts: what redaction may not change.
fn skeleton(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(_) => Value::from(""),
        Value::Array(items) => items.iter().map(skeleton).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), skeleton(value))).collect()
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_secret_is_gone_however_it_is_cut_and_json_keeps_its_shape(
        secret in "[a-z][0-9][a-zA-Z0-9/+=_\" é.-]{8,24}",
        echo in "[a-z \"]{0,8}",
        number in any::<u32>(),
        mut cuts in prop::collection::vec(0_usize..200, 0..5),
    ) {
        let body = serde_json::json!({
            "jsonrpc": "2.0", "id": number,
            "result": {"access_token": secret, "text": format!("{echo}{secret}{echo}"), "n": [number, null]},
        });
        let text = body.to_string();
        cuts.retain(|cut| *cut < text.len());
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut at = 0;
        for cut in cuts.into_iter().chain([text.len()]) {
            pieces.push(&text.as_bytes()[at..cut]);
            at = cut;
        }
        let query = percent_encoding::utf8_percent_encode(&secret, percent_encoding::NON_ALPHANUMERIC);
        let kept = Kept::default().with(&Script {
            url: &format!("http://h/mcp?x={query}"),
            asked: &[],
            request: &[INITIALIZE],
            answered: &[("Content-Type", "application/json")],
            response: &pieces,
        });
        let (bytes, _) = export(kept.clone(), false);
        let (_, left, _, _) = response(&mut tape(&bytes));
        prop_assert_eq!(left.len(), pieces.len());
        let redacted: serde_json::Value = serde_json::from_slice(&left.concat()).expect("still JSON");
        prop_assert_eq!(skeleton(&redacted), skeleton(&body));
        prop_assert_eq!(&redacted["result"]["access_token"], "{{access_token:1}}");
        let tape_text = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert!(!tape_text.contains(&secret), "{}", tape_text);
        prop_assert_eq!(shape(tape(&bytes)), shape(kept));
        prop_assert_eq!(export(tape(&bytes), false).0, bytes);
    }
}
