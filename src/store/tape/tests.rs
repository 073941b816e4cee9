use std::io::Cursor;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::capture::{ExchangeId, Fact, Head, Headers, Record, Side, Timestamp, arbitrary};

fn export(exchanges: &[Vec<Record>]) -> Vec<u8> {
    let mut spool = Spool::new(Cursor::new(Vec::new()));
    for record in exchanges.iter().flatten() {
        spool.push(record.clone()).unwrap();
    }
    let mut tape = Vec::new();
    spool.finish(TapeHeader::new(Timestamp(0), "wiretape 0.1.0", Vec::new()), &mut tape).unwrap();
    tape
}

fn import(tape: &[u8]) -> Vec<Record> {
    TapeReader::new(tape).unwrap().records().collect::<Result<_, _>>().unwrap()
}

fn places(tape: Vec<u8>) -> Places<Cursor<Vec<u8>>> {
    Places::read(Cursor::new(tape), |_| {}, |_, _| {}).unwrap()
}

/// As a store gives them back: by exchange, ascending by number; notices in the order they came.
fn by_exchange(records: Vec<Record>) -> Vec<Vec<Record>> {
    let mut sorted = records;
    sorted.sort_by_key(|record| (record.exchange, record.n));
    sorted.chunk_by(|a, b| a.exchange == b.exchange).map(<[_]>::to_vec).collect()
}

fn copy(tape: &[u8]) -> Vec<u8> {
    let reader = TapeReader::new(tape).unwrap();
    let mut writer = TapeWriter::new(Vec::new(), reader.header()).unwrap();
    for line in reader {
        writer.copy(&line.unwrap()).unwrap();
    }
    writer.finish().unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read(record in arbitrary::record()) {
        prop_assert_eq!(import(&export(&[vec![record.clone()]])), vec![record]);
    }

    #[test]
    fn export_import_export_is_the_same_tape(
        exchanges in vec(arbitrary::exchange(), 0..4),
        notices in vec(arbitrary::notice(), 0..4),
    ) {
        let mut all = by_exchange(exchanges.into_iter().flatten().collect());
        let mut notices = notices;
        notices.sort_by_key(|notice| notice.at);
        all.push(notices);
        let tape = export(&all);
        let read = import(&tape);
        let mut expected: Vec<_> = all.into_iter().flatten().collect();
        expected.sort_by_key(|record| (record.exchange, record.n));
        let again = by_exchange(read);
        prop_assert_eq!(again.concat(), expected);
        prop_assert_eq!(String::from_utf8(export(&again)), String::from_utf8(tape.clone()));
        prop_assert_eq!(copy(&tape), tape);
    }

    #[test]
    fn lines_in_parts_are_the_same_lines(
        exchanges in vec(arbitrary::exchange(), 0..4),
        most in 0_usize..9,
    ) {
        let all = by_exchange(exchanges.into_iter().flatten().collect());
        let mut places = places(export(&all));
        for exchange in all {
            let id = exchange.first().and_then(|record| record.exchange).expect("it has one");
            let lines = places.lines(id).unwrap();
            let parts = lines.parts(most);
            prop_assert!(parts.len() <= most.max(1));
            let parts: Vec<_> = parts.into_iter().map(|part| part.records().unwrap()).collect();
            prop_assert!(parts.iter().all(|part| !part.is_empty()));
            prop_assert_eq!(parts.concat(), lines.all().records().unwrap());
            prop_assert_eq!(places.records(id).unwrap(), exchange);
        }
    }

    #[test]
    fn no_noise_panics(noise in vec(any::<u8>(), 0..200), cut in 0_usize..400) {
        if let Ok(reader) = TapeReader::new(noise.as_slice()) {
            let _ = reader.count();
        }
        let mut tape = export(&[vec![note("x")]]);
        tape.truncate(cut);
        tape.extend(noise);
        if let Ok(reader) = TapeReader::new(tape.as_slice()) {
            let _ = reader.count();
        }
    }
}

fn note(text: &str) -> Record {
    Record { exchange: None, n: 0, at: Timestamp(5), fact: Fact::Note { text: text.to_owned() } }
}

