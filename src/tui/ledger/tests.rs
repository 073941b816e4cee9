//! Rows of small recordings.

use std::fmt::Write as _;

use super::*;
use crate::{
    protocol::{read, testing::exchanges},
    tui::rows::{RpcId, Symbols},
};

struct Bare;

impl Veil for Bare {
    fn name(&mut self, text: &str) -> String {
        text.replace("secret", "***")
    }

    fn url(&mut self, text: &str) -> String {
        text.to_owned()
    }
}

#[derive(Default)]
struct List {
    symbols: Symbols,
    rows: Vec<Row>,
}

impl List {
    fn take(&mut self, ledger: &mut Ledger) {
        let changes = ledger.changes(Some(Timestamp(u64::MAX)));
        self.symbols.extend(changes.symbols);
        self.rows.extend(changes.rows);
        for (id, row) in changes.replaced {
            self.rows[id.0 as usize] = row;
        }
    }

    fn lines(&self) -> Vec<String> {
        let line = |row: &Row| {
            let id = match row.rpc_id {
                RpcId::None => "-".to_owned(),
                RpcId::Number(number) => number.to_string(),
                RpcId::Text(symbol) => self.symbols.text(symbol).to_owned(),
            };
            let arrow = if row.from_server { "<-" } else { "->" };
            let name = self.symbols.text(row.name);
            let parent = row.parent.map(|parent| format!(" ⤷{}", parent.0)).unwrap_or_default();
            let batched = if row.batched { " batched" } else { "" };
            let method = self.symbols.text(row.method);
            let ends = format!("{} {:?} {:?}{parent}{batched}", row.http, row.kind, row.status);
            let parts = [arrow, method, name, &id, &ends];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        };
        self.rows.iter().map(line).collect()
    }
}

/// Told at once.
fn told(transcript: &str) -> Vec<String> {
    let mut ledger = Ledger::new(Box::new(Bare));
    for records in exchanges(transcript) {
        let summary = read(&records).expect("an exchange").summary;
        if ledger.summary(&summary) == Need::Records {
            ledger.records(&records);
        }
    }
    ledger.loaded();
    for records in exchanges(transcript) {
        ledger.complete(&records);
    }
    let mut list = List::default();
    list.take(&mut ledger);
    list.lines()
}

const CALLS: &str = r#"
>> POST http://localhost:3000/mcp

{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}
<< 200
Content-Type: application/json
Mcp-Session-Id: s1

{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}
>> POST http://localhost:3000/mcp
Mcp-Session-Id: s1

{"jsonrpc":"2.0","method":"notifications/initialized"}
<< 202
>> POST http://localhost:3000/mcp
Mcp-Session-Id: s1

{"jsonrpc":"2.0","id":"secret-1","method":"tools/call","params":{"name":"search","_meta":{"progressToken":1}}}
<< 200
Content-Type: text/event-stream

data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}

data: {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}

data: {"jsonrpc":"2.0","id":"secret-1","result":{"isError":true}}

>> POST http://localhost:3000/mcp
Mcp-Session-Id: s1

{"jsonrpc":"2.0","id":1,"result":{}}
<< 202
>> GET http://localhost:3000/mcp
Mcp-Session-Id: s1
<< 405
>> POST http://localhost:3000/mcp
Mcp-Session-Id: s1

{"jsonrpc":"2.0","id":9,"result":{}}
<< 202
"#;

#[test]
fn a_row_a_request_with_its_answer_merged() {
    assert_eq!(
        told(CALLS),
        [
            "-> initialize 0 200 Call Ok",
            "-> notifications/initialized - 202 Notification Ok",
            "-> tools/call search \"***-1\" 200 Call ToolError",
            "<- notifications/progress - 200 Notification Ok ⤷2",
            "<- sampling/createMessage 1 200 Call Ok ⤷2",
            "-> POST /mcp - 202 Exchange Ok",
            "-> GET /mcp - 405 Exchange HttpError",
            "-> 9 202 Orphan Ok",
        ]
    );
}

