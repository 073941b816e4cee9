//! A recorded transcript and a live one: what is bound, and what is sent the second time.

mod coded;
mod correct;
mod fills;
mod finds;
mod redacted;
mod same;

use super::{Binding, Bindings, Corrections, Table, Unfilled};
use crate::{
    protocol::{
        Direction, Message, Story,
        testing::{id, number, stories},
    },
    replay::rules::Rules,
};

/// The first story of a transcript.
pub(super) fn story(transcript: &str) -> Story {
    stories(transcript).into_iter().next().expect("a session")
}

/// `0.1/result/nextCursor -> 1.0/params/cursor x2`: exchanges by their number.
pub(super) fn lines(bindings: &Bindings) -> Vec<String> {
    let numbered = |place: &str| {
        (0..200)
            .fold(place.to_owned(), |place, n| place.replace(&id(n).to_string(), &n.to_string()))
    };
    let line = |Binding { from, to, count }: &Binding| {
        let times = if *count > 1 { format!(" x{count}") } else { String::new() };
        format!("{} -> {}{times}", numbered(from), numbered(to))
    };
    bindings.told().iter().map(line).collect()
}

pub(super) fn told(transcript: &str) -> Vec<String> {
    lines(&Bindings::find(&story(transcript), &[]))
}

/// Goes through a recorded session as a driver does, beside a live one of the same shape: what is
/// sent for each message of the client, and the table at the end.
pub(super) struct Run {
    pub(super) sent: Vec<Result<String, Unfilled>>,
    pub(super) table: Table,
}

pub(super) fn run_with(recorded: &str, live: &str, placeholders: &[&str], rules: &str) -> Run {
    let (recorded, live) = (story(recorded), story(live));
    let placeholders: Vec<String> = placeholders.iter().map(|p| (*p).to_owned()).collect();
    let rules = Corrections::of(&Rules::parse(rules).expect("rules"));
    let mut table = Bindings::corrected(&recorded, &placeholders, &rules).table();
    let (mut sent, mut heard) = (Vec::new(), std::collections::HashSet::new());
    let learn_beside = |table: &mut Table, message: &Message| {
        let told = recorded.exchange(message.exchange).expect("its exchange");
        let its = live.exchanges.get(number(message.exchange)).expect("a live one");
        table.learn_told(told, its);
    };
    for message in &recorded.messages {
        if message.direction == Direction::ClientToServer {
            // Whatever was open before this is known by now.
            for told in &recorded.exchanges {
                let is_earlier = told.id() < message.exchange;
                if is_earlier && heard.insert(told.id()) {
                    let its = live.exchanges.get(number(told.id())).expect("a live one");
                    table.learn_told(told, its);
                }
            }
            sent.push(table.fill(message));
        } else {
            if heard.insert(message.exchange) {
                learn_beside(&mut table, message);
            }
            let of = live.messages_of(live.exchanges[number(message.exchange)].id());
            let its = of.into_iter().find(|its| its.number == message.number);
            table.learn(message, its.expect("the same message"));
        }
    }
    Run { sent, table }
}

pub(super) fn run(recorded: &str, live: &str) -> Run {
    run_with(recorded, live, &[], "")
}

/// What was sent, where nothing was left open.
pub(super) fn sent(recorded: &str, live: &str) -> Vec<String> {
    run(recorded, live).sent.into_iter().map(|sent| sent.expect("filled")).collect()
}

/// A POST with its answer, both JSON.
pub(super) fn call(id: u32, method: &str, params: &str, result: &str) -> String {
    let head = "content-type: application/json\n\n";
    format!(
        ">> POST http://localhost:3000/mcp\n{head}{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{params}}}\n\
         << 200\n{head}{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n"
    )
}

/// A tool call with its result.
pub(super) fn tool(id: u32, name: &str, arguments: &str, result: &str) -> String {
    call(id, "tools/call", &format!("{{\"name\":\"{name}\",\"arguments\":{arguments}}}"), result)
}
