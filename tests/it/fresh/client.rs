//! Who goes to the bank: takes what it is given and brings it again, as an agent would.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::support::{
    houses::peer::{Peer, Stream},
    origin::header,
};

/// A client; each request has a connection of its own.
pub(super) struct Client {
    peer: Peer,
    addr: SocketAddr,
    id: u64,
    session: Option<String>,
}

impl Client {
    pub(super) fn to(addr: SocketAddr) -> Self {
        Self { peer: Peer::to(addr), addr, id: 0, session: None }
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        let session = self.session.iter().map(|id| ("Mcp-Session-Id", id.as_str()));
        session.chain([("Mcp-Protocol-Version", "2025-11-25")]).collect()
    }

    fn request(&mut self, method: &str, params: &Value) -> String {
        self.id += 1;
        json!({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}).to_string()
    }

    /// A call in 2025-11-25 that is answered at once.
    fn call(&mut self, method: &str, params: &Value) -> Value {
        let body = self.request(method, params);
        self.peer.post("/mcp", &self.headers(), &body).expect(200).json()
    }

    fn tool(&mut self, name: &str, arguments: &Value) -> Value {
        self.call("tools/call", &json!({"name": name, "arguments": arguments}))
    }

    fn begin(&mut self) {
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {"elicitation": {"url": {}}},
            "clientInfo": {"name": "agent", "version": "1"}});
        let body = self.request("initialize", &params);
        let answer = self.peer.post("/mcp", &[], &body).expect(200);
        self.session = Some(answer.header("mcp-session-id"));
        let told = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
        self.peer.post("/mcp", &self.headers(), &told).expect(202);
    }

    fn listen(&self, behind: Option<&str>) -> String {
        let mut headers = self.headers();
        headers.extend(behind.map(|id| ("Last-Event-ID", id)));
        let mut stream = self.peer.open("GET", "/mcp", &headers, "");
        stream.rest();
        stream.text
    }

    /// A day at the bank, 2025-11-25.
    pub(super) fn in_a_session(&mut self) {
        self.begin();
        let heard = self.listen(None);
        self.listen(Some(&last_event(&heard)));
        let mut params = json!({});
        while let Some(cursor) = self.call("tools/list", &params)["result"]["nextCursor"].as_str() {
            params["cursor"] = json!(cursor);
        }
        let opened = self.tool("open", &json!({}))["result"].clone();
        let told = &opened["structuredContent"];
        self.tool("read", &json!({"account": told["account"]}));
        self.tool("follow", &json!({"url": told["url"], "home": home(&opened)}));
        self.tool("redeem", &json!({"voucher": voucher(&opened), "tickets": told["tickets"]}));
        self.tool("read", &json!({"account": "acct_0000000000"}));
        self.tool("ship", &json!({"orderId": told["order"]["orderId"]}));
        let listed = self.call("resources/list", &json!({}));
        self.call("resources/read", &json!({"uri": listed["result"]["resources"][0]["uri"]}));
        self.call(
            "prompts/get",
            &json!({"name": "sum", "arguments": {"account": told["account"]}}),
        );
        self.report(&told["account"]);
        self.confirm();
        self.tool("consent", &json!({}));
        let params = json!({"name": "slow", "arguments": {}, "task": {"ttl": 60_000}});
        let task = self.call("tools/call", &params)["result"]["task"]["taskId"].clone();
        let task = json!({"taskId": task});
        while self.call("tasks/get", &task)["result"]["status"] != "completed" {}
        self.call("tasks/result", &task);
        let headers = self.headers();
        self.peer.delete("/mcp", &headers).expect(200);
    }

    /// A call whose stream is cut and taken up.
    fn report(&mut self, account: &Value) {
        let params = json!({"name": "report", "arguments": {"account": account}, "_meta": {"progressToken": 5}});
        let mut stream = self.stream("tools/call", &params);
        stream.rest();
        let rest = self.listen(Some(&last_event(&stream.text)));
        assert!(rest.contains("Report "), "{rest}");
    }

    fn stream(&mut self, method: &str, params: &Value) -> Stream {
        let body = self.request(method, params);
        let stream = self.peer.open("POST", "/mcp", &self.headers(), &body);
        assert_eq!(header(&stream.head, "content-type"), Some("text/event-stream"));
        stream
    }

    /// A call within which the server asks.
    fn confirm(&mut self) {
        let mut stream = self.stream("tools/call", &json!({"name": "confirm", "arguments": {}}));
        let event = stream.until("\n\n");
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        let asked: Value = serde_json::from_str(data).expect("JSON");
        let answer = json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "accept"}});
        self.peer.post("/mcp", &self.headers(), &answer.to_string()).expect(202);
        stream.rest();
        assert!(stream.text.contains("accept by elicitation"), "{}", stream.text);
    }

    /// A call in 2026-07-28.
    fn modern(&mut self, method: &str, params: &Value) -> Value {
        let (body, headers) = self.said(method, params);
        let headers: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let answer = self.peer.post("/mcp", &headers, &body).expect(200).json();
        answer["result"].clone()
    }

    fn said(&mut self, method: &str, params: &Value) -> (String, Vec<(String, String)>) {
        let mut params = params.clone();
        params["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
            "io.modelcontextprotocol/clientInfo": {"name": "agent", "version": "1"}});
        let mut headers = vec![("Mcp-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)];
        let name = ["name", "uri", "taskId"].iter().find_map(|key| params[key].as_str());
        headers.extend(name.map(|name| ("Mcp-Name", name)));
        let account = params["arguments"]["account"].as_str().filter(|_| params["name"] == "read");
        headers.extend(account.map(|account| ("Mcp-Param-Account", account)));
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        (self.request(method, &params), headers)
    }

    /// The same day, 2026-07-28.
    pub(super) fn without_one(&mut self) {
        self.modern("server/discover", &json!({}));
        let mut params = json!({});
        while let Some(cursor) = self.modern("tools/list", &params)["nextCursor"].as_str() {
            params["cursor"] = json!(cursor);
        }
        let opened = self.modern("tools/call", &json!({"name": "open", "arguments": {}}));
        let told = &opened["structuredContent"];
        let mut tool = |name: &str, arguments: Value| {
            self.modern("tools/call", &json!({"name": name, "arguments": arguments}))
        };
        tool("read", json!({"account": told["account"]}));
        tool("follow", json!({"url": told["url"], "home": home(&opened)}));
        tool("redeem", json!({"voucher": voucher(&opened), "tickets": told["tickets"]}));
        tool("ship", json!({"orderId": told["order"]["orderId"]}));
        let listed = self.modern("resources/list", &json!({}));
        let uri = &listed["resources"][0]["uri"];
        let wanted = json!({"notifications": {"resourceSubscriptions": [uri]}});
        let (body, headers) = self.said("subscriptions/listen", &wanted);
        let headers: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let mut stream = Peer::to(self.addr).open("POST", "/mcp", &headers, &body);
        stream.until("notifications/resources/updated");
        self.modern("resources/read", &json!({"uri": uri}));
        self.agree();
        let task = self.modern("tools/call", &json!({"name": "slow", "arguments": {}}));
        let task = json!({"taskId": task["taskId"]});
        while self.modern("tasks/get", &task)["status"] != "completed" {}
    }

    /// Two rounds of questions, each answered with its state.
    fn agree(&mut self) {
        let mut params = json!({"name": "confirm", "arguments": {}});
        for _ in 0..2 {
            let asked = self.modern("tools/call", &params);
            let keys = asked["inputRequests"].as_object().expect("questions").keys();
            let answers: serde_json::Map<String, Value> =
                keys.map(|key| (key.clone(), json!({"action": "accept"}))).collect();
            params["inputResponses"] = answers.into();
            params["requestState"] = asked["requestState"].clone();
        }
        let agreed = self.modern("tools/call", &params);
        assert_eq!(agreed["resultType"], "complete", "{agreed}");
    }
}

fn last_event(text: &str) -> String {
    let last = text.lines().rev().find_map(|line| line.strip_prefix("id: "));
    last.expect("an event has an id").to_owned()
}

/// `<https://bank.example/…>` in the first text.
fn home(opened: &Value) -> String {
    let text = opened["content"][0]["text"].as_str().expect("a text");
    let (_, behind) = text.split_once('<').expect("an address");
    behind.split('>').next().expect("its end").to_owned()
}

fn voucher(opened: &Value) -> String {
    let text = opened["content"][2]["text"].as_str().expect("a text");
    text.rsplit(' ').next().expect("a word").to_owned()
}
