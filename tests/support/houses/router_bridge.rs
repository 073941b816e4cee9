//! The router bridge (houses.md 2): HTTP+SSE and newline-delimited JSON on one service, sessions in
//! a store outside, an id looked for in many places.

use std::{
    collections::HashMap,
    io::Write,
    net::{SocketAddr, TcpStream},
    sync::{Mutex, PoisonError, mpsc},
};

use serde_json::{Value, json};

use super::{
    peer::{Answer, Peer, Stream},
    tools,
};
use crate::support::origin::{Origin, PATIENCE, Request, chunk, header, json as json_answer};

const REVISION: &str = "2025-03-26";
const HEADERS: [&str; 4] = ["mcp-session-id", "x-mcp-session-id", "session-id", "x-session-id"];

/// The store outside.
#[derive(Default)]
struct Sessions {
    issued: usize,
    /// How a message reaches the stream of a session, as a line or an event.
    streams: HashMap<String, mpsc::Sender<String>>,
    messages: usize,
}

pub(super) fn serve() -> Origin {
    bridge(usize::MAX)
}

/// Is started anew before the third message: all streams end, and what was there is forgotten.
pub(crate) fn restarted() -> Origin {
    let sessions = Mutex::new(Sessions::default());
    Origin::serve(move |request, out| match request.line().as_str() {
        "GET /sse" => stream(&sessions, &request, out, true),
        "GET /mcp" => stream(&sessions, &request, out, false),
        _ => {
            let third = {
                let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
                if sessions.messages == 2 {
                    sessions.streams.clear();
                }
                sessions.messages == 2
            };
            message(&sessions, &request, out, if third { 2 } else { usize::MAX })
        }
    })
}

/// Forgets every session after four messages: 30 minutes of the real one.
pub(super) fn short_lived() -> Origin {
    bridge(4)
}

fn bridge(messages: usize) -> Origin {
    let sessions = Mutex::new(Sessions::default());
    Origin::serve(move |request, out| match request.line().as_str() {
        "GET /sse" => stream(&sessions, &request, out, true),
        "GET /mcp" => stream(&sessions, &request, out, false),
        _ => message(&sessions, &request, out, messages),
    })
}

/// Opens a stream, says where to send messages, and passes on what they bring.
fn stream(sessions: &Mutex<Sessions>, request: &Request, out: &mut TcpStream, sse: bool) -> bool {
    let (sender, messages) = mpsc::channel();
    let id = {
        let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let id = new_id(&mut sessions);
        sessions.streams.insert(id.clone(), sender);
        id
    };
    let host = header(&request.head, "host").expect("a host");
    let endpoint = format!("http://{host}/mcp/message?sessionId={id}");
    let (kind, first) = if sse {
        ("text/event-stream", format!("event: endpoint\ndata: {endpoint}\n\n"))
    } else {
        let line = json!({
            "type": "session", "sessionId": id, "messageEndpoint": endpoint,
            "transport": "streamable",
        });
        ("application/x-ndjson", format!("{line}\n"))
    };
    let own = if sse { String::new() } else { format!("Mcp-Session-Id: {id}\r\n") };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{own}Transfer-Encoding: chunked\r\n\r\n"
    );
    let mut open = out.write_all(&[head.into_bytes(), chunk(first)].concat()).is_ok();
    while open {
        let Ok(message) = messages.recv_timeout(PATIENCE) else { break };
        let text =
            if sse { format!("event: message\ndata: {message}\n\n") } else { message + "\n" };
        open = out.write_all(&chunk(text)).is_ok();
    }
    false
}

/// Takes a message: its answer goes on the session's stream, or back at once where it has none.
fn message(
    sessions: &Mutex<Sessions>,
    request: &Request,
    out: &mut TcpStream,
    messages: usize,
) -> bool {
    let message: Value = serde_json::from_slice(&request.body).expect("JSON");
    let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.messages += 1;
    if sessions.messages > messages {
        // What it answers then is left open by the house; this is what such stores mostly do.
        let body = json!({"error": "session not found or expired"}).to_string();
        let answer = json_answer(&body, "").replace("200 OK", "404 Not Found");
        return out.write_all(answer.as_bytes()).is_ok();
    }
    let answer = tools::answer(&message, "router-bridge", REVISION);
    let id = candidate(request, &message).unwrap_or_else(|| new_id(&mut sessions));
    let own = format!("Mcp-Session-Id: {id}\r\n");
    let text = match (sessions.streams.get(&id), answer) {
        (Some(stream), answer) => {
            // A stream whose client has left takes nothing; the message is accepted all the same.
            let _ = answer.map(|answer| stream.send(answer.to_string()));
            accepted("")
        }
        (None, Some(answer)) => json_answer(&answer.to_string(), &own),
        (None, None) => accepted(&own),
    };
    out.write_all(text.as_bytes()).is_ok()
}

