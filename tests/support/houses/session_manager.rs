//! The session-manager server (houses.md 3): JSON answers, an SDK server and transport a session,
//! kept in memory, and its classic faults.

use std::{
    collections::HashMap,
    io::Write,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};

use super::{peer::Peer, tools};
use crate::support::origin::{Origin, Request, header};

const REVISION: &str = "2025-06-18";
const PATH: &str = "/mcp/combo-7f3a";

/// What is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// A new instance for each request.
    Rebuilt,
    /// `connect` twice on one transport.
    Twice,
    /// A request without an id is answered as a new session.
    Reopening,
    /// A session is forgotten after two messages: 30 idle minutes of the real one.
    Forgetful,
}

#[derive(Default)]
struct Sessions {
    issued: usize,
    /// Messages taken, by id.
    live: HashMap<String, usize>,
}

/// Status, session id to send, body.
type Reply = (u16, Option<String>, String);

pub(super) fn sound() -> Origin {
    serve(Fault::None)
}

pub(super) fn rebuilt() -> Origin {
    serve(Fault::Rebuilt)
}

pub(super) fn twice() -> Origin {
    serve(Fault::Twice)
}

pub(super) fn reopening() -> Origin {
    serve(Fault::Reopening)
}

pub(super) fn forgetful() -> Origin {
    serve(Fault::Forgetful)
}

fn serve(fault: Fault) -> Origin {
    let sessions = Mutex::new(Sessions::default());
    Origin::serve(move |request, out| {
        let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, id, body) = reply(&mut sessions, &request, fault);
        let id = id.map_or(String::new(), |id| format!("Mcp-Session-Id: {id}\r\n"));
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} OK\r\n{kind}{id}Content-Length: {length}\r\n\r\n");
        out.write_all(format!("{head}{body}").as_bytes()).is_ok()
    })
}

fn reply(sessions: &mut Sessions, request: &Request, fault: Fault) -> Reply {
    let id = header(&request.head, "mcp-session-id").map(ToOwned::to_owned);
    if request.line() == "GET /debug/sessions" {
        return (200, None, debug(sessions));
    }
    let known = id.as_ref().is_some_and(|id| sessions.live.contains_key(id));
    if request.line().starts_with("DELETE") && known {
        sessions.live.retain(|live, _| Some(live) != id.as_ref());
        return (200, None, String::new());
    }
    let message: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let opens = message["method"] == "initialize" && id.is_none();
    match (id, known) {
        (None, _) if opens || fault == Fault::Reopening => {
            let id = new_id(sessions);
            let (status, _, body) = result(&message);
            (status, Some(id), body)
        }
        (None, _) if sessions.issued == 0 => not_initialized(),
        (None, _) => {
            (400, None, tools::refusal(-32000, "Bad Request: Mcp-Session-Id header is required"))
        }
        (Some(id), true) => of_session(sessions, id, &message, fault),
        (Some(_), false) => not_found(),
    }
}

fn of_session(sessions: &mut Sessions, id: String, message: &Value, fault: Fault) -> Reply {
    let taken = sessions.live.entry(id.clone()).or_default();
    *taken += 1;
    match fault {
        Fault::Rebuilt => not_initialized(),
        Fault::Twice if *taken > 1 => {
            (500, None, tools::refusal(-32603, "Transport already started"))
        }
        Fault::Forgetful if *taken > 2 => {
            sessions.live.remove(&id);
            not_found()
        }
        _ => {
            let (status, _, body) = result(message);
            (status, Some(id), body)
        }
    }
}

fn result(message: &Value) -> Reply {
    match tools::answer(message, "session-manager", REVISION) {
        Some(answer) => (200, None, answer.to_string()),
        None => (202, None, String::new()),
    }
}

fn not_initialized() -> Reply {
    (400, None, tools::refusal(-32000, "Bad Request: Server not initialized"))
}

fn not_found() -> Reply {
    (404, None, json!({"code": "SESSION_NOT_FOUND", "message": "Session expired"}).to_string())
}

fn debug(sessions: &Sessions) -> String {
    let mut ids: Vec<_> = sessions.live.keys().collect();
    ids.sort();
    let one = |id| json!({"sessionId": id, "age": 40, "lastAccessedAgo": 2, "isConnected": true});
    let all: Vec<Value> = ids.into_iter().map(one).collect();
    json!({"count": all.len(), "sessions": all}).to_string()
}

fn new_id(sessions: &mut Sessions) -> String {
    sessions.issued += 1;
    let id = format!("0b5e55ed-0000-4000-8000-{:012}", sessions.issued);
    sessions.live.insert(id.clone(), 0);
    id
}

/// Opens a session; gives its id.
fn open(peer: &Peer) -> String {
    let first = tools::initialize(0, "combination-client", REVISION);
    peer.post(PATH, &[], &first).expect(200).header("mcp-session-id")
}

fn client(addr: SocketAddr) -> Peer {
    Peer::to(addr).with("Authorization", "Bearer made-up-for-the-tape")
}

/// As it should be, to a DELETE, and one request too late.
pub(super) fn life(addr: SocketAddr) {
    let peer = client(addr);
    let id = open(&peer);
    let own = [("Mcp-Session-Id", id.as_str()), ("MCP-Protocol-Version", REVISION)];
    peer.post(PATH, &own, &tools::initialized()).expect(202);
    peer.post(PATH, &own, &tools::list(1)).expect(200);
    peer.post(PATH, &own, &tools::call(2, "as it should be")).expect(200);
    let debug = peer.get("/debug/sessions", &[]).expect(200).json();
    assert_eq!(debug["count"], 1);
    peer.delete(PATH, &own).expect(200);
    peer.post(PATH, &own, &tools::call(3, "too late")).expect(404);
}

/// What any client does; a faulty server refuses somewhere on the way.
pub(super) fn one_call(addr: SocketAddr) {
    let peer = client(addr);
    let id = open(&peer);
    let own = [("Mcp-Session-Id", id.as_str()), ("MCP-Protocol-Version", REVISION)];
    peer.post(PATH, &own, &tools::initialized());
    peer.post(PATH, &own, &tools::list(1));
    let last = peer.post(PATH, &own, &tools::call(2, "is anybody there"));
    assert!(last.status() >= 400, "this server has a fault");
}

/// A client that forgets the id it was given.
pub(super) fn id_not_sent(addr: SocketAddr) {
    let peer = client(addr);
    open(&peer);
    let own = [("MCP-Protocol-Version", REVISION)];
    peer.post(PATH, &own, &tools::initialized());
    peer.post(PATH, &own, &tools::list(1));
    peer.post(PATH, &own, &tools::call(2, "who am I"));
}

/// A client that asks before it has introduced itself, and does so once it was refused.
pub(super) fn too_early(addr: SocketAddr) {
    let peer = client(addr);
    peer.post(PATH, &[], &tools::list(7)).expect(400);
    open(&peer);
}

/// Ten sessions opened, one of them closed, none of the others used.
pub(super) fn leak(addr: SocketAddr) {
    let peer = client(addr);
    for session in 0..10 {
        let id = open(&peer);
        let own = [("Mcp-Session-Id", id.as_str()), ("MCP-Protocol-Version", REVISION)];
        peer.post(PATH, &own, &tools::initialized()).expect(202);
        if session == 9 {
            peer.delete(PATH, &own).expect(200);
        }
    }
}
