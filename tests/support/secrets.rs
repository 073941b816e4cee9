//! A recording full of secrets, all of them made up: every field of protocol.md §4 in every place
//! where it may stand. An export or a screen is asked for, and none may be in it.

mod spelled;

use std::io::Cursor;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use serde_json::{Value, json};
#[allow(unused_imports, reason = "for the target `it` alone")]
pub(crate) use spelled::spellings;
use spelled::{all_percent, encoded, percent};
use wiretape::{
    capture::{
        End, ExchangeId, Fact, Head, Headers, Mode, Open, Outcome, Record, Rewrite, RewriteWhere,
        Side, Timestamp, Timing,
    },
    store::tape::{Spool, TapeHeader},
};

/// The variable from which one secret is known.
pub(crate) const VARIABLE: &str = "FAKE_SERVICE_TOKEN";

/// A secret and where it was put.
#[derive(Clone, Debug)]
pub(crate) struct Planted {
    pub(crate) place: String,
    pub(crate) value: String,
    /// A session's, task's or elicitation's id: whole on screens, replaced in exports.
    pub(crate) is_identity: bool,
}

/// The recording and what is in it.
pub(crate) struct Corpus {
    pub(crate) tape: Vec<u8>,
    pub(crate) planted: Vec<Planted>,
    pub(crate) exchanges: usize,
}

/// Keys whose values are secret in URLs, forms and legs of OAuth.
const OAUTH: &[&str] = &[
    "access_token",
    "actor_token",
    "api_key",
    "apikey",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_challenge",
    "code_verifier",
    "device_code",
    "id_token",
    "key",
    "login_hint",
    "nonce",
    "password",
    "refresh_token",
    "registration_access_token",
    "registration_client_uri",
    "request",
    "request_uri",
    "sig",
    "signature",
    "state",
    "subject_token",
    "token",
    "user_code",
    "username",
];

/// Keys whose strings are secret in any message.
const MCP: &[&str] = &[
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "api_key",
    "apikey",
    "password",
    "secret",
    "authorization",
];

/// Headers whose values are secret.
const HEADERS: &[&str] = &[
    "Authorization",
    "Proxy-Authorization",
    "DPoP",
    "DPoP-Nonce",
    "X-Api-Key",
    "Api-Key",
    "X-Auth-Token",
    "X-Vendor-Token",
    "X-Client-Secret",
    "X-Signing-Key",
    "X-Custom-Auth",
    "Mcp-Param-Password",
];

pub(crate) fn corpus() -> Corpus {
    let mut made = Maker::default();
    made.initialize();
    made.heads();
    made.urls();
    made.oauth();
    made.messages();
    made.echoes();
    made.elsewhere();
    made.finish()
}

/// The secret that the environment knows.
pub(crate) fn of_environment() -> String {
    secret("environment")
}

fn secret(place: &str) -> String {
    let sum = place.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31) ^ u32::from(byte));
    format!("fAk3-{sum:08x}-{}~n0t~r3al", place.len())
}

#[derive(Default)]
struct Maker {
    planted: Vec<Planted>,
    records: Vec<Record>,
    exchanges: usize,
}

#[derive(Default)]
struct Talk<'a> {
    method: &'a str,
    url: String,
    asked: Vec<(String, String)>,
    request: Vec<Vec<u8>>,
    status: u16,
    answered: Vec<(String, String)>,
    response: Vec<Vec<u8>>,
    beside: Vec<Fact>,
    error: Option<String>,
}

const ENDPOINT: &str = "https://mcp.example/mcp";

fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

impl Maker {
    fn plant(&mut self, place: &str) -> String {
        let value = secret(place);
        self.planted.push(Planted {
            place: place.to_owned(),
            value: value.clone(),
            is_identity: false,
        });
        value
    }

    fn identity(&mut self, place: &str) -> String {
        let value = secret(place);
        self.planted.push(Planted {
            place: place.to_owned(),
            value: value.clone(),
            is_identity: true,
        });
        value
    }