fn response(media: &str, chunks: &[&'static [u8]]) -> Vec<Record> {
    let exchange = Some(ExchangeId::from_bytes([7; 16]));
    let headers = Headers::from_iter([("content-type", media.to_owned())]);
    let version = "HTTP/1.1".to_owned();
    let head = Fact::Head(Box::new(Head { status: 200, reason: None, version, headers }));
    let chunk =
        |data: &&'static [u8]| Fact::Chunk { side: Side::Response, data: (*data).into(), cut: 0 };
    let facts = std::iter::once(head).chain(chunks.iter().map(chunk));
    (0_u32..)
        .zip(facts)
        .map(|(n, fact)| Record { exchange, n, at: Timestamp(1_000 + u64::from(n) * 10), fact })
        .collect()
}

#[test]
fn a_tape_looks_like_this() {
    let plain = response("application/json", &[b"{\"a\":", b"\"\xc3", b"\xa9\"}"]);
    insta::assert_snapshot!(String::from_utf8(export(&[plain])).unwrap(), @r#"
    {"format":"wiretape","version":1,"started_at":"1970-01-01T00:00:00.000001000Z","tool":"wiretape 0.1.0","redactions":[]}
    {"exchange":"07070707-0707-0707-0707-070707070707","n":0,"at":0,"kind":"head","status":200,"reason":null,"version":"HTTP/1.1","headers":[["content-type","application/json"]]}
    {"exchange":"07070707-0707-0707-0707-070707070707","n":1,"at":10,"kind":"response-body","json":{"a":"é"},"cuts":[[5,20,2],[7,30,3]]}
    "#);
}

#[test]
fn a_stream_keeps_a_line_a_chunk() {
    for media in ["text/event-stream", "application/x-ndjson", "application/ndjson; x=y"] {
        let records = response(media, &[b"data: a\n\n", b"data: \xc3", b"\xa9\n\n"]);
        let tape = String::from_utf8(export(std::slice::from_ref(&records))).unwrap();
        assert_eq!(tape.lines().count(), 5, "{tape}");
        assert!(tape.contains("base64") && !tape.contains("cuts"), "{tape}");
        assert_eq!(import(tape.as_bytes()), records);
    }
}

#[test]
fn joined_bodies_end_at_one_mebibyte() {
    static CHUNK: [u8; 300 << 10] = [b'x'; 300 << 10];
    let records = response("text/plain", &[&CHUNK[..]; 7]);
    let tape = export(std::slice::from_ref(&records));
    assert_eq!(std::str::from_utf8(&tape).unwrap().lines().count(), 1 + 1 + 3);
    assert_eq!(import(&tape), records);
    let lines = places(tape).lines(ExchangeId::from_bytes([7; 16])).unwrap();
    for (most, lengths) in [(1, vec![4]), (2, vec![3, 1]), (3, vec![2, 1, 1]), (9, vec![2, 1, 1])] {
        let parts = lines.parts(most).into_iter().map(|part| part.records().unwrap());
        let of_lines: Vec<usize> = parts
            .map(|part| {
                // A line has up to three chunks.
                let chunks = part.iter().filter(|r| matches!(r.fact, Fact::Chunk { .. })).count();
                part.len() - chunks + chunks.div_ceil(3)
            })
            .collect();
        assert_eq!(of_lines, lengths, "{most}");
    }
}

#[test]
fn unknown_kinds_and_fields_are_kept() {
    let tape = concat!(
        "{\"format\":\"wiretape\",\"version\":1,\"x\":[1, 2],\"started_at\":\"2026-11-20T10:00:00Z\",\"tool\":\"other\"}\n",
        "{\"exchange\":null,\"n\":0,\"at\":0,\"kind\":\"hologram\",\"depth\":3}\n",
        "\n",
        "{\"at\": -5, \"kind\":\"note\",\"exchange\":null,\"colour\":\"red\",\"text\":\"hello\"}\r\n",
        "{\"exchange\":null,\"n\":0,\"at\":1,\"kind\":\"note\",\"text\":\"no end\"}",
    );
    assert_eq!(copy(tape.as_bytes()), tape.as_bytes());
    let read = import(tape.as_bytes());
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].at, Timestamp(1_795_168_799_999_999_995));
}

