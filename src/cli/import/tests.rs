//! Files of other tools: `tests/foreign/`. `mcp-recorder-0.5.0.json` was made by that version from
//! `PyPI`, `mitmproxy-11.0.2.har` by its `hardump`. mcpsnoop is in no registry that is at hand and
//! neither is the mcp-cassette of npm: those follow what their sources publish (envelopes of 0.16,
//! cassettes 1 and 2). `devtools.har` is in the manner of Chrome's.

use std::{io::Write, path::PathBuf};

use proptest::prelude::*;

use super::*;
use crate::{
    capture::{ExchangeId, Fact, Outcome, Record},
    cli::{args::Color, args::ExportFormat, export::formats, output::Output},
    protocol::{Direction, Kind, Reading, Session, Sessions, read},
};

fn foreign(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(name)
}

fn ctx() -> Ctx {
    let out = Output::of(std::io::sink(), std::io::sink(), 80);
    Ctx { home: None, color: Color::Never, out }
}

fn open_file(file: &Path) -> Result<Foreign, ImportError> {
    let form = detect::form(file)?;
    let format = FORMATS.iter().find(|format| format.form == form).expect("no tape");
    (format.read)(BufReader::new(File::open(file)?))
}

/// The exchanges of a file, its sessions, and what was said.
fn read_file(name: &str) -> (Vec<Vec<Record>>, Vec<Session>, Vec<String>) {
    let Foreign { mut source, lacks } =
        open_file(&foreign(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let summaries = source.summaries().expect("read");
    let last = summaries.iter().map(|summary| summary.last_at).max().expect("some");
    let records = summaries.iter().map(|s| source.records(s.id).expect("read")).collect();
    let mut fold = Sessions::new();
    for summary in summaries {
        fold.apply(summary);
    }
    (records, fold.list(last), lacks)
}

fn readings(records: &[Vec<Record>]) -> Vec<Reading> {
    records.iter().map(|records| read(records).expect("an exchange")).collect()
}

/// Each exchange in a line: method, status, messages.
fn told(records: &[Vec<Record>]) -> Vec<String> {
    let message = |m: &crate::protocol::Message| {
        let arrow = if m.direction == Direction::ClientToServer { ">" } else { "<" };
        let what = match m.kind {
            Kind::Request | Kind::Notification => m.method.clone().unwrap_or_default(),
            Kind::Response => "result".to_owned(),
            Kind::Error => "error".to_owned(),
        };
        format!(" {arrow}{what}")
    };
    let one = |reading: &Reading| {
        let status = reading.summary.status.map_or("-".to_owned(), |status| status.to_string());
        let said: String = reading.messages.iter().map(message).collect();
        format!("{} {status}{said}", reading.summary.method)
    };
    readings(records).iter().map(one).collect()
}

#[test]
fn a_log_of_mcpsnoop_over_http() {
    let (records, sessions, lacks) = read_file("mcpsnoop-http.jsonl");
    assert_eq!(
        told(&records),
        [
            "POST 200 >initialize <result",
            "POST 202 >notifications/initialized",
            "POST 200 >tools/call <notifications/progress <result",
            "POST 401 >tools/list",
        ]
    );
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].server, "http://127.0.0.1:3000/mcp");
    assert_eq!(sessions[0].identified_by, "grouping");
    assert!(lacks[0].contains("not HTTP"), "{lacks:?}");
    let text = format!("{records:?}");
    assert!(text.contains("oauth-protected-resource") && text.contains("imported from mcpsnoop"));
    assert!(text.contains("1.0}"), "numbers keep their spelling: {text}");
}

#[test]
fn a_log_of_mcpsnoop_over_stdio() {
    let (records, sessions, lacks) = read_file("mcpsnoop-stdio.jsonl");
    assert_eq!(
        told(&records),
        [
            "POST 200 >initialize <result",
            "GET 200 <sampling/createMessage",
            "POST 202 >result",
            "POST - >ping",
        ]
    );
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].name.as_deref(), Some("small"));
    assert!(lacks.iter().any(|lack| lack.contains("1 × line of stderr")), "{lacks:?}");
}

