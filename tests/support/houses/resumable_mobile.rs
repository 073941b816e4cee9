//! The resumable mobile client (houses.md 4) and a server for it: `Mcp-Sequence` on each request, a
//! listen stream that breaks off and is resumed.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use serde_json::{Value, json};

use super::{peer::Peer, tools};
use crate::support::origin::{Origin, PATIENCE, Request, STREAM, chunk, json as json_answer};

const REVISION: &str = "2025-03-26";
const ID: &str = "0a0b11e0-0000-4000-8000-000000000001";
const PATH: &str = "/mcp";

/// What its listen stream is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listening {
    /// One message after each other, until the session ends.
    Sound,
    /// There is none.
    Missing,
    /// The first breaks off inside a message, the second after what was missed, the third brings
    /// nothing.
    Cut,
}

pub(super) fn sound() -> Origin {
    serve(Listening::Sound)
}

pub(super) fn deaf() -> Origin {
    serve(Listening::Missing)
}

pub(super) fn cutting() -> Origin {
    serve(Listening::Cut)
}

fn serve(listening: Listening) -> Origin {
    let opened = AtomicUsize::new(0);
    let (end, ended) = mpsc::channel::<()>();
    let (end, ended) = (Mutex::new(end), Mutex::new(ended));
    Origin::serve(move |request, out| match request.line().as_str() {
        "GET /mcp" if listening == Listening::Missing => {
            let head = "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST, DELETE\r\n";
            out.write_all(format!("{head}Content-Length: 0\r\n\r\n").as_bytes()).is_ok()
        }
        "GET /mcp" if listening == Listening::Sound => {
            listen(out, &[1, 2]);
            let ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.recv_timeout(PATIENCE).expect("a DELETE");
            out.write_all(b"0\r\n\r\n").is_ok()
        }
        "GET /mcp" => cut(out, opened.fetch_add(1, Ordering::Relaxed)),
        "DELETE /mcp" => {
            // Nobody may be listening.
            let _ = end.lock().unwrap_or_else(PoisonError::into_inner).send(());
            out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_ok()
        }
        _ => message(&request, out),
    })
}

/// Head and events of a listen stream.
fn listen(out: &mut TcpStream, numbers: &[u32]) {
    out.write_all(format!("{STREAM}\r\n").as_bytes()).expect("written");
    for number in numbers {
        out.write_all(&chunk(news(*number))).expect("written");
    }
}

fn news(number: u32) -> String {
    let params = json!({"level": "info", "data": format!("news {number}")});
    let message = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params});
    format!("event: message\nid: {number}\ndata: {message}\n\n")
}

fn cut(out: &mut TcpStream, which: usize) -> bool {
    match which {
        0 => {
            listen(out, &[1, 2]);
            // What the third was to say never arrives whole.
            let third = news(3);
            out.write_all(&chunk(&third[..third.len() - 9])).expect("written");
            false
        }
        1 => {
            listen(out, &[3, 4]);
            false
        }
        _ => {
            listen(out, &[]);
            out.write_all(b"0\r\n\r\n").is_ok()
        }
    }
}

/// Calls are answered by a stream, the rest as JSON or not at all.
fn message(request: &Request, out: &mut TcpStream) -> bool {
    let message: Value = serde_json::from_slice(&request.body).expect("JSON");
    let own = format!("Mcp-Session-Id: {ID}\r\n");
    let Some(answer) = tools::answer(&message, "mobile-server", REVISION) else {
        return out.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").is_ok();
    };
    if message["method"] == "tools/call" {
        let event = format!("event: message\ndata: {answer}\n\n");
        let parts =
            [format!("{STREAM}{own}\r\n").into_bytes(), chunk(event), b"0\r\n\r\n".to_vec()];
        return out.write_all(&parts.concat()).is_ok();
    }
    let own = if message["method"] == "initialize" { own.as_str() } else { "" };
    out.write_all(json_answer(&answer.to_string(), own).as_bytes()).is_ok()
}

/// The client: it numbers what it sends.
struct Mobile(Peer);

impl Mobile {
    fn new(addr: SocketAddr) -> Self {
        let peer = Peer::to(addr).with("User-Agent", "okhttp/5.1.0");
        Self(peer.with("Mcp-Protocol-Version", REVISION))
    }

    fn say(&self, sequence: u32, body: &str) {
        let number = sequence.to_string();
        let own = [("Mcp-Session-Id", ID), ("Mcp-Sequence", number.as_str())];
        // The first one has no id yet.
        let own = if sequence == 1 && body.contains("initialize\"") { &own[1..] } else { &own[..] };
        let status = self.0.post(PATH, own, body).status();
        assert!(matches!(status, 200 | 202), "{status}");
    }

    fn greet(&self) {
        self.say(1, &tools::initialize(0, "mobile", REVISION));
        self.say(2, &tools::initialized());
    }

    fn leave(&self) {
        self.0.delete(PATH, &[("Mcp-Session-Id", ID)]).expect(200);
    }
}

/// All six states: answers of each kind, a listen stream, a goodbye.
pub(super) fn life(addr: SocketAddr) {
    let mobile = Mobile::new(addr);
    mobile.greet();
    let mut stream = mobile.0.open("GET", PATH, &[("Mcp-Session-Id", ID)], "");
    stream.until("news 2");
    mobile.say(3, &tools::list(1));
    mobile.say(4, &tools::call(2, "on the train"));
    mobile.leave();
    stream.rest();
}

/// A server without a listen stream says so, which is fine.
pub(super) fn no_listening(addr: SocketAddr) {
    let mobile = Mobile::new(addr);
    mobile.greet();
    mobile.0.get(PATH, &[("Mcp-Session-Id", ID)]).expect(405);
    mobile.say(3, &tools::call(1, "nobody speaks first"));
    mobile.leave();
}

/// A gap (4, 5 missing), a repeat (7 twice), a restart (from 1).
pub(super) fn sequence(addr: SocketAddr) {
    let mobile = Mobile::new(addr);
    mobile.greet();
    for (id, number) in [(1, 3), (2, 6), (3, 7), (4, 7), (5, 1), (6, 2)] {
        mobile.say(number, &tools::request(id, "ping", &json!({})));
    }
    mobile.leave();
}

/// The listen stream breaks off inside message 3. The first resume brings it and one more and
/// breaks off again, the second brings nothing; a POST tells that the session lives.
pub(super) fn resume(addr: SocketAddr) {
    let mobile = Mobile::new(addr);
    mobile.greet();
    let listen = |last: Option<&str>| {
        let mut own = vec![("Mcp-Session-Id", ID)];
        own.extend(last.iter().flat_map(|&last| [("Mcp-Sequence", last), ("Last-Event-ID", last)]));
        mobile.0.open("GET", PATH, &own, "")
    };
    listen(None).cut();
    listen(Some("2")).cut();
    listen(Some("4")).rest();
    mobile.say(3, &tools::call(1, "out of the tunnel"));
    mobile.leave();
}