#[test]
fn answers_come_on_the_channel_of_http_and_sse() {
    let lines = told(
        r#"
>> GET http://localhost:3000/sse
<< 200
Content-Type: text/event-stream

event: endpoint
data: /messages?sessionId=a1

..
>> POST http://localhost:3000/messages?sessionId=a1

[{"jsonrpc":"2.0","id":1,"method":"tools/list"},{"jsonrpc":"2.0","id":2,"method":"ping"}]
<< 202
.. 0
data: {"jsonrpc":"2.0","id":1,"result":{}}

data: {"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}

"#,
    );
    assert_eq!(
        lines,
        [
            "-> GET /sse - 200 Exchange Ok",
            "-> tools/list 1 202 Call Ok batched",
            "-> ping 2 202 Call RpcError batched",
        ]
    );
}

#[test]
fn a_row_changes_as_its_answer_comes() {
    let mut ledger = Ledger::new(Box::new(Bare));
    ledger.loaded();
    let mut list = List::default();
    let records = exchanges(CALLS).remove(0);
    let mut seen = Vec::new();
    for record in &records {
        ledger.record(record);
        ledger.settle(false);
        list.take(&mut ledger);
        seen.push(list.lines().join("|"));
    }
    seen.dedup();
    assert_eq!(
        seen,
        [
            "-> POST /mcp - 0 Exchange Pending",
            "-> initialize 0 0 Call Pending",
            "-> initialize 0 200 Call Pending",
            "-> initialize 0 200 Call Ok",
        ]
    );
    assert!(!ledger.going.contains_key(&records[0].exchange.expect("one")));
    assert!(ledger.knots.is_empty(), "nothing is kept of what is over");
}

#[test]
fn a_long_knot_lets_go_of_what_is_over() {
    let mut transcript = String::from(
        ">> GET http://localhost:3000/sse\n<< 200\nContent-Type: text/event-stream\n\nevent: \
         endpoint\ndata: /messages?sessionId=a1\n\n..\n",
    );
    for n in 0..900 {
        let _ = write!(
            transcript,
            ">> POST http://localhost:3000/messages?sessionId=a1\n\n{{\"jsonrpc\":\"2.0\",\"id\":{n},\
             \"method\":\"ping\"}}\n<< 202\n.. 0\ndata: {{\"jsonrpc\":\"2.0\",\"id\":{n},\"result\":\
             {{}}}}\n\n..\n"
        );
    }
    let lines = told(&transcript);
    assert_eq!(lines.len(), 901);
    assert!(lines.iter().skip(1).all(|line| line.ends_with("Call Ok")), "{lines:?}");
}

#[test]
fn what_says_nothing_new_is_counted_only() {
    let start = CALLS.find(">> POST http://localhost:3000/mcp\nMcp-Session-Id: s1\n\n{\"jsonrpc\":\"2.0\",\"id\":\"secret");
    let mut transcript = CALLS[..start.expect("the third exchange")].to_owned();
    for n in 1..500 {
        let _ = write!(
            transcript,
            ">> POST http://localhost:3000/mcp\nMcp-Session-Id: s1\n\n{{\"jsonrpc\":\"2.0\",\"id\":{n},\
             \"method\":\"ping\"}}\n<< 200\nContent-Type: application/json\n\n{{\"jsonrpc\":\"2.0\",\
             \"id\":{n},\"result\":{{}}}}\n"
        );
    }
    let mut stored = Ledger::new(Box::new(Bare));
    let mut live = Ledger::new(Box::new(Bare));
    live.loaded();
    for records in exchanges(&transcript) {
        let summary = read(&records).expect("an exchange").summary;
        assert_eq!(stored.summary(&summary), Need::Nothing);
        for record in &records {
            live.record(record);
            live.settle(false);
        }
    }
    for ledger in [&mut stored, &mut live] {
        assert!(ledger.book.folded() < 10, "{}", ledger.book.folded());
        let changes = ledger.changes(Some(Timestamp(u64::MAX)));
        assert_eq!(changes.rows.len(), 501);
        let told: Vec<u64> = changes.sessions.iter().map(|(_, row)| row.exchanges).collect();
        assert_eq!(told, [501]);
    }
}
