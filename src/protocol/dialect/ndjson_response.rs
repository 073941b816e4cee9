//! Servers that answer a POST with newline-delimited JSON where its `Accept` asks for that: n8n's
//! "httpStreamable", Express and worker servers that do the same (protocol.md §9). Notifications
//! come first, one JSON a line, then the answer; there is no session line. A call's progress is told
//! by a method of their own, `progress.update`, which bears no token.

use super::Dialect;
use crate::protocol::model::{Summary, Transport};

pub(crate) struct NdjsonResponse;

impl Dialect for NdjsonResponse {
    fn name(&self) -> &'static str {
        "ndjson-response"
    }

    fn progress(&self) -> Option<&'static str> {
        Some("progress.update")
    }

    /// The router bridge streams on a GET, and never on what is posted.
    fn shown_by(&self, summary: &Summary) -> bool {
        summary.method == "POST" && summary.transport == Some(Transport::Ndjson)
    }
}

#[cfg(test)]
mod tests {
    use crate::protocol::{
        Ending,
        dialect::tests::{post, result, shown_in},
        testing::stories,
    };

    const LINES: &str = "<< 200\ncontent-type: application/x-ndjson\n\n";
    const UPDATE: &str =
        "{\"jsonrpc\":\"2.0\",\"method\":\"progress.update\",\"params\":{\"progress\":1}}";

    /// Posts a call that is answered by these lines.
    fn call(lines: &[&str]) -> String {
        post("/mcp", "Mcp-Session-Id: a\n", "tools/call", &[LINES, &lines.join("\n")].concat())
    }

    #[test]
    fn it_shows_by_lines_that_answer_a_post() {
        assert_eq!(shown_in(&call(&[&result("{}")])), [["ndjson-response"]]);
        let channel = ">> GET http://h/mcp\nMcp-Session-Id: a\n";
        let channel = [channel, LINES, UPDATE, "\n"].concat();
        assert_eq!(shown_in(&channel), [[""; 0]]);
        let json = "<< 200\ncontent-type: application/json\n\n";
        let json = post("/mcp", "Mcp-Session-Id: a\n", "ping", &[json, &result("{}")].concat());
        assert_eq!(shown_in(&json), [["json-response"]]);
    }

    #[test]
    fn its_progress_belongs_to_the_call_on_whose_stream_it_comes() {
        let two = [call(&[UPDATE, UPDATE, &result("{}")]), call(&[&result("{}")])].concat();
        let story = stories(&two).remove(0);
        let told: Vec<_> =
            story.calls.iter().map(|call| (call.progress.len(), call.ending)).collect();
        assert_eq!(told, [(2, Ending::Ok), (0, Ending::Ok)]);
        assert!(story.calls.iter().all(|call| call.notifications.is_empty()));
    }
}
