use super::*;
use crate::protocol::testing::readings;

/// `number of the answer -> number of its request` by exchange, for the messages of a transcript.
fn paired(transcript: &str) -> Vec<(u32, String)> {
    let mut all: Vec<Message> = readings(transcript).into_iter().flat_map(|r| r.messages).collect();
    pair(&mut all);
    let names: Vec<String> = all.iter().map(Message::id).collect();
    let place = |id: &String| names.iter().position(|name| name == id).expect("one of them");
    all.iter()
        .enumerate()
        .filter_map(|(at, m)| {
            let asked = place(m.answers.as_ref()?);
            Some((u32::try_from(at).expect("few"), format!("{asked} {}", m.method.as_deref()?)))
        })
        .collect()
}

#[test]
fn one_is_not_the_text_one_and_sides_never_cross() {
    let seen = paired(
        r#"
        >> POST http://localhost:3000/mcp

        {"jsonrpc":"2.0","id":1,"method":"tools/list"}
        << 200
        content-type: text/event-stream

        data: {"jsonrpc":"2.0","id":1,"method":"roots/list"}

        data: {"jsonrpc":"2.0","id":"1","result":{}}

        data: {"jsonrpc":"2.0","id":1,"result":{}}

        >> POST http://localhost:3000/mcp

        {"jsonrpc":"2.0","id":1,"result":{"roots":[]}}
        << 202
        "#,
    );
    assert_eq!(seen, [(3, "0 tools/list".to_owned()), (4, "1 roots/list".to_owned())]);
}

#[test]
fn an_answer_in_the_same_exchange_is_nearer_than_an_older_request() {
    let seen = paired(
        r#"
        >> POST http://localhost:3000/mcp

        {"jsonrpc":"2.0","id":0,"method":"tools/list"}
        << 202
        >> POST http://localhost:3000/mcp

        {"jsonrpc":"2.0","id":0,"method":"prompts/list"}
        << 200

        {"jsonrpc":"2.0","id":0,"result":{}}
        "#,
    );
    assert_eq!(seen, [(2, "1 prompts/list".to_owned())]);
}

/// A message in a line: `3 > 1` is a request of the client in exchange 3, `3 < =1` an answer of
/// the server.
fn messages(lines: &[&str]) -> Vec<Message> {
    let message = |(place, line): (usize, &&str)| {
        let [exchange, arrow, id] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let answer = id.strip_prefix('=');
        Message {
            exchange: crate::protocol::testing::id(exchange.parse().expect("a number")),
            number: u32::try_from(place).expect("few"),
            frame: None,
            direction: if arrow == ">" {
                Direction::ClientToServer
            } else {
                Direction::ServerToClient
            },
            kind: if answer.is_some() { Kind::Response } else { Kind::Request },
            rpc_id: Some(answer.unwrap_or(id).to_owned()),
            method: None,
            name: None,
            tool_error: false,
            rpc_code: None,
            answers: None,
            duplicate: false,
            latency_us: None,
            at: Timestamp(place as u64),
            sse: None,
            payload: bytes::Bytes::new(),
        }
    };
    lines.iter().enumerate().map(message).collect()
}

#[test]
fn late_second_orphan_and_reused() {
    // Each answer, and which line it answers; `again` where that was answered before.
    let table: &[(&str, &[&str], &[&str])] = &[
        ("zero is an id", &["0 > 0", "0 < =0"], &["1 answers 0"]),
        ("null and what was never asked", &["0 > 1", "0 < =null", "0 < =2", "0 < =\"1\""], &[]),
        ("the asking side does not answer itself", &["0 > 1", "1 > =1"], &[]),
        ("twice", &["0 > 1", "0 < =1", "0 < =1"], &["1 answers 0", "2 answers 0 again"]),
        ("twice elsewhere", &["0 > 1", "0 < =1", "1 < =1"], &["1 answers 0", "2 answers 0 again"]),
        ("late elsewhere", &["0 > 1", "1 < =1"], &["1 answers 0"]),
        (
            "reused after its answer",
            &["0 > 1", "0 < =1", "1 > 1", "1 < =1"],
            &["1 answers 0", "3 answers 2"],
        ),
        (
            "a second answer where it was answered, while the id is used again",
            &["0 > 1", "0 < =1", "1 > 1", "0 < =1", "1 < =1"],
            &["1 answers 0", "3 answers 0 again", "4 answers 2"],
        ),
        (
            "elsewhere the oldest is meant",
            &["0 > 1", "1 > 1", "2 < =1", "2 < =1", "2 < =1"],
            &["2 answers 0", "3 answers 1", "4 answers 1 again"],
        ),
        (
            "one id both ways",
            &["0 > 1", "0 < 1", "1 > =1", "0 < =1"],
            &["2 answers 1", "3 answers 0"],
        ),
        (
            "one id twice in a batch",
            &["0 > 1", "0 > 1", "0 < =1", "0 < =1", "0 < =1"],
            &["2 answers 0", "3 answers 1", "4 answers 1 again"],
        ),
    ];
    for (what, lines, wanted) in table {
        let mut all = messages(lines);
        pair(&mut all);
        let ids: Vec<String> = all.iter().map(Message::id).collect();
        let told = all.iter().enumerate().filter_map(|(place, message)| {
            let asked = ids.iter().position(|id| Some(id) == message.answers.as_ref())?;
            let again = if message.duplicate { " again" } else { "" };
            assert_eq!(message.latency_us.is_none(), message.duplicate, "{what}");
            Some(format!("{place} answers {asked}{again}"))
        });
        assert_eq!(told.collect::<Vec<_>>(), *wanted, "{what}");
    }
}

#[test]
fn what_is_remembered_is_bounded_and_found_at_once_though_all_share_an_id() {
    // Were the search linear, this would take minutes.
    const PENDING: usize = 20_000;
    const ANSWERED: usize = 100;
    let mut pairing = Pairing { pending: Shelf::new(PENDING), answered: Shelf::new(ANSWERED) };
    let session = crate::protocol::testing::id(0);
    let [asks, answers] = [["0 > 1"], ["1 < =1"]].map(|line| messages(&line).remove(0));
    for _ in 0..PENDING + 10 {
        pairing.observe(session, &mut asks.clone());
    }
    let mut answered = 0;
    for _ in 0..PENDING + 10 {
        let mut answer = answers.clone();
        pairing.observe(session, &mut answer);
        answered += usize::from(answer.answers.is_some() && !answer.duplicate);
    }
    assert_eq!(answered, PENDING);
    assert_eq!(pairing.answered.len(), ANSWERED);
    assert_eq!(pairing.pending.len(), 0);
}