#[test]
fn cassettes_of_mcp_cassette() {
    let (records, sessions, lacks) = read_file("mcp-cassette-1.jsonl");
    assert_eq!(
        told(&records),
        [
            "POST 200 >initialize <result",
            "POST 202 >notifications/initialized",
            "POST 200 >tools/list <result",
        ]
    );
    assert_eq!(sessions[0].started_at.to_string(), "2026-11-20T12:00:00.504000000Z");
    assert!(lacks.iter().any(|lack| lack.contains("no JSON-RPC")), "{lacks:?}");

    let (records, sessions, lacks) = read_file("mcp-cassette-2.jsonl");
    assert_eq!(
        told(&records),
        ["POST 200 >tools/call <notifications/progress <result", "POST 400 >tools/call <error"]
    );
    assert_eq!(sessions[0].server, "http://127.0.0.1:4000/mcp");
    assert!(lacks.iter().any(|lack| lack.contains("not known")), "{lacks:?}");
}

#[test]
fn a_real_cassette_of_mcp_recorder() {
    let (records, sessions, lacks) = read_file("mcp-recorder-0.5.0.json");
    assert_eq!(
        told(&records),
        [
            "POST 200 >initialize <result",
            "POST 202 >notifications/initialized",
            "POST 200 >tools/list <result",
            "POST 200 >tools/call <notifications/progress",
            "POST 200 >prompts/list <error",
            "DELETE 200",
        ]
    );
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].server, "http://127.0.0.1:8911/mcp");
    // What it keeps of a stream is the first event, here the progress.
    assert!(lacks.iter().any(|lack| lack.contains("did not keep")), "{lacks:?}");
    assert!(format!("{records:?}").contains("3.0"), "numbers keep their spelling");
}

#[test]
fn an_archive_of_devtools() {
    let (records, sessions, lacks) = read_file("devtools.har");
    assert_eq!(told(&records), ["POST 200 >initialize <result", "POST -"]);
    assert!(sessions.iter().any(|session| session.wire_id.as_deref() == Some("s-1")));
    assert!(lacks.iter().any(|lack| lack.contains("no HTTP")), "{lacks:?}");
    let text = format!("{records:?}");
    for expected in ["HTTP/2", "x-wiretape-was-content-encoding", "a=1", "b=2", "a+b=c%26d"] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains(":authority") && text.contains("ERR_CONNECTION_REFUSED"), "{text}");
    let Some(Record { at, fact: Fact::End(end), .. }) = records[0].last() else { panic!("{text}") };
    assert_eq!(at.to_string(), "2026-11-20T14:00:00.153500000Z");
    assert_eq!((end.timing.connect_us, end.timing.tls_us), (Some(7_000), Some(5_000)));
    assert_eq!(end.timing.first_byte_us, Some(26_500));
}

#[test]
fn a_real_archive_of_mitmproxy() {
    let (records, sessions, _) = read_file("mitmproxy-11.0.2.har");
    let told = told(&records);
    assert!(
        told.ends_with(&[
            "POST 200 >initialize <result".to_owned(),
            "POST 202 >notifications/initialized".to_owned(),
            "POST 200 >tools/call <notifications/progress <result".to_owned(),
        ]),
        "{told:?}"
    );
    assert!(sessions.iter().any(|session| session.wire_id.as_deref() == Some("s-1")));
}

#[test]
fn the_same_file_gives_the_same_ids_in_the_order_of_the_file() {
    for name in
        ["mcpsnoop-http.jsonl", "mcp-cassette-1.jsonl", "mcp-recorder-0.5.0.json", "devtools.har"]
    {
        let ids = |records: Vec<Vec<Record>>| -> Vec<ExchangeId> {
            records.iter().filter_map(|records| records.first()?.exchange).collect()
        };
        let first = ids(read_file(name).0);
        assert_eq!(first, ids(read_file(name).0), "{name}");
        for id in first {
            let bytes = id.as_bytes();
            assert_eq!((bytes[6] >> 4, bytes[8] >> 6), (7, 0b10), "{id} is a UUIDv7");
        }
    }
}

