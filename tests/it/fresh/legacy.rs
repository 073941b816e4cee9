//! The bank in 2025-11-25: sessions, streams that are taken up, requests of the server, tasks.

use serde_json::{Value, json};
use uuid::Uuid;

use super::server::{self, Asked, epoch_ms, invalid, note, random, stamp, text};

pub(super) fn serve(asked: &mut Asked<'_>) -> bool {
    let line = asked.request.line();
    let session = asked.header("mcp-session-id").unwrap_or_default().to_owned();
    if asked.method() == "initialize" {
        return initialize(asked);
    }
    if !asked.bank.state.lock().expect("whole").sessions.contains(&session) {
        let gone = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32001, "message": "Session not found"}});
        return asked.say("404 Not Found", &gone, "");
    }
    match line.as_str() {
        "GET /mcp" => listen(asked),
        "DELETE /mcp" => {
            asked.bank.state.lock().expect("whole").sessions.remove(&session);
            asked.say("200 OK", &json!({"closed": session, "at": stamp()}), "")
        }
        _ => post(asked),
    }
}

fn initialize(asked: &mut Asked<'_>) -> bool {
    let session = Uuid::new_v4().to_string();
    asked.bank.state.lock().expect("whole").sessions.insert(session.clone());
    let result = json!({"protocolVersion": "2025-11-25",
        "capabilities": {"tools": {}, "resources": {}, "tasks": {}, "logging": {}},
        "instructions": format!("Open since {}.", stamp()),
        "serverInfo": {"name": "bank", "version": "1"}});
    asked.reply(Ok(result), &format!("Mcp-Session-Id: {session}\r\n"))
}

fn post(asked: &mut Asked<'_>) -> bool {
    let method = asked.method().to_owned();
    if asked.message["id"].is_null() {
        return asked.accepted();
    }
    if method.is_empty() {
        let id = asked.message["id"].as_str().unwrap_or_default().to_owned();
        asked.bank.state.lock().expect("whole").answers.insert(id, asked.message.clone());
        asked.bank.answered.notify_all();
        return asked.accepted();
    }
    match (method.as_str(), asked.tool()) {
        ("tools/call", "report") => report(asked),
        ("tools/call", "confirm") => confirm(asked),
        _ => {
            let result = answer(asked, &method);
            asked.reply(result, "")
        }
    }
}

fn answer(asked: &Asked<'_>, method: &str) -> Result<Value, Value> {
    match (method, asked.tool()) {
        ("tools/list", _) => asked.tools(),
        ("tools/call", "open") => Ok(asked.opened()),
        ("tools/call", "consent") => {
            let id = Uuid::new_v4().to_string();
            let url = format!("https://bank.example/consent?elicitation={id}");
            let one = json!({"mode": "url", "elicitationId": id, "url": url, "message": "Agree"});
            Err(
                json!({"code": -32042, "message": "This needs your consent.", "data": {"elicitations": [one]}}),
            )
        }
        ("tools/call", "slow") => {
            let id = random(32);
            asked.bank.state.lock().expect("whole").tasks.insert(id.clone(), 0);
            let mut task = server::task("working", &id);
            (task["ttl"], task["pollInterval"]) = (json!(60_000), json!(20));
            Ok(json!({"task": task}))
        }
        ("tools/call", _) => Ok(asked.of_account()),
        ("tasks/get" | "tasks/result", _) => task(asked, method),
        ("resources/list", _) => Ok(asked.statements()),
        ("resources/read", _) => asked.statement(),
        ("prompts/get", _) => {
            let account =
                asked.message["params"]["arguments"]["account"].as_str().unwrap_or_default();
            let account = asked.account_in(account).ok_or_else(|| invalid("no such account"))?;
            let text = format!("Sum up {account} as of {}", stamp());
            Ok(json!({"messages": [{"role": "user", "content": {"type": "text", "text": text}}]}))
        }
        _ => Err(json!({"code": -32601, "message": "Method not found"})),
    }
}

fn task(asked: &Asked<'_>, method: &str) -> Result<Value, Value> {
    let id = asked.message["params"]["taskId"].as_str().unwrap_or_default();
    let mut state = asked.bank.state.lock().expect("whole");
    let polls = state.tasks.get_mut(id).ok_or_else(|| invalid("no such task"))?;
    *polls += 1;
    let done = *polls > 2;
    if method == "tasks/result" {
        let mut result = text(&format!("task {id} ended at {}", stamp()));
        result["_meta"] = json!({"io.modelcontextprotocol/related-task": {"taskId": id}});
        return Ok(result);
    }
    let mut task = server::task(if done { "completed" } else { "working" }, id);
    (task["ttl"], task["pollInterval"]) = (json!(60_000), json!(20));
    Ok(task)
}

/// A stream that primes, tells, is cut and taken up behind its last event.
fn report(asked: &mut Asked<'_>) -> bool {
    let token = asked.message["params"]["_meta"]["progressToken"].clone();
    let account = asked.message["params"]["arguments"]["account"].as_str().unwrap_or_default();
    let told = match asked.account_in(account) {
        Some(account) => text(&format!("Report {} on {account} of {}", epoch_ms(), stamp())),
        None => text("there is no such account"),
    };
    let response = asked.response(Ok(told)).to_string();
    asked.stream();
    asked.event(&note("notifications/resources/updated", &asked.updated()));
    asked.event(&note("notifications/progress", &json!({"progressToken": token, "progress": 1})));
    let log = json!({"level": "info", "logger": "desk", "data": {"at": stamp(), "run": random(8)}});
    let last = asked.event(&note("notifications/message", &log));
    asked.bank.state.lock().expect("whole").events.insert(last, vec![response]);
    asked.end();
    false
}

/// The user is sent to a page, and the stream says when that is done.
fn confirm(asked: &mut Asked<'_>) -> bool {
    let (id, elicitation) = (format!("ask-{}", random(8)), Uuid::new_v4().to_string());
    let url = format!("https://bank.example/confirm/{elicitation}?at={}", epoch_ms());
    let params =
        json!({"mode": "url", "message": "Confirm", "elicitationId": elicitation, "url": url});
    asked.stream();
    asked.event(
        &json!({"jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": params}),
    );
    let answer = asked.answer_to(&id);
    asked
        .event(&note("notifications/elicitation/complete", &json!({"elicitationId": elicitation})));
    let action = answer["result"]["action"].as_str().unwrap_or("nothing");
    let told = text(&format!("{action} by elicitation {elicitation} at {}", stamp()));
    let response = asked.response(Ok(told));
    asked.event(&response);
    asked.end()
}

/// A stream to listen on, which ends once it has said something; or one that is taken up.
fn listen(asked: &mut Asked<'_>) -> bool {
    let behind = asked.header("last-event-id").map(str::to_owned);
    let left = match &behind {
        None => vec![],
        Some(id) => match asked.bank.state.lock().expect("whole").events.remove(id) {
            Some(left) => left,
            None => return asked.say("400 Bad Request", &json!({"error": "no such event"}), ""),
        },
    };
    asked.stream();
    for message in left {
        asked.event(&serde_json::from_str(&message).expect("ours"));
    }
    if behind.is_none() {
        let last = asked.event(&note("notifications/resources/list_changed", &json!({})));
        asked.bank.state.lock().expect("whole").events.insert(last, vec![]);
    }
    asked.end();
    false
}
