use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::{
    capture::{Head, Mode as Way, Open},
    recorder::testing::{end, id},
};

const SECRET: &str = "s3cr3t-value-that-nobody-may-see";

fn head(media: &str, coding: Option<&str>) -> Fact {
    let pairs = [("Content-Type", media.to_owned()), ("Set-Cookie", format!("sid={SECRET}"))];
    let coding = coding.map(|coding| ("Content-Encoding", coding.to_owned()));
    Fact::Head(Box::new(Head {
        status: 200,
        reason: None,
        version: "HTTP/1.1".to_owned(),
        headers: pairs.into_iter().chain(coding).collect(),
    }))
}

fn chunk(data: &[u8]) -> Fact {
    Fact::Chunk { side: Side::Response, data: Bytes::copy_from_slice(data), cut: 0 }
}

/// What is recorded of facts, one every nanosecond.
fn recorded(facts: impl IntoIterator<Item = Fact>) -> Vec<Record> {
    let (exchange, mut out) = (Some(id()), Vec::new());
    let mut redaction = Redaction::new(AtCapture::new());
    for (fact, at) in facts.into_iter().zip(1..) {
        redaction.take(Record { exchange, n: 0, at: Timestamp(at), fact }, |r| out.push(r));
    }
    out
}

fn bodies(records: &[Record]) -> (String, u64) {
    let (mut text, mut gaps) = (Vec::new(), 0);
    for record in records {
        match &record.fact {
            Fact::Chunk { data, .. } => text.extend_from_slice(data),
            Fact::Gap(gap) => gaps += gap.bytes,
            _ => {}
        }
    }
    (String::from_utf8_lossy(&text).into_owned(), gaps)
}

fn body_end() -> Fact {
    Fact::BodyEnd { side: Side::Response, trailers: Headers::default() }
}