/// Every tape of `captures/` as HAR and back: the same messages and frames, with their times.
#[test]
fn our_own_archive_comes_back() {
    let captures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut tapes = 0;
    for folder in captures.read_dir().expect("a folder").map(|entry| entry.expect("one").path()) {
        for tape in folder.read_dir().into_iter().flatten().map(|entry| entry.expect("one").path())
        {
            round_trip(&tape);
            tapes += 1;
        }
    }
    assert!(tapes > 30, "{tapes}");
}

fn round_trip(tape: &Path) {
    let name = tape.display();
    let har = formats::chosen(Some(ExportFormat::Har), tape).expect("no tape");
    let archive = tempfile::NamedTempFile::new().expect("a file");
    let file = File::open(tape).expect("it is there");
    formats::write(har, file, None, false, archive.as_file()).expect("written");
    let mut back = open_file(archive.path()).unwrap_or_else(|e| panic!("{name}: {e}")).source;
    let mut kept = open::source(&ctx(), Some(tape)).expect("a tape");
    let (summaries, kept_summaries) =
        (back.summaries().expect("read"), kept.summaries().expect("read"));
    assert_eq!(summaries.len(), kept_summaries.len(), "{name}");
    for (summary, kept_summary) in summaries.into_iter().zip(kept_summaries) {
        let id = kept_summary.id;
        assert_eq!(summary.id, id, "{name}");
        let (was, is) = (kept.records(id).expect("read"), back.records(id).expect("read"));
        let (was, is) = (read(&was).expect("one"), read(&is).expect("one"));
        assert_eq!(
            is.summary.outcome,
            was.summary.outcome.or(Some(Outcome::Completed)),
            "{name} {id}"
        );
        assert_eq!(is.summary.candidates, was.summary.candidates, "{name} {id}");
        assert_eq!(is.frames.len(), was.frames.len(), "{name} {id}");
        for (is, was) in is.frames.iter().zip(&was.frames) {
            assert_eq!((is.at, &is.raw), (was.at, &was.raw), "{name} {id}");
        }
        let plain = |reading: &Reading| -> Vec<String> {
            let one = |m: &crate::protocol::Message| {
                let at = m.frame.map(|_| m.at);
                format!("{} {:?} {:?} {at:?} {:?}", m.id(), m.direction, m.sse, m.payload)
            };
            reading.messages.iter().map(one).collect()
        };
        assert_eq!(plain(&is), plain(&was), "{name} {id}");
    }
}

fn refused(content: impl AsRef<[u8]>) -> String {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(content.as_ref()).expect("written");
    match open_file(file.path()) {
        Ok(_) => panic!("it was taken: {}", String::from_utf8_lossy(content.as_ref())),
        Err(why) => why.to_string(),
    }
}

#[test]
fn what_is_not_known_is_named_by_what_it_looks_like() {
    for (content, expected) in [
        ("", "empty"),
        ("\u{1f}\u{8b}", "JSON object"),
        ("hello", "JSON object"),
        ("[1]", "JSON object"),
        ("{\"format_version\":3,\"messages\":[]}", "PyPI"),
        ("{\"generated_at\":\"x\",\"session\":{},\"events\":[]}", "mcpsnoop export"),
        ("{\"schema\":\"wiretape/message/1\"}", "--format json"),
        ("{\"jsonrpc\":\"2.0\"}", "bare JSON-RPC"),
        ("{\"a\":1,\"b\":2}", "a, b"),
    ] {
        let why = refused(content);
        assert!(why.contains(expected) && why.contains("hint: "), "{content:?}: {why}");
    }
    assert!(refused(b"\x1f\x8b\x08").contains("gunzip"));
}

