use std::io::Write as _;

use proptest::prelude::*;

use super::*;

const AT: Timestamp = Timestamp(5);
const JSON: &str = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;

fn headers(media: Option<&str>, coding: Option<&str>) -> Headers {
    let media = media.map(|media| ("Content-Type", media));
    let coding = coding.map(|coding| ("content-encoding", coding));
    let fields = media.into_iter().chain(coding);
    fields.map(|(name, value)| (name, Bytes::copy_from_slice(value.as_bytes()))).collect()
}

const NOTICE: &str = r#"{"jsonrpc":"2.0","method":"notifications/message"}"#;
const SESSION: &str = r#"{"type":"session","sessionId":"s"}"#;

/// What a body yields that comes in these parts: `frame TEXT`, `json TEXT`.
fn pieces(headers: &Headers, parts: &[&[u8]]) -> (Vec<String>, Body) {
    let (mut body, mut out) = (Body::new(Side::Response, headers, Limits::READING), Vec::new());
    for part in parts {
        body.push(&Bytes::copy_from_slice(part), AT, &mut out);
    }
    body.finish(&mut out);
    body.finish(&mut out);
    let told = out.iter().map(|piece| match piece {
        Piece::Frame(frame) => format!("frame {}", String::from_utf8_lossy(&frame.data)),
        Piece::Json(json, at) => {
            assert_eq!(*at, AT);
            format!("json {}", String::from_utf8_lossy(json))
        }
    });
    (told.collect(), body)
}

fn cases() -> Vec<(Option<&'static str>, String, Vec<String>)> {
    let (json, frame) = (format!("json {JSON}"), format!("frame {JSON}"));
    let sse = format!("event: message\ndata: {JSON}\n\n");
    let two = vec![frame.clone(), frame.clone()];
    vec![
        // Without a type, or with a wrong one, the first bytes decide.
        (None, JSON.to_owned(), vec![json.clone()]),
        (None, format!("\n\t {JSON}"), vec![format!("json \n\t {JSON}")]),
        (None, sse.clone(), vec![frame.clone()]),
        (None, format!("\u{feff}{sse}"), vec![frame.clone()]),
        (None, format!(": ping\n\n{sse}"), vec!["frame ".to_owned(), frame.clone()]),
        (None, format!("id: 1\nretry: 5\ndata:{JSON}\n\n"), vec![frame.clone()]),
        (None, format!("{JSON}\r\n{JSON}\r\n"), two.clone()),
        // Go's encoder ends a single answer with a line end, and its server calls it text/plain.
        (Some("text/plain"), format!("{JSON}\n"), vec![format!("{json}\n")]),
        (
            None,
            "{\"error\":\"x\"}\r\n\r\n".to_owned(),
            vec!["json {\"error\":\"x\"}\r\n\r\n".to_owned()],
        ),
        // These begin a stream, whatever its type.
        (None, format!("{NOTICE}\n"), vec![format!("frame {NOTICE}")]),
        (None, format!("{SESSION}\n{JSON}"), vec![format!("frame {SESSION}"), frame.clone()]),
        (None, format!("[{JSON}]"), vec![format!("json [{JSON}]")]),
        (Some("text/html"), sse.clone(), vec![frame.clone()]),
        (Some("application/json"), sse.clone(), vec![frame.clone()]),
        (Some("text/event-stream"), JSON.to_owned(), vec![json.clone()]),
        (Some("text/event-stream"), format!("[{JSON}]"), vec![format!("json [{JSON}]")]),
        (
            Some("application/x-ndjson"),
            sse.clone(),
            vec![
                "frame event: message".to_owned(),
                format!("frame data: {JSON}"),
                "frame ".to_owned(),
            ],
        ),
        (Some("application/x-ndjson"), format!("{JSON}\n{JSON}"), two.clone()),
        (Some("application/jsonl; charset=utf-8"), format!("{JSON}\n{JSON}"), two),
        (Some("application/problem+json"), JSON.to_owned(), vec![json.clone()]),
        // JSON over several lines is no NDJSON.
        (Some("text/plain"), "{\n\"a\":1\n}\n".to_owned(), vec!["json {\n\"a\":1\n}\n".to_owned()]),
        (Some("text/plain"), "d".to_owned(), vec![]),
        (Some("text/plain"), "database".to_owned(), vec![]),
        (Some("text/event-stream"), "nothing: known\n\n".to_owned(), vec!["frame ".to_owned()]),
        (Some("image/png"), sse, vec![]),
        (None, String::new(), vec![]),
        (Some("application/json"), "\u{feff}{}".to_owned(), vec!["json \u{feff}{}".to_owned()]),
    ]
}

