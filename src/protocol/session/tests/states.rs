//! The life of a session: each step with what showed it.

use super::*;

/// The states of the only session and their evidence.
fn life(transcript: &str) -> Vec<(State, String)> {
    let session = only(transcript, later(1));
    session.states.into_iter().map(|step| (step.state, step.evidence)).collect()
}

/// What follows the handshake.
fn after_handshake(transcript: &str) -> Vec<(State, String)> {
    life(&format!("{HANDSHAKE}{transcript}")).split_off(3)
}

fn request(status: u16, body: &str) -> String {
    let method = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    format!(
        ">> POST http://localhost:3000/mcp\nMcp-Session-Id: a\n\n{method}\n<< {status}\n\
         content-type: application/json\n\n{body}\n"
    )
}

const REBUILT: &str = r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized"},"id":null}"#;
const EXPIRED: &str = r#"{"code":"SessionExpired","message":"session a is expired"}"#;
const NOT_FOUND: &str = r#"{"code":"SESSION_NOT_FOUND","message":"Session expired"}"#;

#[test]
fn a_refusal_on_a_known_id_expires_the_session() {
    for (status, body, evidence) in [
        (404, "", "POST answered 404 on a known id"),
        (404, NOT_FOUND, "POST answered 404 SESSION_NOT_FOUND Session expired on a known id"),
        (401, EXPIRED, "POST answered 401 SessionExpired session a is expired on a known id"),
        (
            400,
            REBUILT,
            "POST answered 400 -32000 Bad Request: Server not initialized on a known id",
        ),
    ] {
        assert_eq!(
            after_handshake(&request(status, body)),
            [(State::Expired, evidence.to_owned())],
            "{body}"
        );
    }
}

#[test]
fn what_is_no_refusal_of_the_session_changes_nothing() {
    let unknown = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#;
    for text in [
        request(401, r#"{"error":"invalid_token"}"#),
        request(403, ""),
        request(500, ""),
        request(404, unknown),
        ">> DELETE http://localhost:3000/mcp\nMcp-Session-Id: a\n<< 405\n".to_owned(),
        ">> GET http://localhost:3000/mcp\nMcp-Session-Id: a\n<< 405\n".to_owned(),
    ] {
        assert_eq!(after_handshake(&text), [], "{text}");
    }
}

/// houses.md 1: only a recording in which the id was seen alive shows that it expired.
#[test]
fn an_id_that_was_never_seen_alive_has_not_expired() {
    let steps = life(&request(401, EXPIRED).repeat(3));
    let evidence = "POST answered 401 SessionExpired session a is expired: this recording never saw \
                    the session alive";
    assert_eq!(
        steps,
        [(State::Created, "POST /mcp".to_owned()), (State::Created, evidence.to_owned())]
    );
    let alive = life(&[request(200, ""), request(401, EXPIRED)].concat());
    assert_eq!(alive.last().map(|step| step.0), Some(State::Expired));
}

#[test]
fn what_comes_after_the_end_reopens_nothing() {
    let delete = ">> DELETE http://localhost:3000/mcp\nMcp-Session-Id: a\n<< 204\n".to_owned();
    let steps = after_handshake(&[delete, request(404, "")].concat());
    assert_eq!(steps, [(State::Closed, "DELETE answered 204".to_owned())]);
}

/// Several instances behind one address, each with its own sessions.
#[test]
fn a_session_that_is_served_again_stands_again() {
    let steps = after_handshake(&[request(404, ""), request(200, "")].concat());
    let states: Vec<State> = steps.into_iter().map(|step| step.0).collect();
    assert_eq!(states, [State::Expired, State::Initialized]);
}

/// The stream was opened while the session stood; that it ends later says nothing.
#[test]
fn a_stream_that_ends_after_the_expiry_does_not_bring_the_session_back() {
    let listening = ">> GET http://localhost:3000/mcp\nMcp-Session-Id: a\n<< 200\n\
                     content-type: text/event-stream\n..\n\n: ping\n\n";
    let text = [listening, &request(404, ""), ".. 2\n: pong\n\n== completed\n"].concat();
    let life = life(&format!("{HANDSHAKE}{text}"));
    assert_eq!(life.last().map(|step| step.0), Some(State::Expired), "{life:#?}");
}

#[test]
fn http_sse_is_closed_when_its_stream_ends() {
    let channel = |end: &str| {
        format!(
            ">> GET http://h/sse\n<< 200\ncontent-type: text/event-stream\n{end}\n\
             event: endpoint\ndata: /messages?sessionId=x\n\n"
        )
    };
    let states = |end: &str| life(&channel(end)).into_iter().map(|step| step.0).collect::<Vec<_>>();
    assert_eq!(states("..\n"), [State::Created, State::Connected]);
    assert_eq!(states(""), [State::Created, State::Connected, State::Closed]);
}

/// houses.md 4's words, for any client.
#[test]
fn the_state_of_the_stream() {
    let get = |rest: &str| format!(">> GET http://localhost:3000/mcp\nMcp-Session-Id: a\n{rest}");
    let stream = "<< 200\ncontent-type: text/event-stream\n";
    for (text, word) in [
        (String::new(), "accepted"),
        (get("..\n"), "connecting"),
        (get(&format!("{stream}..\n\n: ping\n\n")), "streaming"),
        (get(&format!("{stream}\n: ping\n\n")), "stream_closed"),
        (get("<< 405\n"), "get_not_supported"),
        (">> DELETE http://localhost:3000/mcp\nMcp-Session-Id: a\n<< 200\n".to_owned(), "closed"),
    ] {
        let session = only(&format!("{HANDSHAKE}{text}"), later(1));
        assert_eq!(session.stream_state.as_deref(), Some(word), "{text}");
    }
}

#[test]
fn steps_are_bounded_and_the_last_one_is_true() {
    let text = [request(404, ""), request(200, "")].concat().repeat(600);
    let session = only(&format!("{HANDSHAKE}{text}"), later(1));
    assert_eq!((session.states.len(), session.state), (1_000, State::Initialized));
}