fn accepted(own: &str) -> String {
    format!("HTTP/1.1 202 Accepted\r\n{own}Content-Length: 0\r\n\r\n")
}

/// Headers, query, metadata: in the house's order.
fn candidate(request: &Request, message: &Value) -> Option<String> {
    let by_header = HEADERS.iter().find_map(|name| header(&request.head, name));
    let line = request.line();
    let by_query = line.split_once("sessionId=").map(|(_, id)| id);
    let places = ["/metadata/sessionId", "/params/metadata/sessionId", "/params/_meta/sessionId"];
    let by_metadata = places.iter().find_map(|place| message.pointer(place)?.as_str());
    by_header.or(by_query).or(by_metadata).map(ToOwned::to_owned)
}

fn new_id(sessions: &mut Sessions) -> String {
    sessions.issued += 1;
    format!("5e551000-0000-4000-8000-{:012}", sessions.issued)
}

/// The path of the message endpoint, as a client that was given the URL asks for it.
fn path(text: &str) -> String {
    let place = text.find("/mcp/message?sessionId=").expect("a message endpoint");
    let rest = &text[place..];
    rest[..rest.find(['"', '\n', '\r']).unwrap_or(rest.len())].to_owned()
}

/// Handshake, listing and a call, each answered on the stream.
fn talk(stream: &mut Stream, post: impl Fn(&str) -> Answer, end: &str) {
    let say = |stream: &mut Stream, message: &str| {
        post(message).expect(202);
        stream.until(end);
    };
    say(stream, &tools::initialize(0, "bridge-client", REVISION));
    post(&tools::initialized()).expect(202);
    say(stream, &tools::list(1));
    say(stream, &tools::call(2, "over the bridge"));
}

pub(super) fn by_sse(addr: SocketAddr) {
    let peer = Peer::to(addr);
    let mut stream = peer.open("GET", "/sse", &[], "");
    let endpoint = path(&stream.until("\n\n"));
    talk(&mut stream, |message| peer.post(&endpoint, &[], message), "\n\n");
}

pub(super) fn by_ndjson(addr: SocketAddr) {
    let peer = Peer::to(addr);
    let mut stream = peer.open("GET", "/mcp", &[], "");
    let line = stream.until("\n");
    let id = header(&stream.head, "mcp-session-id").expect("an id").to_owned();
    assert!(line.contains(&id), "{line}");
    let own = [("Mcp-Session-Id", id.as_str())];
    talk(&mut stream, |message| peer.post("/mcp/message", &own, message), "\n");
}

/// An id in a header, another in the query, a third in the metadata; then the lesser ones alone.
pub(super) fn candidates(addr: SocketAddr) {
    let peer = Peer::to(addr);
    let ids = ["5e551000-0000-4000-8000-00000000000a", "5e551000-0000-4000-8000-00000000000b"];
    let other = "5e551000-0000-4000-8000-00000000000c";
    let query = format!("/mcp/message?sessionId={}", ids[1]);
    let params = json!({"_meta": {"sessionId": other}});
    peer.post(
        &query,
        &[("X-Mcp-Session-Id", ids[0])],
        &tools::initialize(0, "bridge-client", REVISION),
    )
    .expect(200);
    let both = [("X-Mcp-Session-Id", ids[0])];
    peer.post("/mcp/message", &both, &tools::initialized()).expect(202);
    peer.post(&query, &both, &tools::request(1, "tools/list", &params)).expect(200);
    peer.post(&query, &[], &tools::request(2, "tools/list", &params)).expect(200);
    peer.post("/mcp/message", &[], &tools::request(3, "tools/list", &params)).expect(200);
    peer.post("/mcp/message", &[("Session-Id", ids[0])], &tools::list(4)).expect(200);
}

/// The client of the time that never sends an id: each message is given a new one.
pub(super) fn ignored_id(addr: SocketAddr) {
    let peer = Peer::to(addr);
    let first =
        peer.post("/mcp/message", &[], &tools::initialize(0, "inspector-of-the-time", REVISION));
    let given = first.expect(200).header("mcp-session-id");
    peer.post("/mcp/message", &[], &tools::initialized()).expect(202);
    let next = peer.post("/mcp/message", &[], &tools::list(1)).expect(200);
    assert_ne!(next.header("mcp-session-id"), given, "each message is a session of its own");
    peer.post("/mcp/message", &[], &tools::call(2, "who am I")).expect(200);
}

/// A session, and a call half an hour after its last message.
pub(super) fn expiry(addr: SocketAddr) {
    let peer = Peer::to(addr);
    let mut stream = peer.open("GET", "/mcp", &[], "");
    stream.until("\n");
    let id = header(&stream.head, "mcp-session-id").expect("an id").to_owned();
    let own = [("Mcp-Session-Id", id.as_str())];
    talk(&mut stream, |message| peer.post("/mcp/message", &own, message), "\n");
    peer.post("/mcp/message", &own, &tools::call(3, "half an hour later")).expect(404);
}
