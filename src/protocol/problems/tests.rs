//! Each rule on a transcript that shows its fault, and on one that comes close.

use super::judge;
use crate::protocol::testing::stories;

/// The rules that fire on a transcript, each with the number of the exchange at fault.
fn fires(transcript: &str) -> Vec<(String, Option<usize>)> {
    let mut all = Vec::new();
    for story in stories(transcript) {
        for problem in judge(&story) {
            let place = problem.exchange.map(crate::protocol::testing::number);
            all.push((problem.rule, place));
        }
    }
    all
}

#[test]
fn a_stream_cut_inside_an_event() {
    let cut = ">> POST http://localhost:3000/mcp
        accept: application/json, text/event-stream
        content-type: application/json

        {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}
        << 200
        content-type: text/event-stream

        data: {\"jsonrpc\":";
    assert_eq!(fires(cut), [("truncated-stream".to_owned(), Some(0))]);
}
