//! Cancellation, progress, and how long calls take.

use super::{ask, handshake, id, json, nothing, only, post, sse, told};

fn cancelled(request: u32) -> String {
    let notice = format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{request}}}}}"#
    );
    post("/mcp", &id("a"), &notice, "202")
}

#[test]
fn an_answer_comes_late() {
    let running = "200\ncontent-type: text/event-stream\n..\n\n: hi\n";
    let asked = handshake("a") + &post("/mcp", &id("a"), &ask(1), running);
    let late = format!("{asked}{}.. 2\ndata: {}\n\n== completed\n", cancelled(1), told(1));
    only(&late, "late-answer", 2);
    let in_time =
        handshake("a") + &post("/mcp", &id("a"), &ask(1), &json("", &told(1))) + &cancelled(1);
    nothing(&in_time);
}

fn progress(token: &str, values: &[f64]) -> String {
    let asked = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":1}}}"#;
    let step = |value: &f64| {
        format!(
            "data: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{{\"progressToken\":{token},\"progress\":{value}}}}}\n\n"
        )
    };
    let steps = values.iter().map(step).collect::<Vec<_>>().concat();
    handshake("a") + &post("/mcp", &id("a"), asked, &sse(&format!("{steps}data: {}\n", told(1))))
}

#[test]
fn progress_has_a_token_and_rises() {
    nothing(&progress("1", &[0.0, 0.5, 1.0]));
    only(&progress("1", &[1.0, 3.0, 2.0]), "progress-not-increasing", 2);
    only(&progress("1", &[1.0, 1.0]), "progress-not-increasing", 2);
    only(&progress("\"1\"", &[1.0]), "progress-unknown-token", 2);
    // A later request may use the token anew.
    let again = progress("1", &[1.0, 2.0]);
    let (_, second) = again.split_at(handshake("a").len());
    nothing(&(again.clone() + second));
}

#[test]
fn a_call_is_slow_among_its_like() {
    let call = |n: u32, wait: &str| {
        let running = "200\ncontent-type: text/event-stream\n..\n\n: hi\n";
        let place = n + 1;
        handshake_once(n)
            + &post("/mcp", &id("a"), &ask(n), running)
            + wait
            + &format!(".. {place}\ndata: {}\n\n== completed\n", told(n))
    };
    let quick: String = (1..=12).map(|n| call(n, "")).collect();
    nothing(&quick);
    only(&(quick.clone() + &call(13, "++ 1m\n")), "slow-call", 14);
    let few: String = (1..=5).map(|n| call(n, "")).collect();
    nothing(&(few + &call(6, "++ 1m\n")));
}

fn handshake_once(n: u32) -> String {
    if n == 1 { handshake("a") } else { String::new() }
}
