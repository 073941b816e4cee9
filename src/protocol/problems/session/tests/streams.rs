//! Streams that break, end or repeat themselves.

use super::{
    Severity, ask, delete, fires, get, handshake, id, json, nothing, only, post, problems, served,
    sse, told,
};

const LOG: &str =
    r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}"#;

fn asked(answer: &str) -> String {
    handshake("a") + &post("/mcp", &id("a"), &ask(1), answer)
}

fn resume(event: &str, answer: &str) -> String {
    get(&format!("{}; Last-Event-ID: {event}", id("a")), answer)
}

#[test]
fn an_answer_never_comes() {
    only(&asked(&sse(&format!("data: {LOG}\n"))), "answer-missing", 2);
    only(&asked("202"), "answer-missing", 2);
    only(&asked(&json("", "")), "answer-missing", 2);
    nothing(&asked(&json("", &told(1))));
    nothing(&asked("500"));
    nothing(&asked("401"));
    // An error for no id is the answer.
    nothing(&asked(&json(
        "",
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse"}}"#,
    )));
    // It goes on, or the client went away, or closed the session, or cancelled.
    nothing(&asked(&format!("200\ncontent-type: text/event-stream\n..\n\ndata: {LOG}\n")));
    nothing(&asked(&format!("{}== client-closed\n", sse(&format!("data: {LOG}\n")))));
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    let running = "200\ncontent-type: text/event-stream\n..\n\n: hi\n";
    let cancelled =
        asked(running) + &post("/mcp", &id("a"), cancel, "202") + ".. 2\n: bye\n== completed\n";
    nothing(&cancelled);
    nothing(&(asked(running) + &delete("a") + ".. 2\n: bye\n== completed\n"));
}

#[test]
fn the_connection_breaks_under_a_call() {
    for outcome in ["upstream-reset", "truncated"] {
        let cut = format!("{}== {outcome}\n", sse(&format!("data: {LOG}\n")));
        only(&asked(&cut), "call-cut-off", 2);
    }
    only(&asked("502\n== proxy-error\n"), "call-cut-off", 2);
    // After its answer nothing is lost.
    let after = format!("{}== upstream-reset\n", sse(&format!("data: {}\n", told(1))));
    nothing(&asked(&after));
}

#[test]
fn a_stream_is_resumed() {
    let primed = sse("id: e1\nretry: 10\ndata:\n");
    let cut = format!("{primed}== upstream-reset\n");
    let answer = sse(&format!("id: e2\ndata: {}\n", told(1)));
    for first in [&primed, &cut] {
        nothing(&(asked(first) + &resume("e1", &answer)));
        only(&(asked(first) + &resume("e1", &sse(": nothing\n"))), "resume-brought-nothing", 3);
        only(&(asked(first) + &resume("e1", "405")), "resume-not-supported", 3);
        let broken = format!("{}== truncated\n", sse(": nothing\n"));
        only(&(asked(first) + &resume("e1", &broken)), "call-cut-off", 3);
    }
    only(&asked(&primed), "answer-missing", 2);
    only(&asked(&cut), "call-cut-off", 2);
    // Polling: closed after each id, and answered at last.
    let again = sse("id: e2\ndata:\n");
    nothing(
        &(asked(&primed)
            + &resume("e1", &again)
            + &resume("e2", &sse(&format!("id: e3\ndata: {}\n", told(1))))),
    );
    // A listen stream that is opened anew and has nothing to say.
    let listen = sse(&format!("id: n1\ndata: {LOG}\n"));
    nothing(&(handshake("a") + &get(&id("a"), &listen) + &resume("n1", &sse(": quiet\n"))));
}

#[test]
fn a_broken_listen_stream_is_resumed_for_nothing() {
    let event = format!("id: n1\ndata: {LOG}\n");
    let cut = format!("{}== truncated\n", sse(&event));
    let broken = handshake("a") + &get(&id("a"), &cut);
    let empty = broken.clone() + &resume("n1", &sse(": quiet\n"));
    only(&empty, "resume-brought-nothing", 3);
    assert_eq!(problems(&empty)[0].severity, Severity::Warning);
    nothing(&(broken.clone() + &resume("n1", &sse(&format!("id: n2\ndata: {LOG}\n")))));
    // It goes on: something may come yet.
    nothing(&(broken + &resume("n1", "200\ncontent-type: text/event-stream\n..\n\n: quiet\n")));
}

