use proptest::prelude::*;

use super::*;

const AT: Timestamp = Timestamp(7);

fn parse_capped(parts: &[&[u8]], cap: usize) -> Vec<Frame> {
    let (mut parser, mut out) = (Sse::new(cap), Vec::new());
    for part in parts {
        parser.push(&Bytes::copy_from_slice(part), AT, &mut out);
    }
    parser.finish(AT, &mut out);
    out
}

fn parse(body: &str) -> Vec<Frame> {
    parse_capped(&[body.as_bytes()], 1 << 20)
}

/// `event|id|retry|comments|data`, with `-` for none and `!` before what is not complete.
fn told(frame: &Frame) -> String {
    let text = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".to_owned());
    let retry = frame.retry.map_or("-".to_owned(), |retry| retry.to_string());
    let data = if frame.has_data {
        String::from_utf8_lossy(&frame.data).into_owned()
    } else {
        "-".to_owned()
    };
    let broken = if frame.complete { "" } else { "!" };
    let comments = frame.comments.join(",");
    format!("{broken}{}|{}|{retry}|{comments}|{data}", text(&frame.event), text(&frame.id))
}

#[test]
fn fields_are_read_as_whatwg_has_it() {
    let cases: &[(&str, &[&str])] = &[
        ("data: a\n\n", &["-|-|-||a"]),
        ("data:a\n\n", &["-|-|-||a"]),
        ("data:  a \n\n", &["-|-|-|| a "]),
        ("data: a\ndata: b\ndata\n\n", &["-|-|-||a\nb\n"]),
        ("data\n\n", &["-|-|-||"]),
        ("event: message\r\nid: 7\r\ndata: {}\r\n\r\n", &["message|7|-||{}"]),
        ("data: a\r\rdata: b\r\r", &["-|-|-||a", "-|-|-||b"]),
        ("data: a\r\n\ndata: b\n\r\n", &["-|-|-||a", "-|-|-||b"]),
        ("\u{feff}data: a\n\n\u{feff}data: b\n\n", &["-|-|-||a", "-|-|-||-"]),
        ("\u{feff}\u{feff}data: a\n\n", &["-|-|-||-"]),
        // MCP 2025-11-25 transports: a priming event has an id and no data.
        ("id: 1\ndata:\n\nid: 2\n\nid\n\n", &["-|1|-||", "-|2|-||-", "-||-||-"]),
        ("id: 1\nid: a\0b\n\n", &["-|1|-||-"]),
        ("retry: 10\nretry: 1x\nretry:\nretry: -1\n\n", &["-|-|10||-"]),
        ("retry: 99999999999999999999999\n\n", &["-|-|-||-"]),
        (": ping\n:\n\n", &["-|-|-| ping,|-"]),
        ("unknown: x\nno colon\nEvent: no\n\n", &["-|-|-||-"]),
        ("\n\n", &["-|-|-||-", "-|-|-||-"]),
        ("data: a", &["!-|-|-||a"]),
        ("data: a\n", &["!-|-|-||a"]),
        ("data: a\r\n\r", &["-|-|-||a"]),
        ("event:endpoint\ndata:/m?sessionId=1\n\n", &["endpoint|-|-||/m?sessionId=1"]),
        ("", &[]),
    ];
    for (body, wanted) in cases {
        let seen: Vec<String> = parse(body).iter().map(told).collect();
        assert_eq!(seen, *wanted, "{body:?}");
    }
}

#[test]
fn what_is_not_utf8_stays_in_raw_and_data() {
    let frames = parse_capped(&[b"event: \xff\ndata: \xc3\n\n"], 1 << 20);
    assert_eq!(frames[0].event.as_deref(), Some("\u{fffd}"));
    assert_eq!(&frames[0].data[..], b"\xc3");
}

#[test]
fn a_carriage_return_at_a_chunks_end_waits_for_its_line_feed() {
    let (mut parser, mut out) = (Sse::new(99), Vec::new());
    parser.push(&Bytes::from_static(b"data: a\r\n\r"), AT, &mut out);
    assert!(out.is_empty());
    parser.push(&Bytes::from_static(b"\ndata: b"), Timestamp(8), &mut out);
    assert_eq!((out.len(), &out[0].raw[..], out[0].at), (1, &b"data: a\r\n\r\n"[..], Timestamp(8)));
}

#[test]
fn a_frame_above_the_cap_comes_in_pieces_and_the_next_one_is_whole() {
    let body = format!("id: 1\ndata: {}\ndata: x\n\ndata: next\n\n", "y".repeat(50));
    let frames = parse_capped(&[body.as_bytes()], 20);
    let last = frames.last().expect("some");
    assert_eq!(told(last), "-|-|-||next");
    let (pieces, _) = frames.split_at(frames.len() - 1);
    assert!(pieces.len() > 2 && pieces.iter().all(|f| !f.complete && f.raw.len() <= 21));
    assert_eq!(pieces[0].id.as_deref(), Some("1"));
}

#[test]
fn a_gap_spoils_one_frame_only() {
    let (mut parser, mut out) = (Sse::new(1 << 20), Vec::new());
    parser.push(&Bytes::from_static(b"data: a\n\ndata: {\"x\""), AT, &mut out);
    parser.gap(AT, &mut out);
    parser.push(&Bytes::from_static(b": 1}\n\ndata: c\n\n"), AT, &mut out);
    let told: Vec<String> = out.iter().map(told).collect();
    assert_eq!(told, ["-|-|-||a", "!-|-|-||{\"x\"", "!-|-|-||-", "-|-|-||c"]);
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "data",
        "event",
        "id",
        "retry",
        ":",
        " ",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "1",
        "a",
        "\u{feff}",
        "\0",
        "é",
        "data: {\"jsonrpc\":\"2.0\"}\n\n",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn every_split_gives_the_same_frames(
        body in bodies(), cuts in prop::collection::vec(0usize..300, 0..4), cap in 8usize..400
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let parts: Vec<&[u8]> = cuts.windows(2).map(|w| &body[w[0]..w[1]]).collect();
        prop_assert_eq!(parse_capped(&parts, cap), parse_capped(&[&body], cap));
    }

    #[test]
    fn all_raw_joined_is_the_body(body in prop::collection::vec(any::<u8>(), 0..300), cap in 8usize..400) {
        let joined: Vec<u8> =
            parse_capped(&[&body], cap).iter().flat_map(|f| f.raw.to_vec()).collect();
        prop_assert_eq!(joined, body);
    }
}