#[test]
fn the_first_bytes_decide_and_the_type_is_a_hint() {
    for (media, body, wanted) in cases() {
        let headers = headers(media, None);
        assert_eq!(pieces(&headers, &[body.as_bytes()]).0, wanted, "{media:?} {body:?}");
    }
}

#[test]
fn however_the_first_bytes_arrive() {
    for (media, body, wanted) in cases() {
        let headers = headers(media, None);
        let single: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
        assert_eq!(pieces(&headers, &single).0, wanted, "{media:?} {body:?} byte by byte");
        for at in 0..body.len() {
            let (first, second) = body.as_bytes().split_at(at);
            assert_eq!(pieces(&headers, &[first, second]).0, wanted, "{media:?} {body:?} at {at}");
        }
    }
}

/// A client posts no stream.
#[test]
fn a_request_and_its_line_end_are_json() {
    let (mut body, mut out) =
        (Body::new(Side::Request, &headers(None, None), Limits::READING), Vec::new());
    body.push(&Bytes::from(format!("{NOTICE}\n")), AT, &mut out);
    body.finish(&mut out);
    assert!(matches!(out.as_slice(), [Piece::Json(..)]));
}

#[test]
fn what_is_longer_than_the_beginning_reads_the_same_in_every_split() {
    let long = format!("{{\"a\":\"{}\"}}\n{JSON}\n", "x".repeat(SNIFF_CAP));
    let headers = headers(Some("text/plain"), None);
    let whole = pieces(&headers, &[long.as_bytes()]).0;
    for at in [1, SNIFF_CAP - 1, SNIFF_CAP, SNIFF_CAP + 1, SNIFF_CAP + 9, long.len() - 1] {
        let (first, second) = long.as_bytes().split_at(at);
        assert_eq!(pieces(&headers, &[first, second]).0, whole, "at {at}");
    }
}

#[test]
fn an_event_is_there_as_soon_as_its_sender_flushed_it() {
    let sse = format!("data: {JSON}\n\n");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let (mut body, mut out) = (
        Body::new(
            Side::Response,
            &headers(Some("text/event-stream"), Some("gzip")),
            Limits::READING,
        ),
        Vec::new(),
    );
    for n in 1..4 {
        encoder.write_all(sse.as_bytes()).expect("memory");
        encoder.flush().expect("memory");
        let wire = Bytes::from(std::mem::take(encoder.get_mut()));
        body.push(&wire, AT, &mut out);
        assert_eq!(out.len(), n);
    }
    assert!(body.is_stream() && body.unread().is_none());
}

#[test]
fn what_cannot_be_decoded_says_so_and_keeps_what_came_before() {
    let (told, body) = pieces(&headers(None, Some("snappy")), &[b"x"]);
    assert!(told.is_empty() && body.is_undecodable());
    assert!(body.unread().is_some_and(|why| why.contains("snappy")));
    let sse = format!("data: {JSON}\n\n");
    let mut wire = zstd::encode_all(sse.as_bytes(), 0).expect("memory");
    wire.extend_from_slice(b"no zstd");
    let (told, body) = pieces(&headers(None, Some("zstd")), &[&wire]);
    assert_eq!(told, [format!("frame {JSON}")]);
    assert!(body.is_undecodable() && body.unread().is_some());
}

