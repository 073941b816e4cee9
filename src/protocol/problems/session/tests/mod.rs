//! Each rule on transcripts that show its fault, and on ones that come close.
//!
//! Only the rules of this room are looked at: transcripts are short and leave out what others ask.

mod calls;
mod clean;
mod houses;
mod negotiation;
mod oauth;
mod security;
mod streams;

use crate::protocol::{
    problems::{Problem, Severity, judge, judge_all},
    testing::{number, stories},
};

/// What the rules of this room find, in the order of stories.
pub(super) fn problems(transcript: &str) -> Vec<Problem> {
    let stories = stories(transcript);
    let mut all: Vec<Problem> = stories.iter().flat_map(judge).collect();
    all.extend(judge_all(stories.iter().map(|story| &story.session)));
    all.retain(|problem| super::RULES.iter().any(|rule| rule.id() == problem.rule));
    for problem in &all {
        assert!(!problem.text.is_empty() && !problem.evidence.is_empty(), "{problem:?}");
        assert!(!problem.remedy.is_empty() && !problem.source.is_empty(), "{problem:?}");
    }
    all
}

/// The rules that fire, each with the number of the exchange at fault.
pub(super) fn fires(transcript: &str) -> Vec<(String, usize)> {
    let place = |problem: Problem| {
        let exchange = problem.exchange.expect("an exchange at fault");
        (problem.rule, number(exchange))
    };
    problems(transcript).into_iter().map(place).collect()
}

/// Demands that a transcript raises exactly this.
#[track_caller]
pub(super) fn only(transcript: &str, rule: &str, exchange: usize) {
    assert_eq!(fires(transcript), [(rule.to_owned(), exchange)], "{transcript}");
}

/// Demands that a transcript raises nothing.
#[track_caller]
pub(super) fn nothing(transcript: &str) {
    assert_eq!(fires(transcript), [], "{transcript}");
}

/// A POST with a message, and what comes back: status, then headers, an empty line and a body.
pub(super) fn post(path: &str, headers: &str, message: &str, answer: &str) -> String {
    let headers = lines(headers);
    format!(
        ">> POST http://localhost:3000{path}\ncontent-type: application/json\n{headers}\n{message}\n<< {answer}\n"
    )
}

fn lines(headers: &str) -> String {
    headers.split("; ").filter(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect()
}

/// A JSON answer: status 200, headers, body.
pub(super) fn json(headers: &str, body: &str) -> String {
    format!("200\ncontent-type: application/json\n{}\n{body}", lines(headers))
}

/// A refusal with a JSON body.
pub(super) fn refusal(status: u16, body: &str) -> String {
    format!("{status}\ncontent-type: application/json\n\n{body}")
}

/// An event stream with these frames.
pub(super) fn sse(frames: &str) -> String {
    format!("200\ncontent-type: text/event-stream\n\n{frames}\n")
}

/// `initialize` answered, and `notifications/initialized`, at `/mcp`: exchanges 0 and 1.
pub(super) fn handshake(session: &str) -> String {
    handshake_at("/mcp", session, "{}", r#"{"tools":{}}"#)
}

/// The same at another path, with capabilities.
pub(super) fn handshake_at(path: &str, session: &str, client: &str, server: &str) -> String {
    let initialize = format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"2025-11-25","capabilities":{client},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
    );
    let result = format!(
        r#"{{"jsonrpc":"2.0","id":0,"result":{{"protocolVersion":"2025-11-25","capabilities":{server},"serverInfo":{{"name":"s","version":"1"}}}}}}"#
    );
    let issued = if session.is_empty() { String::new() } else { id(session) };
    post(path, "", &initialize, &json(&issued, &result)) + &post(path, &issued, INITIALIZED, "202")
}

pub(super) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// The header that bears a session id.
pub(super) fn id(session: &str) -> String {
    format!("Mcp-Session-Id: {session}")
}

/// A `tools/call`.
pub(super) fn ask(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"t"}}}}"#)
}

/// Its answer.
pub(super) fn told(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[]}}}}"#)
}

/// A call that is answered.
pub(super) fn served(session: &str, number: u32) -> String {
    post("/mcp", &id(session), &ask(number), &json("", &told(number)))
}

/// A GET at `/mcp` and what comes back.
pub(super) fn get(headers: &str, answer: &str) -> String {
    format!(
        ">> GET http://localhost:3000/mcp\naccept: text/event-stream\n{}<< {answer}\n",
        lines(headers)
    )
}

pub(super) fn delete(session: &str) -> String {
    format!(">> DELETE http://localhost:3000/mcp\n{}\n<< 200\n", id(session))
}

#[test]
fn each_rule_has_a_name_of_its_own_and_a_source() {
    let mut names: Vec<&str> = super::RULES.iter().map(|rule| rule.id()).collect();
    let kebab = |name: &&str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    assert!(names.iter().all(kebab));
    names.sort_unstable();
    assert!(names.windows(2).all(|two| two[0] != two[1]), "{names:?}");
}

#[test]
fn what_is_no_loss_is_no_error() {
    let severity =
        |id: &str| super::RULES.iter().find(|rule| rule.id() == id).map(|rule| rule.severity());
    for id in ["session-leak", "orphan-answer", "tool-not-listed", "session-id-in-url"] {
        assert_eq!(severity(id), Some(Severity::Warning), "{id}");
    }
    for id in ["late-answer", "slow-call", "deprecated-feature", "assigned-session-unused"] {
        assert_eq!(severity(id), Some(Severity::Info), "{id}");
    }
}
