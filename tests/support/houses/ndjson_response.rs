//! A server that answers in lines of JSON where it is asked to (protocol.md §9): what is posted, its
//! progress and its answer come on one stream, in the words of such servers' own documents.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
};

use serde_json::{Value, json};

use super::{peer::Peer, tools};
use crate::support::origin::{Origin, Request, chunk, header, json as json_answer};

const REVISION: &str = "2025-03-26";
const ID: &str = "0d150000-0000-4000-8000-000000000001";
const PATH: &str = "/mcp";

/// What selects lines; the last is its fallback.
const LINES: [&str; 3] = ["application/x-ndjson", "application/ndjson", "text/plain"];

pub(super) fn serve() -> Origin {
    Origin::serve(|request, out| {
        let said: Value = serde_json::from_slice(&request.body).expect("JSON");
        let messages = said.as_array().cloned().unwrap_or_else(|| vec![said]);
        let answers: Vec<Value> = messages.iter().flat_map(answers).collect();
        if answers.is_empty() {
            let head = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
            return out.write_all(head.as_bytes()).is_ok();
        }
        let accept = header(&request.head, "accept").unwrap_or_default();
        if LINES.iter().any(|lines| accept.contains(lines)) {
            return lines(&answers, out);
        }
        whole(&request, &answers, out)
    })
}

/// What a message brings, in order: a call its progress first.
fn answers(message: &Value) -> Vec<Value> {
    let Some(answer) = tools::answer(message, "ndjson-server", REVISION) else { return vec![] };
    let progress = |done: u32| {
        let params = json!({"progress": done, "total": 2, "message": format!("step {done}")});
        json!({"jsonrpc": "2.0", "method": "progress.update", "params": params})
    };
    if message["method"] == "tools/call" {
        vec![progress(1), progress(2), answer]
    } else {
        vec![answer]
    }
}

fn lines(answers: &[Value], out: &mut TcpStream) -> bool {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nCache-Control: no-cache\r\n\
         X-Accel-Buffering: no\r\nMcp-Session-Id: {ID}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let mut sent = out.write_all(head.as_bytes()).is_ok();
    for answer in answers {
        sent &= out.write_all(&chunk(format!("{answer}\n"))).is_ok();
    }
    sent && out.write_all(b"0\r\n\r\n").is_ok()
}

/// Whoever does not ask for a stream gets the answer alone.
fn whole(request: &Request, answers: &[Value], out: &mut TcpStream) -> bool {
    let answer = answers.last().expect("there is one").to_string();
    let own = match header(&request.head, "mcp-session-id") {
        None => format!("Mcp-Session-Id: {ID}\r\n"),
        Some(_) => String::new(),
    };
    out.write_all(json_answer(&answer, &own).as_bytes()).is_ok()
}

/// A handshake in JSON, then a listing, a call, an unknown method and a batch in lines, and a call
/// of somebody who asks for no stream.
pub(super) fn life(addr: SocketAddr) {
    let plain = Peer::to(addr);
    let given = plain.post(PATH, &[], &tools::initialize(0, "ndjson-client", REVISION));
    let id = given.expect(200).header("mcp-session-id");
    let own = [("Mcp-Session-Id", id.as_str())];
    plain.post(PATH, &own, &tools::initialized()).expect(202);
    let streaming = |accept: &str| Peer::taking(addr, accept);
    let list = streaming(LINES[0]).post(PATH, &own, &tools::list(1)).expect(200);
    assert_eq!(list.body.lines().count(), 1, "{}", list.body);
    let call = streaming(LINES[1]).post(PATH, &own, &tools::call(2, "line by line")).expect(200);
    assert_eq!(call.body.lines().count(), 3, "{}", call.body);
    let unknown = tools::request(3, "tools/forget", &json!({}));
    streaming(LINES[2]).post(PATH, &own, &unknown).expect(200);
    let batch = format!("[{},{}]", tools::list(4), tools::request(5, "ping", &json!({})));
    let batch = streaming(LINES[0]).post(PATH, &own, &batch).expect(200);
    assert_eq!(batch.body.lines().count(), 2, "{}", batch.body);
    plain.post(PATH, &own, &tools::call(6, "all at once")).expect(200);
}