#[test]
fn a_json_body_above_its_cap_is_not_read() {
    let limits = Limits { json: 10, frame: 10 };
    let (mut body, mut out) = (Body::new(Side::Response, &headers(None, None), limits), Vec::new());
    body.push(&Bytes::from_static(b"{\"a\":"), AT, &mut out);
    assert!(body.unread().is_none());
    body.push(&Bytes::from_static(b"\"bcdef\"}"), AT, &mut out);
    body.finish(&mut out);
    assert!(out.is_empty() && body.unread().is_some_and(|why| why.contains("larger")));
}

#[test]
fn a_body_in_one_chunk_is_no_copy() {
    let whole = Bytes::from(format!("data: {JSON}\n\ndata: {JSON}\n\n"));
    let (mut body, mut out) =
        (Body::new(Side::Response, &headers(None, None), Limits::READING), Vec::new());
    body.push(&whole, AT, &mut out);
    assert_eq!(out.len(), 2);
    for piece in &out {
        let Piece::Frame(frame) = piece else { panic!("a frame") };
        assert!(whole.as_ptr_range().contains(&frame.raw.as_ptr()));
        assert!(whole.as_ptr_range().contains(&frame.data.as_ptr()));
    }
    let json = Bytes::from_static(JSON.as_bytes());
    let (mut body, mut out) =
        (Body::new(Side::Response, &headers(None, None), Limits::READING), Vec::new());
    body.push(&json, AT, &mut out);
    body.finish(&mut out);
    let Some(Piece::Json(held, _)) = out.first() else { panic!("JSON") };
    assert_eq!(held.as_ptr(), json.as_ptr());
}

#[test]
fn a_gap_ends_json_and_spoils_one_event() {
    let (mut body, mut out) =
        (Body::new(Side::Response, &headers(None, None), Limits::READING), Vec::new());
    body.push(&Bytes::from_static(b"{\"a\":"), AT, &mut out);
    body.gap(AT, &mut out);
    body.push(&Bytes::from_static(b"1}"), AT, &mut out);
    body.finish(&mut out);
    assert!(body.unread().is_some_and(|why| why.contains("not recorded")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_stream_reads_the_same_in_every_coding_and_split(
        events in prop::collection::vec("[a-z\\r\\n: é]{0,40}", 1..20),
        coding in prop::sample::select(vec!["gzip", "deflate", "br", "zstd"]),
        step in 1usize..60
    ) {
        let events: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        let plain = events.concat();
        let wire = encode(coding, plain.as_bytes());
        let parts: Vec<&[u8]> = wire.chunks(step).collect();
        let media = Some("text/event-stream");
        let (told, _) = pieces(&headers(media, Some(coding)), &parts);
        prop_assert_eq!(told, pieces(&headers(media, None), &[plain.as_bytes()]).0);
    }

    #[test]
    fn no_bytes_are_too_odd(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        media in prop::sample::select(vec![None, Some("text/event-stream"), Some("application/json")]),
        coding in prop::sample::select(vec![None, Some("gzip"), Some("br, zstd")]),
        step in 1usize..50
    ) {
        let parts: Vec<&[u8]> = bytes.chunks(step).collect();
        pieces(&headers(media, coding), &parts);
    }
}

fn encode(coding: &str, plain: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(wire, flate2::Compression::default());
            encoder.write_all(plain).expect("memory");
            return encoder.finish().expect("memory");
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(wire, flate2::Compression::default());
            encoder.write_all(plain).expect("memory");
            return encoder.finish().expect("memory");
        }
        "br" => {
            let mut encoder = brotli::CompressorWriter::new(&mut wire, 4096, 5, 22);
            encoder.write_all(plain).expect("memory");
        }
        _ => wire = zstd::encode_all(plain, 0).expect("memory"),
    }
    wire
}