#[test]
fn heads_and_urls_are_redacted_and_session_ids_stay() {
    let headers = [("Authorization", format!("Bearer {SECRET}")), ("Mcp-Session-Id", "abc".into())];
    let open = Open {
        client: "127.0.0.1:1".into(),
        pid: None,
        run: None,
        name: None,
        mode: Way::Forward,
        method: "GET".into(),
        url: format!("http://h/mcp?api_key={SECRET}"),
        version: "HTTP/1.1".into(),
        headers: headers.into_iter().collect(),
    };
    let records = recorded([Fact::Open(Box::new(open)), head("text/plain", None)]);
    let shown = format!("{records:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    let Fact::Open(open) = &records[0].fact else { panic!("{records:?}") };
    assert_eq!(open.headers.text("mcp-session-id"), Some("abc"));
}

#[test]
fn notices_are_redacted_too() {
    let redactor = AtCapture::new();
    let mut redaction = Redaction::new(redactor.clone());
    let facts = [head("text/plain", None), body_end()];
    for fact in facts {
        redaction.take(Record { exchange: Some(id()), n: 0, at: Timestamp(1), fact }, |_| {});
    }
    let told =
        |fact| redactor.notice(&Record { exchange: None, n: 0, at: Timestamp(2), fact }).fact;
    let Fact::Note { text } = told(Fact::Note { text: format!("{SECRET} at /?code=c1") }) else {
        panic!("a note stays one")
    };
    assert_eq!(text, "{{cookie:1}} at /?code={{code:1}}");
    let gap = Gap { side: None, bytes: 7, reason: format!("http://u:{SECRET}@h/ was lost") };
    let Fact::Gap(gap) = told(Fact::Gap(gap)) else { panic!("a gap stays one") };
    assert!(!gap.reason.contains(SECRET) && gap.bytes == 7, "{gap:?}");
}

#[test]
fn a_frame_is_passed_on_when_it_has_ended() {
    let frame = "event: message\ndata: {\"a\":1}\n\n";
    let (first, second) = frame.split_at(20);
    let facts =
        [head("text/event-stream", None), chunk(first.as_bytes()), chunk(second.as_bytes())];
    let records = recorded(facts);
    assert_eq!(bodies(&records), (frame.to_owned(), 0));
    assert_eq!(records.last().unwrap().at, Timestamp(3));
    // A primer ends with a colon, and still is a frame.
    let primer = "id: 1\ndata:\n\n";
    let records = recorded([head("text/event-stream", None), chunk(primer.as_bytes())]);
    assert_eq!(bodies(&records).0, primer);
}

#[test]
fn an_encoded_body_is_decoded_or_left_out() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(format!("{{\"password\":\"{SECRET}\"}}").as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let halves = gzip.split_at(gzip.len() / 2);
    let facts = |coding| {
        let media = "application/json";
        [head(media, Some(coding)), chunk(halves.0), chunk(halves.1), body_end()]
    };
    let records = recorded(facts("gzip"));
    assert_eq!(bodies(&records), ("{\"password\":\"{{cookie:1}}\"}".to_owned(), 0));
    let Fact::Head(head) = &records[0].fact else { panic!("{records:?}") };
    assert_eq!(head.headers.text("content-encoding"), Some("identity"));
    for coding in ["unknown", "br"] {
        let (text, gaps) = bodies(&recorded(facts(coding)));
        assert_eq!((text.as_str(), gaps), ("", gzip.len() as u64), "{coding}");
    }
}

#[test]
fn a_line_that_is_too_long_or_cut_by_a_gap_is_left_out_to_its_end() {
    let long = vec![b'x'; HELD_BYTES + 1];
    let rest = format!("\"secret\":\"{SECRET}\"}}\nnext\n");
    let records = recorded([head("a/b", None), chunk(&long), chunk(rest.as_bytes()), body_end()]);
    let skipped = rest.len() - "next\n".len();
    assert_eq!(bodies(&records), ("next\n".to_owned(), (long.len() + skipped) as u64));

    let gap = Fact::Gap(Gap { side: Some(Side::Response), bytes: 5, reason: "full".into() });
    let before = chunk(b"{\"secret\":\"s3c");
    let records = recorded([head("a/b", None), before, gap, chunk(b"r3t\"}\nnext\n"), body_end()]);
    assert_eq!(bodies(&records), ("next\n".to_owned(), 14 + 5 + 6));
}

#[test]
fn a_body_whose_end_was_not_seen_is_passed_on_with_the_end() {
    let facts = [head("application/json", None), chunk(b"{\"a\":"), end(id(), 0).fact];
    let records = recorded(facts);
    assert_eq!(bodies(&records).0, "{\"a\":");
    assert!(matches!(records.last().unwrap().fact, Fact::End(_)));
}

proptest! {
    #[test]
    fn a_secret_is_never_recorded_however_it_is_cut(
        cuts in prop::collection::vec(1_usize..40, 0..40),
        form in 0_usize..6,
    ) {
        let (media, text) = [
            ("text/event-stream", format!("id: 1\n\ndata: {{\"a\":\"b\",\"access_token\":\"{SECRET}\"}}\n\n: x\n\n")),
            ("text/event-stream", format!("data: {{\ndata: \"password\"\ndata: :\ndata: \"{SECRET}\"}}\n\n")),
            ("application/json", format!("{{\n  \"x\": 1,\n  \"secret\":\n    \"{SECRET}\"\n}}\n")),
            ("application/json", format!("{{\"t\":\"{{\\\"api_key\\\":\\\"{SECRET}\\\"}}\"}}")),
            ("application/x-www-form-urlencoded", format!("grant=x&code={SECRET}&refresh_token={SECRET}")),
            ("text/plain", format!("see\nhttp://u:{SECRET}@h/p?token={SECRET}\nthere\n")),
        ][form].clone();
        let mut facts = vec![head(media, None)];
        let mut rest = text.as_bytes();
        for cut in cuts {
            let (first, more) = rest.split_at(cut.min(rest.len()));
            facts.push(chunk(first));
            rest = more;
        }
        facts.extend([chunk(rest), body_end()]);
        let records = recorded(facts);
        let (body, gaps) = bodies(&records);
        prop_assert!(!body.contains("s3cr3t") && !body.contains("nobody"), "{}", body);
        prop_assert_eq!(gaps, 0);
        prop_assert_eq!(body.matches("{{").count(), text.matches(SECRET).count());
        let times: Vec<_> = records.iter().map(|record| record.at).collect();
        prop_assert!(times.is_sorted());
    }
}