#[test]
fn a_hostile_file_is_refused_by_line_or_entry() {
    let deep = "[".repeat(100_000);
    let har = |entry: &str| format!("{{\"log\":{{\"version\":\"1.2\",\"entries\":[{entry}]}}}}");
    let entry = |request: &str, more: &str| {
        har(&format!(
            "{{\"startedDateTime\":\"2026-11-20T10:00:00Z\",\"request\":{{{request}}}{more}}}"
        ))
    };
    let get = "\"method\":\"GET\",\"url\":\"http://h/\"";
    let cassette = |line: &str| {
        format!(
            "{{\"type\":\"header\",\"cassetteVersion\":1,\"startedAt\":\"2026-11-20T10:00:00Z\"}}\n{line}\n"
        )
    };
    let snoop = |fields: &str| format!("{{\"session_id\":\"s\",\"direction\":\"c2s\",{fields}}}");
    let recorder = |one: &str| {
        format!(
            "{{\"version\":\"1.0\",\"metadata\":{{\"recorded_at\":\"2026-11-20T10:00:00Z\"}},\"interactions\":[{one}]}}"
        )
    };
    let twice = "{\"startedDateTime\":\"2026-11-20T10:00:00Z\",\"request\":{\"method\":\"GET\",\"url\":\"http://h/\"},\
                 \"_mcp\":{\"schema\":\"wiretape/har/1\",\"exchange\":\"01a1fdc4-bd49-7561-971e-6b2ac9d202be\"}}";
    for (content, expected) in [
        ("{\"log\":{\"version\":\"2.0\",\"entries\":[]}}".to_owned(), "version 2.0"),
        ("{\"log\":{}}".to_owned(), "no `log`"),
        ("{\"log\":{\"entries\":[{}]}}".to_owned(), "line 1, column"),
        ("{\n\"log\":{\"entries\":[\n{\"startedDateTime\":".to_owned(), "line 3"),
        (har(&deep), "line 1"),
        (entry(get, &format!(",\"_mcp\":{deep}")), "line 1"),
        (entry("\"method\":\"GET\",\"url\":\"../../etc/passwd\"", ""), "entry 1"),
        (entry("\"method\":\"G T\",\"url\":\"http://h/\"", ""), "entry 1"),
        (entry(get, ",\"time\":1e999"), "line 1"),
        (entry(get, ",\"timings\":{\"wait\":1e300}"), "entry 1"),
        (entry(get, ",\"response\":{\"status\":99999999999}"), "entry 1"),
        (
            entry(
                get,
                ",\"response\":{\"status\":200,\"content\":{\"text\":\"!\",\"encoding\":\"base64\"}}",
            ),
            "entry 1",
        ),
        (
            entry(
                get,
                ",\"response\":{\"status\":200,\"headers\":[{\"name\":\"a\\r\\nb\",\"value\":\"\"}]}",
            ),
            "entry 1",
        ),
        (entry(get, ",\"_mcp\":{\"schema\":\"wiretape/har/9\"}"), "wiretape/har/9"),
        (entry(get, ",\"_mcp\":{\"schema\":\"wiretape/har/1\",\"exchange\":\"../x\"}"), "entry 1"),
        (har(&format!("{twice},{twice}")), "twice"),
        (cassette("{\"type\":\"frame\",\"t\":-5,\"dir\":\"c2s\",\"frame\":{}}"), "line 2"),
        (cassette("{\"type\":\"frame\",\"t\":1e308,\"dir\":\"c2s\",\"frame\":{}}"), "line 2"),
        (cassette("{\"type\":\"frame\",\"t\":1,\"dir\":\"c2s\",\"fra"), "line 2, column"),
        (cassette(&format!("{{\"type\":\"frame\",\"t\":1,\"frame\":{deep}")), "line 2"),
        (
            "{\"type\":\"header\",\"cassetteVersion\":7,\"startedAt\":\"2026-11-20T10:00:00Z\"}"
                .to_owned(),
            "version 7",
        ),
        (snoop("\"ts\":\"yesterday\""), "line 1"),
        (snoop("\"ts\":\"2026-11-20T10:00:00Z\",\"seq\":99999999999999999999999"), "line 1"),
        (
            "{\"session_id\":\"s\",\"direction\":\"up\",\"ts\":\"2026-11-20T10:00:00Z\",\"raw\":1}"
                .to_owned(),
            "line 1",
        ),
        (recorder("{\"type\":\"x\",\"latency_ms\":-1}"), "interaction 1"),
        (recorder("{\"type\":\"x\",\"response_status\":7}"), "interaction 1"),
        ("{\"version\":\"2.0\",\"interactions\":[]}".to_owned(), "version 2.0"),
    ] {
        let why = refused(&content);
        let shown: String = content.chars().take(200).collect();
        assert!(why.contains(expected), "{shown}: {why}");
    }
    let mut bytes = cassette("").into_bytes();
    bytes.extend(b"{\"type\":\"raw\",\"data\":\"\xff\"}\n");
    assert!(refused(&bytes).contains("line 3, column"), "not UTF-8");
}

