//! The bank in 2026-07-28: no sessions; states, questions within results, tasks, subscriptions.

use std::io::Read as _;

use serde_json::{Value, json};
use uuid::Uuid;

use super::server::{self, Asked, invalid, note, random, stamp, text};

pub(super) fn serve(asked: &mut Asked<'_>) -> bool {
    let method = asked.method().to_owned();
    if asked.header("mcp-method") != Some(&method) || !named(asked) {
        let error = json!({"code": -32020, "message": "HeaderMismatch"});
        let body = asked.response(Err(error));
        return asked.say("400 Bad Request", &body, "");
    }
    if method == "subscriptions/listen" {
        return listen(asked);
    }
    let result = answer(asked, &method).map(|mut result| {
        if result["resultType"].is_null() {
            result["resultType"] = json!("complete");
        }
        if result["_meta"].is_null() {
            result["_meta"] = json!({});
        }
        result["_meta"]["io.modelcontextprotocol/serverInfo"] =
            json!({"name": "bank", "version": "1"});
        if method.ends_with("/list") || method == "resources/read" || method == "server/discover" {
            (result["ttlMs"], result["cacheScope"]) = (json!(1000), json!("private"));
        }
        result
    });
    asked.reply(result, "")
}

/// What stands in headers is what stands in the message.
fn named(asked: &Asked<'_>) -> bool {
    let params = &asked.message["params"];
    let name = ["name", "uri", "taskId"].iter().find_map(|key| params[key].as_str());
    let account = params["arguments"]["account"].as_str().filter(|_| asked.tool() == "read");
    asked.header("mcp-name") == name && asked.header("mcp-param-account") == account
}

fn answer(asked: &Asked<'_>, method: &str) -> Result<Value, Value> {
    match (method, asked.tool()) {
        ("server/discover", _) => Ok(json!({"supportedVersions": ["2026-07-28"],
            "capabilities": {"tools": {}, "resources": {}}, "instructions": format!("Open since {}", stamp())})),
        ("tools/list", _) => asked.tools(),
        ("tools/call", "open") => Ok(asked.opened()),
        ("tools/call", "confirm") => confirm(asked),
        ("tools/call", "slow") => {
            let id = Uuid::new_v4().to_string();
            asked.bank.state.lock().expect("whole").tasks.insert(id.clone(), 0);
            let mut task = server::task("working", &id);
            (task["resultType"], task["ttlMs"], task["pollIntervalMs"]) =
                (json!("task"), json!(60_000), json!(20));
            Ok(task)
        }
        ("tools/call", _) => Ok(asked.of_account()),
        ("tasks/get", _) => task(asked),
        ("resources/list", _) => Ok(asked.statements()),
        ("resources/read", _) => asked.statement(),
        _ => Err(json!({"code": -32601, "message": "Method not found"})),
    }
}

/// Two rounds of questions, each with a state of its own, then what was agreed.
fn confirm(asked: &Asked<'_>) -> Result<Value, Value> {
    let params = &asked.message["params"];
    let round = match params["requestState"].as_str() {
        None => 0,
        Some(state) => {
            let known = asked.bank.state.lock().expect("whole").states.remove(state);
            known.ok_or_else(|| invalid("no such state"))?
        }
    };
    let answers = params["inputResponses"].as_object();
    if round > 0 && !answers.is_some_and(|all| all.values().all(|one| one["action"] == "accept")) {
        return Err(invalid("nobody agreed"));
    }
    if round == 2 {
        return Ok(text(&format!("Agreed at {}", stamp())));
    }
    let state = format!("{}.{}", random(24), random(40));
    asked.bank.state.lock().expect("whole").states.insert(state.clone(), round + 1);
    let elicitation = Uuid::new_v4().to_string();
    let question = if round == 0 {
        json!({"mode": "form", "message": "How much?", "requestedSchema": {"type": "object", "properties": {}}})
    } else {
        let url = format!("https://bank.example/confirm?id={elicitation}");
        json!({"mode": "url", "message": "Confirm", "elicitationId": elicitation, "url": url})
    };
    let asks = json!({random(10): {"method": "elicitation/create", "params": question}});
    Ok(json!({"resultType": "input_required", "inputRequests": asks, "requestState": state}))
}

fn task(asked: &Asked<'_>) -> Result<Value, Value> {
    let id = asked.message["params"]["taskId"].as_str().unwrap_or_default();
    let mut state = asked.bank.state.lock().expect("whole");
    let polls = state.tasks.get_mut(id).ok_or_else(|| invalid("no such task"))?;
    *polls += 1;
    let mut task = server::task(if *polls > 2 { "completed" } else { "working" }, id);
    (task["ttlMs"], task["pollIntervalMs"]) = (json!(60_000), json!(20));
    if *polls > 2 {
        task["result"] = text(&format!("task {id} ended at {}", stamp()));
    }
    Ok(task)
}

/// Tells of a statement, and goes on until the client leaves.
fn listen(asked: &mut Asked<'_>) -> bool {
    let id = asked.message["id"].clone();
    let meta = json!({"io.modelcontextprotocol/subscriptionId": id});
    let wanted = asked.message["params"]["notifications"].clone();
    asked.stream();
    let params = json!({"_meta": meta, "notifications": wanted});
    asked.event(&note("notifications/subscriptions/acknowledged", &params));
    for uri in wanted["resourceSubscriptions"].as_array().into_iter().flatten() {
        asked.event(&note("notifications/resources/updated", &json!({"_meta": meta, "uri": uri})));
    }
    // Its end is the client's: reading is how a thread of ours waits for that.
    let _ = asked.out.read(&mut [0]);
    false
}
