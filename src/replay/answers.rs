//! What the client answered to the server's requests when it was recorded, to answer them again:
//! by method and canonical parameters, in the order of occurrence (protocol.md §7). What was never
//! asked has a fallback, and is told as drift.

use std::collections::{HashMap, VecDeque};

use serde_json::Value as Json;

use super::{edit, plan, value::Value};
use crate::protocol::{Direction, Kind, Message, Story};

/// Keys whose values differ from run to run: they are no part of a question.
const VOLATILE: [&str; 4] = ["_meta", "elicitationId", "taskId", "url"];

/// The recorded answers that are left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers<'s> {
    left: HashMap<(String, String), VecDeque<Answer<'s>>>,
}

/// An answer: the message that bore it, and its place there.
#[derive(Clone, Debug)]
pub(crate) struct Answer<'s> {
    /// What the client sent.
    pub(crate) message: &'s Message,
    /// Where the result stands in it; `/error` for a refusal.
    pub(crate) place: String,
    /// What the server had asked.
    pub(crate) question: &'s Message,
}

impl<'s> Answers<'s> {
    pub(crate) fn of(story: &'s Story) -> Self {
        let mut answers = Self::default();
        for (question, message) in plan::asked(story) {
            let place = if message.kind == Kind::Error { "/error" } else { "/result" };
            let text = String::from_utf8_lossy(&question.payload);
            let method = question.method.as_deref().unwrap_or_default();
            let params = edit::get(&text, "/params").unwrap_or("{}");
            let answer = Answer { message, place: place.to_owned(), question };
            answers.put(method, params, answer);
        }
        answers.of_retries(story);
        answers
    }

    /// Multi-round trips: `inputRequests` of a result, `inputResponses` of what was sent after it.
    fn of_retries(&mut self, story: &'s Story) {
        let mut open: HashMap<String, (String, &'s Message)> = HashMap::new();
        for message in &story.messages {
            let text = String::from_utf8_lossy(&message.payload);
            if message.direction == Direction::ServerToClient {
                for (key, question) in members(&text, "/result/inputRequests") {
                    open.insert(key, (question, message));
                }
                continue;
            }
            for (key, _) in members(&text, "/params/inputResponses") {
                let Some((question, asker)) = open.get(&key) else { continue };
                let method = edit::text(question, "/method").unwrap_or_default();
                let params = edit::get(question, "/params").unwrap_or("{}");
                let place = format!("/params/inputResponses/{}", escaped(&key));
                self.put(&method, params, Answer { message, place, question: asker });
            }
        }
    }

    fn put(&mut self, method: &str, params: &str, answer: Answer<'s>) {
        self.left.entry((method.to_owned(), canonical(params))).or_default().push_back(answer);
    }

    /// The next recorded answer to a question of the live server.
    pub(crate) fn take(&mut self, method: &str, params: &str) -> Option<Answer<'s>> {
        self.left.get_mut(&(method.to_owned(), canonical(params)))?.pop_front()
    }
}

/// The members of an object at a place.
pub(crate) fn members(json: &str, place: &str) -> Vec<(String, String)> {
    match edit::get(json, place).map(Value::of) {
        Some(Value::Object(members)) => {
            members.into_iter().map(|(key, value)| (key, value.get().to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

/// A key as a step of RFC 6901.
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What is said where nothing was recorded: the member of the answer and its value (protocol.md §7).
pub(crate) fn fallback(method: &str) -> (&'static str, &'static str) {
    match method {
        "ping" => ("result", "{}"),
        "roots/list" => ("result", r#"{"roots":[]}"#),
        "elicitation/create" => ("result", r#"{"action":"decline"}"#),
        "sampling/createMessage" => {
            ("error", r#"{"code":-1,"message":"User rejected sampling request"}"#)
        }
        _ => ("error", r#"{"code":-32601,"message":"Method not found"}"#),
    }
}

/// Parameters in one spelling, without what differs from run to run. `serde_json` refuses depth
/// that would cost a stack; such parameters match by their spelling.
fn canonical(params: &str) -> String {
    let Ok(Json::Object(mut fields)) = serde_json::from_str(params) else {
        return params.to_owned();
    };
    for key in VOLATILE {
        fields.remove(key);
    }
    Json::Object(fields).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::testing::stories;

    #[test]
    fn what_was_answered_is_answered_again_in_order_and_once() {
        let stories = stories(
            r#"
>> POST http://h/mcp

{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}
<< 200
content-type: text/event-stream

data: {"jsonrpc":"2.0","id":"a","method":"elicitation/create","params":{"message":"who?","elicitationId":"1"}}

..
>> POST http://h/mcp

{"jsonrpc":"2.0","id":"a","result":{"action":"accept"}}
<< 202
"#,
        );
        let mut answers = Answers::of(stories.first().expect("a session"));
        let taken = answers
            .take("elicitation/create", r#"{"elicitationId":"2","message":"who?"}"#)
            .expect("the recorded one");
        assert_eq!(taken.place, "/result");
        assert!(answers.take("elicitation/create", r#"{"message":"who?"}"#).is_none(), "once");
        assert_eq!(fallback("ping").1, "{}");
    }

    #[test]
    fn answers_of_retries_stand_in_their_params() {
        let stories = stories(
            r#"
>> POST http://h/mcp
mcp-protocol-version: 2026-07-28

{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}
<< 200
content-type: application/json

{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{"k":{"method":"elicitation/create","params":{"message":"who?"}}},"requestState":"s"}}
>> POST http://h/mcp
mcp-protocol-version: 2026-07-28

{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t","requestState":"s","inputResponses":{"k":{"action":"accept"}}}}
<< 200
content-type: application/json

{"jsonrpc":"2.0","id":2,"result":{"resultType":"complete"}}
"#,
        );
        let mut answers = Answers::of(stories.first().expect("a session"));
        let taken = answers.take("elicitation/create", r#"{"message":"who?"}"#).expect("recorded");
        let text = String::from_utf8_lossy(&taken.message.payload);
        assert_eq!(edit::get(&text, &taken.place), Some(r#"{"action":"accept"}"#));
    }
}