#[test]
fn what_is_no_tape_is_named() {
    let long = format!("{{\"format\":\"wiretape\",\"version\":{}}}\n", 2);
    let head = "{\"format\":\"wiretape\",\"version\":1,\"started_at\":\"2026-11-20T10:00:00Z\"}\n";
    for (input, expected) in [
        ("", "it is empty"),
        ("\x1f\u{8b}", "first line"),
        ("{\n  \"log\": {", "--format har"),
        ("{\"log\":{\"version\":\"1.2\"}}", "--format har"),
        ("hello\n", "no header"),
        ("{\"format\":\"wiretape\",\"version\":0}", "no header"),
        (long.as_str(), "format version 2"),
    ] {
        let error = TapeReader::new(input.as_bytes()).err().expect("no tape").to_string();
        assert!(error.contains(expected) && error.contains("hint: "), "{input:?}: {error}");
    }
    assert!(TapeReader::new(&b"\x1f\x8b\x08"[..]).err().unwrap().to_string().contains("gunzip"));
    for (line, expected) in [
        ("{\"exchange\":nul", "line 2, column 15"),
        ("{\"kind\":\"open\",\"exchange\":null,\"at\":0}", "missing field `client`"),
        ("{\"kind\":\"note\",\"exchange\":null,\"at\":1e9,\"text\":\"\"}", "line 2, column"),
        ("{\"kind\":\"request-body\",\"exchange\":null,\"at\":1}", "one of `json`"),
        (
            "{\"kind\":\"request-body\",\"exchange\":null,\"at\":1,\"text\":\"\",\"cuts\":[[4,0,1]]}",
            "`cuts`",
        ),
        (
            "{\"kind\":\"note\",\"exchange\":null,\"at\":-99999999999999999999,\"text\":\"\"}",
            "`at` is out",
        ),
    ] {
        let tape = format!("{head}{line}");
        let mut reader = TapeReader::new(tape.as_bytes()).unwrap();
        let error = reader.next().unwrap().unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("hint: "), "{line}: {error}");
        assert!(reader.next().is_none());
    }
}

#[test]
fn a_line_that_begins_as_ours_is_read_as_any_other() {
    let tape = |line: &str| {
        let head =
            "{\"format\":\"wiretape\",\"version\":1,\"started_at\":\"2026-11-20T10:00:00Z\"}";
        format!("{head}\n{line}\n")
    };
    let read = |line: &str| {
        let tape = tape(line);
        TapeReader::new(tape.as_bytes()).unwrap().records().collect::<Result<Vec<_>, _>>()
    };
    let ours = "{\"exchange\":null,\"n\":7,\"at\":5,\"kind\":\"note\",\"text\":\"a\"}";
    let other = "{\"text\":\"a\",\"kind\":\"note\",\"at\":5,\"n\":7,\"exchange\":null}";
    assert_eq!(read(ours).unwrap(), read(other).unwrap());
    let nested = "{\"exchange\":null,\"n\":7,\"at\":5,\"kind\":\"request-body\",\"json\":{\"kind\":\"note\",\"n\":1}}";
    let read_nested = read(nested).unwrap();
    assert!(matches!(&read_nested[..], [Record { n: 7, fact: Fact::Chunk { .. }, .. }]));
    for wrong in [
        ours.replace("\"text\"", "\"n\":8,\"text\""),
        ours.replace("\"text\"", "\"kind\":\"end\",\"text\""),
        ours.replace(":7", ":+7"),
        ours.replace(":5", ":05"),
        ours.replace("null", "nul"),
        ours.replace('}', ""),
        "{\"exchange\":null,\"n\":0,\"at\":0,\"kind\":\"hologram\",\"depth\":}".to_owned(),
    ] {
        assert!(read(&wrong).is_err(), "{wrong}");
    }
    let unknown = "{\"exchange\":null,\"n\":0,\"at\":\"noon\",\"kind\":\"hologram\"}";
    assert_eq!(read(unknown).unwrap(), []);
}

#[test]
fn tombstones_stay_home() {
    let mut record = note("x");
    record.fact = Fact::Tombstone { exchanges: vec![ExchangeId::from_bytes([1; 16])] };
    assert_eq!(import(&export(&[vec![record]])), Vec::new());
}