    /// A request and its answer, as a message each.
    fn call(id: u32, method: &str, params: &Value, result: &Value) -> Talk<'static> {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let answer = json!({"jsonrpc": "2.0", "id": id, "result": result});
        Talk {
            method: "POST",
            url: ENDPOINT.to_owned(),
            asked: vec![
                pair("Content-Type", "application/json"),
                pair("Mcp-Session-Id", secret("session")),
            ],
            request: vec![request.to_string().into_bytes()],
            status: 200,
            answered: vec![pair("Content-Type", "application/json")],
            response: vec![answer.to_string().into_bytes()],
            ..Talk::default()
        }
    }

    fn initialize(&mut self) {
        let session = self.identity("session");
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}});
        let result = json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}});
        let mut talk = Self::call(1, "initialize", &params, &result);
        talk.asked.truncate(1);
        talk.answered.push(pair("Mcp-Session-Id", session));
        self.push(&talk);
    }

    fn heads(&mut self) {
        let mut talk = Self::call(2, "ping", &json!({}), &json!({}));
        for name in HEADERS {
            let value = self.plant(&format!("header {name}"));
            let scheme = if name.ends_with("Authorization") { "Bearer " } else { "" };
            talk.asked.push(pair(name, format!("{scheme}{value}")));
            let answered = self.plant(&format!("answered header {name}"));
            talk.answered.push(pair(name, answered));
        }
        let cookies = [self.plant("cookie one"), self.plant("cookie two")];
        talk.asked.push(pair("Cookie", format!("theme={}; sid=\"{}\"", cookies[0], cookies[1])));
        let set = self.plant("set cookie");
        talk.answered.push(pair("Set-Cookie", format!("auth={set}; Path=/; HttpOnly")));
        let location = self.plant("location");
        talk.answered.push(pair("Location", format!("/next?code={location}&iss=me")));
        let link = self.plant("link");
        talk.answered
            .push(pair("X-Next", format!("https://h.example/?page=2&access_token={link}")));
        self.push(&talk);
        let mut basic = Self::call(3, "ping", &json!({}), &json!({"note": "who came by Basic"}));
        let password = self.plant("basic password");
        let pair64 = BASE64_STANDARD.encode(format!("someone:{password}"));
        basic.asked.push(pair("Authorization", format!("Basic {pair64}")));
        self.push(&basic);
    }

    fn urls(&mut self) {
        let userinfo = self.plant("userinfo");
        let path = "a7f3c09b5d1e4826b0c9fAk3";
        self.planted.push(Planted { place: "path".into(), value: path.into(), is_identity: false });
        let query: Vec<String> = OAUTH
            .iter()
            .map(|key| {
                let value = self.plant(&format!("query {key}"));
                format!("{key}={}", percent(&value))
            })
            .collect();
        let fragment = self.plant("fragment");
        let mut talk = Self::call(4, "tools/list", &json!({}), &json!({"tools": []}));
        talk.url = format!(
            "https://me:{userinfo}@mcp.example/{path}/mcp?{}#id_token={fragment}&x=1",
            query.join("&")
        );
        self.push(&talk);
    }

    fn oauth(&mut self) {
        let form: Vec<String> = OAUTH
            .iter()
            .map(|key| format!("{key}={}", percent(&self.plant(&format!("form {key}")))))
            .collect();
        let client = self.identity("client_id");
        let answer: serde_json::Map<String, Value> = OAUTH
            .iter()
            .map(|key| ((*key).to_owned(), Value::from(self.plant(&format!("oauth json {key}")))))
            .chain([("client_id".to_owned(), Value::from(client))])
            .collect();
        self.push(&Talk {
            method: "POST",
            url: "https://mcp.example/token".to_owned(),
            asked: vec![pair("Content-Type", "application/x-www-form-urlencoded")],
            request: vec![format!("grant_type=authorization_code&{}", form.join("&")).into_bytes()],
            status: 200,
            answered: vec![pair("Content-Type", "application/json")],
            response: vec![Value::from(answer).to_string().into_bytes()],
            ..Talk::default()
        });
    }

    fn messages(&mut self) {
        let arguments: serde_json::Map<String, Value> = MCP
            .iter()
            .map(|key| ((*key).to_owned(), Value::from(self.plant(&format!("argument {key}")))))
            .collect();
        let structured: serde_json::Map<String, Value> = MCP
            .iter()
            .map(|key| ((*key).to_owned(), Value::from(self.plant(&format!("result {key}")))))
            .collect();
        let text = json!({"deep": {"password": self.plant("json in text")}}).to_string();
        let url = format!("see https://h.example/cb?code={}", self.plant("url in text"));
        let redirect =
            format!("u=https%3A%2F%2Fh%3Fapi_key%3D{}", self.plant("percent-encoded url in text"));
        let blob = |text: String| BASE64_STANDARD.encode(text);
        let stored = blob(json!({"client_secret": self.plant("base64 json")}).to_string());
        let stored_url = BASE64_URL_SAFE_NO_PAD
            .encode(json!({"api_key": self.plant("base64url json")}).to_string());
        let quoted = format!("quo\"ted\\{}", self.plant("escaped"));
        let result = json!({
            "content": [
                {"type": "text", "text": text},
                {"type": "text", "text": url},
                {"type": "text", "text": redirect},
                {"type": "resource", "resource": {"uri": "file:///x", "blob": stored}},
                {"type": "text", "text": stored_url},
                {"type": "text", "text": json!({"secret": quoted}).to_string()},
            ],
            "structuredContent": structured,
        });
        let params = json!({"name": "all", "arguments": arguments});
        let talk = Self::call(5, "tools/call", &params, &result);
        self.push(&talk);
        let state = self.identity("requestState");
        let job = self.identity("taskId");
        let elicitation = self.identity("elicitationId");
        let asked = self.plant("elicitation url");
        let params = json!({"name": "ask", "arguments": {}, "requestState": state});
        let result = json!({
            "taskId": job,
            "elicitationId": elicitation,
            "url": format!("https://h.example/pay?token={asked}"),
        });
        let talk = Self::call(6, "tools/call", &params, &result);
        self.push(&talk);
    }

    /// Answers that say again, in every way, what a head called secret.
    fn echoes(&mut self) {
        let token = secret("header Authorization");
        let known = of_environment();
        self.planted.push(Planted {
            place: "environment".into(),
            value: known.clone(),
            is_identity: false,
        });
        let say = |text: String| json!({"content": [{"type": "text", "text": text}]});
        let ways = [
            format!("plain {token} and {known}"),
            format!("percent {}", percent(&token)),
            format!("all percent {}", all_percent(&token, false)),
            format!("base64 {}", BASE64_STANDARD.encode(format!("I have {token} here"))),
            format!("base64url {}", BASE64_URL_SAFE.encode(format!("and {token}!"))),
            format!("bare base64 {}", BASE64_STANDARD_NO_PAD.encode(&token)),
            format!("json {}", json!({"a": json!({"b": token}).to_string()})),
        ];
        for (id, way) in (10..).zip(ways) {
            let mut talk = Self::call(id, "tools/call", &json!({"name": "echo"}), &say(way));
            talk.asked.push(pair("Authorization", format!("Bearer {token}")));
            self.push(&talk);
        }
        for (id, coding) in (30..).zip(["gzip", "br", "zstd", "deflate"]) {
            let own = self.plant(&format!("in {coding}"));
            let result = json!({"content": [{"type": "text", "text": token}], "password": own});
            let mut talk = Self::call(id, "tools/call", &json!({"name": "packed"}), &result);
            talk.asked.push(pair("Authorization", format!("Bearer {token}")));
            talk.response = halves(&encoded(&talk.response.concat(), coding));
            talk.answered.push(pair("Content-Encoding", coding));
            self.push(&talk);
        }
        for (id, media) in (50..).zip(["text/event-stream", "application/x-ndjson"]) {
            let mut talk = Self::call(id, "tools/call", &json!({"name": "stream"}), &json!({}));
            let is_sse = media == "text/event-stream";
            let frame = |message: &Value| {
                if is_sse {
                    format!("event: message\ndata: {message}\n\n")
                } else {
                    format!("{message}\n")
                }
            };
            let (first, rest) = token.split_at(7);
            let (second, third) = rest.split_at(5);
            let mut body: Vec<u8> = Vec::new();
            for (count, piece) in (1..).zip([first, second, third]) {
                let params = json!({"level": "info", "data": piece, "count": count});
                let note =
                    json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params});
                body.extend(frame(&note).into_bytes());
            }
            let split = self.plant(&format!("key and value over frames of {media}"));
            let inner = json!({"access_token": split}).to_string();
            let (first, second) = inner.split_at(inner.len() / 2);
            for piece in [first, second] {
                let params = json!({"progressToken": 1, "progress": 1, "message": piece});
                let note =
                    json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
                body.extend(frame(&note).into_bytes());
            }
            let last = String::from_utf8(talk.response.concat()).expect("JSON");
            if is_sse {
                // One document over several `data:` lines, the key on one and the value on the next.
                let own = self.plant("over data lines");
                body.extend(format!("data: {{\"jsonrpc\":\"2.0\",\ndata: \"id\":{id},\"result\":{{\"secret\":\ndata: \"{own}\"}}}}\n\n").into_bytes());
                body.extend(
                    format!(": a comment with ?token={}\n\n", self.plant("comment")).into_bytes(),
                );
            } else {
                body.extend(format!("{last}\n").into_bytes());
            }
            talk.asked.push(pair("Authorization", format!("Bearer {token}")));
            talk.answered = vec![pair("Content-Type", media)];
            // Cut where it hurts.
            talk.response = body.chunks(11).map(<[u8]>::to_vec).collect();
            self.push(&talk);
        }
    }

    fn elsewhere(&mut self) {
        let token = secret("header Authorization");
        let mut talk = Self::call(90, "tools/call", &json!({"name": "late"}), &json!({}));
        talk.asked.push(pair("Authorization", format!("Bearer {token}")));
        let old = format!("https://h.example/?api_key={}", self.plant("rewrite"));
        let place = RewriteWhere::Header("Location".to_owned());
        talk.beside = vec![
            Fact::Rewrite(Box::new(Rewrite { place, offset: 0, old: old.clone(), new: old })),
            Fact::Note { text: format!("seen {token} at ?code={}", self.plant("note")) },
        ];
        talk.error = Some(format!("the server did not like {token}"));
        self.push(&talk);
    }

    fn push(&mut self, talk: &Talk<'_>) {
        self.exchanges += 1;
        let id = format!("019f0000-0000-7000-8000-{:012x}", self.exchanges);
        let id: ExchangeId = id.parse().expect("an id");
        let length = |body: &[Vec<u8>]| body.iter().map(|piece| piece.len() as u64).sum();
        let headers = |pairs: &[(String, String)]| -> Headers { pairs.iter().cloned().collect() };
        let ended = |side| Fact::BodyEnd { side, trailers: Headers::default() };
        let chunks = |side, body: &[Vec<u8>]| {
            let chunk =
                |data: &Vec<u8>| Fact::Chunk { side, data: Bytes::from(data.clone()), cut: 0 };
            body.iter().map(chunk).collect::<Vec<_>>()
        };
        let mut facts = vec![Fact::Open(Box::new(Open {
            client: "127.0.0.1:50000".to_owned(),
            pid: None,
            run: None,
            name: None,
            mode: Mode::Reverse,
            method: talk.method.to_owned(),
            url: talk.url.clone(),
            version: "HTTP/1.1".to_owned(),
            headers: headers(&talk.asked),
        }))];
        facts.extend(chunks(Side::Request, &talk.request));
        facts.push(ended(Side::Request));
        facts.push(Fact::Head(Box::new(Head {
            status: talk.status,
            reason: Some("OK".to_owned()),
            version: "HTTP/1.1".to_owned(),
            headers: headers(&talk.answered),
        })));
        facts.extend(chunks(Side::Response, &talk.response));
        let trailer = self.plant(&format!("trailer {}", self.exchanges));
        let trailers = [("X-Late-Token", trailer)].into_iter().collect();
        facts.push(Fact::BodyEnd { side: Side::Response, trailers });
        facts.extend(talk.beside.clone());
        facts.push(Fact::End(Box::new(End {
            outcome: Outcome::Completed,
            error: talk.error.clone(),
            timing: Timing::default(),
            upstream: None,
            request_bytes: length(&talk.request),
            response_bytes: length(&talk.response),
            hashes: Vec::new(),
        })));
        let start = 1_795_168_800_000_000_000 + self.exchanges as u64 * 1_000_000_000;
        self.records.extend((0_u32..).zip(facts).map(|(n, fact)| Record {
            exchange: Some(id),
            n,
            at: Timestamp(start + u64::from(n) * 1_000),
            fact,
        }));
    }

    fn finish(self) -> Corpus {
        let mut spool = Spool::new(Cursor::new(Vec::new()));
        for record in self.records {
            spool.push(record).expect("memory");
        }
        let mut tape = Vec::new();
        let header =
            TapeHeader::new(Timestamp(1_795_168_800_000_000_000), "wiretape 0.0.0", Vec::new());
        spool.finish(header, &mut tape).expect("memory");
        Corpus { tape, planted: self.planted, exchanges: self.exchanges }
    }
}

fn halves(body: &[u8]) -> Vec<Vec<u8>> {
    let (first, second) = body.split_at(body.len() / 2);
    vec![first.to_vec(), second.to_vec()]
}
