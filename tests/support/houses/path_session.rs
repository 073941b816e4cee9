//! The path-session host (houses.md 1): a gateway before a serverless platform. The segment of the
//! path before `/mcp` is a session id; every request must bear one as `mcp-session-id` too.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::json;

use super::{peer::Peer, tools};
use crate::support::origin::{Origin, Request, header};

/// The id that the key exchange gives.
const ID: &str = "f39aba069a8140";
const REVISION: &str = "2025-06-18";
/// What the platform adds to each answer.
const PLATFORM: &str = "X-Fc-Request-Id: 1-674f0001-0001\r\nX-Fc-Instance-Id: c-674f0001\r\n";

/// Its id is dead after four answers: days of the real one.
pub(super) fn short_lived() -> Origin {
    serve(4)
}

pub(super) fn long_lived() -> Origin {
    serve(usize::MAX)
}

fn serve(lives: usize) -> Origin {
    let (issued, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Origin::serve(move |request, out| {
        if request.line() == "POST /v1/sessions" {
            issued.fetch_add(1, Ordering::Relaxed);
            return exchange_key(&request, out);
        }
        let Some(id) = header(&request.head, "mcp-session-id") else {
            return fault(out, 400, "InvalidArgument", "request without mcp-session-id header");
        };
        // It lives from the key exchange on, and for so many answers.
        let alive = id == ID
            && issued.load(Ordering::Relaxed) > 0
            && answered.fetch_add(1, Ordering::Relaxed) < lives;
        if !alive {
            return fault(out, 401, "SessionExpired", &format!("session {id} is expired"));
        }
        let message = serde_json::from_slice(&request.body).expect("JSON");
        match tools::answer(&message, "path-session-host", REVISION) {
            Some(answer) => write(out, 200, &answer.to_string()),
            None => write(out, 202, ""),
        }
    })
}

fn exchange_key(request: &Request, out: &mut TcpStream) -> bool {
    let host = header(&request.head, "host").expect("a host");
    let endpoint = format!("http://{host}/{ID}/mcp");
    let body = json!({"sessionId": ID, "expiresIn": 2_592_000, "endpoint": endpoint});
    write(out, 200, &body.to_string())
}

fn fault(out: &mut TcpStream, status: u16, code: &str, message: &str) -> bool {
    write(out, status, &json!({"code": code, "message": message}).to_string())
}

fn write(out: &mut TcpStream, status: u16, body: &str) -> bool {
    let length = body.len();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let head = format!("HTTP/1.1 {status} OK\r\n{kind}{PLATFORM}Content-Length: {length}\r\n\r\n");
    out.write_all(format!("{head}{body}").as_bytes()).is_ok()
}

/// Key exchange, then each rung: no header, an id that never was, the live one, and the same once
/// it has died. The client's own header arrives all along: the fault is the id.
pub(super) fn ladder(addr: SocketAddr) {
    let peer = Peer::to(addr).with("X-Workspace", "blue");
    let key = [("Authorization", "Bearer sk-made-up-for-the-tape")];
    let given = peer.post("/v1/sessions", &key, "{}").expect(200).json();
    let endpoint = given["endpoint"].as_str().expect("a URL").to_owned();
    let path = endpoint.splitn(4, '/').nth(3).map(|path| format!("/{path}")).expect("a path");
    let first = tools::initialize(0, "hosted-client", REVISION);
    let refused = peer.post(&path, &[], &first).expect(400);
    assert_eq!(refused.json()["code"], "InvalidArgument");
    let random = [("mcp-session-id", "936c95e0-1d0c-4b7e-9a53-6a1f0c7be2d4")];
    peer.post(&path, &random, &first).expect(401);
    let id = given["sessionId"].as_str().expect("an id");
    let live = [("mcp-session-id", id), ("MCP-Protocol-Version", REVISION)];
    peer.post(&path, &live[..1], &first).expect(200);
    peer.post(&path, &live, &tools::initialized()).expect(202);
    peer.post(&path, &live, &tools::list(1)).expect(200);
    peer.post(&path, &live, &tools::call(2, "still here")).expect(200);
    let dead = peer.post(&path, &live, &tools::call(3, "too late")).expect(401);
    assert_eq!(dead.json()["message"], format!("session {id} is expired"));
}

/// A configured URL whose id this recording never sees alive: nothing says whether it ever was.
pub(super) fn never_valid(addr: SocketAddr) {
    let peer = Peer::to(addr);
    let (path, first) = (format!("/{ID}/mcp"), tools::initialize(0, "hosted-client", REVISION));
    peer.post(&path, &[], &first).expect(400);
    peer.post(&path, &[("mcp-session-id", ID)], &first).expect(401);
    peer.post(&path, &[("mcp-session-id", ID)], &first).expect(401);
}