#[test]
fn a_stream_is_resumed_after_an_event_that_never_was() {
    let listen = sse(&format!("id: n1\ndata: {LOG}\n"));
    let told = handshake("a") + &get(&id("a"), &listen);
    only(&(told.clone() + &resume("n2", &sse(": quiet\n"))), "resume-unknown-event", 3);
    nothing(&(told + &resume("n1", &sse(": quiet\n"))));
    // The recording began later than the session.
    nothing(&(served("a", 1) + &resume("n2", &sse(": quiet\n"))));
}

#[test]
fn a_listen_stream_breaks() {
    let cut = format!("{}== upstream-reset\n", sse(&format!("id: n1\ndata: {LOG}\n")));
    let broken = handshake("a") + &get(&id("a"), &cut);
    only(&(broken.clone() + &served("a", 1)), "stream-cut", 2);
    nothing(
        &(broken.clone()
            + &resume("n1", &sse(&format!("id: n2\ndata: {LOG}\n")))
            + &served("a", 1)),
    );
    // Nobody went on.
    nothing(&broken);
    let ended = handshake("a") + &get(&id("a"), &sse(&format!("data: {LOG}\n"))) + &served("a", 1);
    nothing(&ended);
}

#[test]
fn a_thing_is_delivered_twice() {
    let event = format!("id: n1\ndata: {LOG}\n");
    let twice = handshake("a") + &get(&id("a"), &sse(&event)) + &get(&id("a"), &sse(&event));
    only(&twice, "duplicate-delivery", 3);
    let answer = format!("data: {}\n", told(1));
    only(&asked(&sse(&format!("{answer}\n{answer}"))), "duplicate-delivery", 2);
    // The same content is no duplicate: only the id tells.
    let same = format!("id: n1\ndata: {LOG}\n\nid: n2\ndata: {LOG}\n");
    nothing(&(handshake("a") + &get(&id("a"), &sse(&same))));
    // rmcp primes each stream with the id 0.
    let primed =
        |n: u32| sse(&format!("id: 0\nretry: 3000\ndata:\n\nid: 1/{n}\ndata: {}\n", told(n)));
    let rmcp = handshake("a")
        + &post("/mcp", &id("a"), &ask(1), &primed(1))
        + &post("/mcp", &id("a"), &ask(2), &primed(2));
    nothing(&rmcp);
}

#[test]
fn answers_to_nobody() {
    let text = r#"{"jsonrpc":"2.0","id":"1","result":{}}"#;
    only(&asked(&json("", text)), "orphan-answer", 2);
    let listen = handshake("a") + &get(&id("a"), &sse(&format!("data: {}\n", told(9))));
    only(&listen, "orphan-answer", 2);
    // Asked before the recording began.
    nothing(&get(&id("a"), &sse(&format!("data: {}\n", told(9)))));
    let server_error =
        r#"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"x"}}"#;
    nothing(&asked(&json("", server_error)));
    let response = r#"{"jsonrpc":"2.0","id":77,"result":{}}"#;
    only(&(handshake("a") + &post("/mcp", &id("a"), response, "202")), "unasked-response", 2);
    let ping = sse("data: {\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"ping\"}\n");
    nothing(&(handshake("a") + &get(&id("a"), &ping) + &post("/mcp", &id("a"), response, "202")));
}

#[test]
fn http_sse_answers_on_its_channel() {
    let channel = |rest: &str| {
        format!(
            ">> GET http://localhost:3000/sse\n<< 200\ncontent-type: text/event-stream\n..\n\nevent: endpoint\ndata: /messages?sessionId=x\n\n{rest}"
        )
    };
    let call = post("/messages?sessionId=x", "", &ask(1), "202");
    let answered = channel("") + &call + &format!(".. 0\ndata: {}\n\n== completed\n", told(1));
    nothing(&answered);
    nothing(&(channel("") + &call));
    let ended = channel("") + &call + ".. 0\n: bye\n\n== completed\n";
    only(&ended, "answer-missing", 0);
    let broken = channel("") + &call + ".. 0\n: bye\n\n== upstream-reset\n";
    only(&broken, "call-cut-off", 0);
    let left = channel("") + &call + ".. 0\n: bye\n\n== client-closed\n";
    nothing(&left);
    assert_eq!(fires(&channel("")), []);
}
