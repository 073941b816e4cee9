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