#[test]
fn deep_payloads_pass() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let line = format!(
        "{{\"session_id\":\"s\",\"seq\":1,\"ts\":\"2026-11-20T10:00:00Z\",\"direction\":\"c2s\",\"transport\":\"stdio\",\
         \"raw\":{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"t\",\"arguments\":{deep}}}}}}}"
    );
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    writeln!(file, "{line}").expect("written");
    let mut source = open_file(file.path()).expect("depth is no fault").source;
    let summary = source.summaries().expect("read").pop().expect("one");
    assert_eq!(summary.names, ["t"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_damaged_file_is_taken_or_refused(
        which in 0_usize..6,
        cut in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let names = [
            "mcpsnoop-http.jsonl",
            "mcpsnoop-stdio.jsonl",
            "mcp-cassette-1.jsonl",
            "mcp-cassette-2.jsonl",
            "mcp-recorder-0.5.0.json",
            "devtools.har",
        ];
        let mut bytes = std::fs::read(foreign(names[which])).expect("it is there");
        let place = place.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut.index(bytes.len() * 2).max(1));
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&bytes).expect("written");
        if let Ok(form) = detect::form(file.path())
            && let Some(format) = FORMATS.iter().find(|format| format.form == form)
        {
            let taken = (format.read)(BufReader::new(File::open(file.path()).expect("there")));
            if let Ok(mut taken) = taken {
                taken.source.summaries().expect("what was taken can be read");
            }
        }
    }
}

const HEAD: &str = "{\"format\":\"wiretape\",\"version\":1,\"started_at\":\"2026-11-20T10:00:00Z\",\"tool\":\"t\"}\n";

#[test]
fn a_bad_line_of_a_tape_is_named_by_file_and_number() {
    let note = "{\"exchange\":null,\"n\":0,\"at\":0,\"kind\":\"note\",\"text\":\"a\"}\n";
    for (lines, expected) in
        [(format!("{note}{{\"exchange\":"), "line 3"), (format!("{note}{note}hello\n"), "line 4")]
    {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        write!(file, "{HEAD}{lines}").expect("written");
        let error = source(None, file.path(), &mut ctx()).err().expect("a bad line");
        let text = format!("{error:#}");
        assert!(text.contains(expected), "{text}");
        assert!(text.contains(&file.path().display().to_string()), "{text}");
    }
}

#[test]
fn what_was_there_is_said() {
    assert_eq!(said(Imported { exchanges: 2, known: 0 }), "imported 2 exchanges");
    let twice = said(Imported { exchanges: 0, known: 2 });
    assert_eq!(twice, "imported 0 exchanges; 2 were there already and are as they were");
}
