//! A bank that has nothing twice: each start of it gives other session ids, cursors, tasks, states,
//! event ids and handles, and knows those of no other start. It stamps times on all it says. Both
//! eras at one URL: what a message says of its revision decides.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::Write as _,
    net::TcpStream,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;
use wiretape::clock;

use super::{legacy, modern};
use crate::support::origin::{Origin, PATIENCE, Request, STREAM, chunk, header, json as answer};

/// What one start of it has given out.
#[derive(Default)]
pub(super) struct State {
    pub(super) sessions: HashSet<String>,
    cursors: HashMap<String, usize>,
    accounts: BTreeMap<String, Account>,
    /// Tasks with how often they were asked for.
    pub(super) tasks: BTreeMap<String, usize>,
    /// `requestState` with its round.
    pub(super) states: HashMap<String, usize>,
    /// What follows behind an event.
    pub(super) events: HashMap<String, Vec<String>>,
    /// Answers to its own requests, by their ids.
    pub(super) answers: HashMap<String, Value>,
}

struct Account {
    order: u64,
    statement: String,
}

/// A running bank.
pub(super) struct Bank {
    pub(super) state: Mutex<State>,
    pub(super) answered: Condvar,
    odd: Option<Odd>,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// It tells of an account that nobody asked for.
    Handle,
    /// And of another balance.
    Balance,
}

/// One request on its connection.
pub(super) struct Asked<'a> {
    pub(super) bank: &'a Bank,
    pub(super) request: &'a Request,
    pub(super) message: &'a Value,
    pub(super) out: &'a mut TcpStream,
}

/// Opens a bank.
pub(super) fn open() -> Origin {
    start(None)
}

/// Opens one that is not as it was.
pub(super) fn open_with(odd: Odd) -> Origin {
    start(Some(odd))
}

fn start(odd: Option<Odd>) -> Origin {
    let bank = Arc::new(Bank { state: Mutex::default(), answered: Condvar::new(), odd });
    Origin::serve(move |request, out| {
        let message = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut asked = Asked { bank: &bank, request: &request, message: &message, out };
        let version = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        if version == "2026-07-28" { modern::serve(&mut asked) } else { legacy::serve(&mut asked) }
    })
}

/// Random letters and digits.
pub(super) fn random(length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        text += &Uuid::new_v4().simple().to_string();
    }
    text.truncate(length);
    text
}

/// Now, as `2026-11-21T10:00:00.123456Z`.
pub(super) fn stamp() -> String {
    now().format(&Rfc3339).expect("a year of four digits")
}

/// `Sat, 21 Nov 2026 10:00:00 GMT`.
fn http_date() -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    now().format(format).expect("a date")
}

fn now() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + since_epoch()
}

fn since_epoch() -> Duration {
    Duration::from_nanos(clock::now().0)
}

pub(super) fn epoch_s() -> u64 {
    since_epoch().as_secs()
}

pub(super) fn epoch_ms() -> u64 {
    u64::try_from(since_epoch().as_millis()).expect("not so late")
}

const TOOLS: [&str; 9] =
    ["open", "read", "follow", "redeem", "ship", "report", "confirm", "consent", "slow"];

impl Asked<'_> {
    pub(super) fn method(&self) -> &str {
        self.message["method"].as_str().unwrap_or_default()
    }

    pub(super) fn tool(&self) -> &str {
        self.message["params"]["name"].as_str().unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.request.head, name)
    }

    fn origin(&self) -> String {
        format!("http://{}", self.header("host").unwrap_or_default())
    }

    /// Which page a cursor is for; none where this bank never gave it.
    fn page(&self) -> Option<usize> {
        match self.message["params"]["cursor"].as_str() {
            None => Some(0),
            Some(cursor) => self.bank.state.lock().expect("whole").cursors.get(cursor).copied(),
        }
    }

    fn cursor(&self, page: usize) -> String {
        let cursor = STANDARD.encode(format!("{{\"page\":{page},\"of\":\"{}\"}}", random(12)));
        self.bank.state.lock().expect("whole").cursors.insert(cursor.clone(), page);
        cursor
    }

    /// Three pages of tools.
    pub(super) fn tools(&self) -> Result<Value, Value> {
        let page = self.page().ok_or_else(|| invalid("no such cursor"))?;
        let tools: Vec<Value> =
            TOOLS.iter().skip(page * 3).take(3).map(|name| tool(name)).collect();
        let mut result = json!({"tools": tools, "_meta": {"bank.example/at": stamp()}});
        if page < 2 {
            result["nextCursor"] = json!(self.cursor(page + 1));
        }
        Ok(result)
    }

    /// A new account.
    pub(super) fn opened(&self) -> Value {
        let (account, order) = (format!("acct_{}", random(10)), Uuid::new_v4().as_u128());
        let order = 1_000_000 + u64::try_from(order % 8_000_000).expect("small");
        let statement = Uuid::new_v4().to_string();
        let mut state = self.bank.state.lock().expect("whole");
        // A new account closes the one before: each visit begins with a clean table.
        state.accounts.clear();
        state.accounts.insert(account.clone(), Account { order, statement });
        let url = format!("{}/accounts/{account}?opened={}", self.origin(), epoch_ms());
        let home = format!("https://bank.example/go?next=%2Faccounts%2F{account}%2Fhome");
        let voucher = STANDARD.encode(format!("voucher for {account}"));
        let ticket = json!({"account": account, "at": epoch_ms(), "salt": random(6)});
        let ticket = URL_SAFE_NO_PAD.encode(ticket.to_string());
        let told = json!({"account": account, "url": url, "order": {"orderId": order},
            "openedAt": epoch_ms(), "expires": epoch_s() + 3600, "tickets": [random(12), ticket]});
        json!({
            "content": [
                {"type": "text", "text": format!("Account {account} was opened at {}. See {url} or <{home}>, help is at {}/help.", stamp(), self.origin())},
                {"type": "text", "text": told.to_string()},
                {"type": "text", "text": format!("Your voucher: {voucher}")},
                {"type": "resource_link", "name": "statement", "uri": statement_of(&account, &state.accounts[&account])},
            ],
            "structuredContent": told,
        })
    }

    /// The account that stands somewhere in a text; none where this bank has none of that name.
    pub(super) fn account_in(&self, text: &str) -> Option<String> {
        let state = self.bank.state.lock().expect("whole");
        state.accounts.keys().find(|account| text.contains(account.as_str())).cloned()
    }

    /// What a tool says that was given a handle in one of many ways.
    pub(super) fn of_account(&self) -> Value {
        let arguments = &self.message["params"]["arguments"];
        let text = |key: &str| arguments[key].as_str().unwrap_or_default().to_owned();
        let account = match self.tool() {
            "read" => self.account_in(&text("account")),
            "follow" => {
                let (url, home) = (self.account_in(&text("url")), self.account_in(&text("home")));
                url.filter(|url| {
                    Some(url) == home.as_ref() && text("url").starts_with(&self.origin())
                })
            }
            "redeem" => {
                let voucher = STANDARD.decode(text("voucher")).unwrap_or_default();
                let ticket = arguments["tickets"][1].as_str().unwrap_or_default();
                let ticket = URL_SAFE_NO_PAD.decode(ticket).unwrap_or_default();
                let of = |bytes: &[u8]| self.account_in(&String::from_utf8_lossy(bytes));
                of(&voucher).filter(|account| of(&ticket).as_ref() == Some(account))
            }
            _ => {
                let state = self.bank.state.lock().expect("whole");
                let order = arguments["orderId"].as_u64();
                let found = state.accounts.iter().find(|(_, one)| Some(one.order) == order);
                found.map(|(account, _)| account.clone())
            }
        };
        let Some(account) = account else {
            return json!({"content": [{"type": "text", "text": "there is no such account"}], "isError": true});
        };
        let order = self.bank.state.lock().expect("whole").accounts[&account].order;
        let other = || format!("acct_{}", random(10));
        let account = if self.bank.odd == Some(Odd::Handle) { other() } else { account };
        let balance = if self.bank.odd == Some(Odd::Balance) { 8 } else { 7 };
        let seen = since_epoch().as_secs_f64();
        let told = json!({"account": account, "balance": balance, "asOf": epoch_s(), "at": stamp(), "seen": seen,
            "by": {&account: {"us": epoch_ms() * 1000}}});
        let text = format!(
            "{account} has {balance} at {}, order #{order} of {}; {told}",
            stamp(),
            http_date()
        );
        json!({"content": [{"type": "text", "text": text}, {"type": "text", "text": told.to_string()}],
            "structuredContent": told})
    }

    /// The statements of all accounts.
    pub(super) fn statements(&self) -> Value {
        let state = self.bank.state.lock().expect("whole");
        let uris = state.accounts.iter().map(|(account, one)| statement_of(account, one));
        let one = |uri: String| json!({"uri": uri, "name": "statement", "annotations": {"lastModified": stamp()}});
        json!({"resources": uris.map(one).collect::<Vec<_>>()})
    }

    /// That one of them changed, as a notification's parameters.
    pub(super) fn updated(&self) -> Value {
        let state = self.bank.state.lock().expect("whole");
        let mut uris = state.accounts.iter().map(|(account, one)| statement_of(account, one));
        json!({"uri": uris.next()})
    }

    pub(super) fn statement(&self) -> Result<Value, Value> {
        let uri = self.message["params"]["uri"].as_str().unwrap_or_default();
        let state = self.bank.state.lock().expect("whole");
        let is_it = |(account, one): &(&String, &Account)| statement_of(account, one) == uri;
        let (account, _) =
            state.accounts.iter().find(is_it).ok_or_else(|| invalid("no such statement"))?;
        let text = format!("{account}: nothing moved until {}", stamp());
        Ok(json!({"contents": [{"uri": uri, "mimeType": "text/plain", "text": text}]}))
    }

    /// Waits for the client's answer to a request of ours.
    pub(super) fn answer_to(&self, id: &str) -> Value {
        let state = self.bank.state.lock().expect("whole");
        let waiting = |state: &mut State| !state.answers.contains_key(id);
        let (mut state, _) =
            self.bank.answered.wait_timeout_while(state, PATIENCE, waiting).expect("whole");
        state.answers.remove(id).unwrap_or_default()
    }

    /// A whole JSON answer with a status; what every answer bears.
    pub(super) fn say(&mut self, status: &str, body: &Value, headers: &str) -> bool {
        let headers = format!("{headers}X-Request-Id: {}\r\n", Uuid::new_v4());
        let text = answer(&body.to_string(), &headers).replacen("200 OK", status, 1);
        self.out.write_all(text.as_bytes()).is_ok()
    }

    /// The answer to the message at hand.
    pub(super) fn reply(&mut self, result: Result<Value, Value>, headers: &str) -> bool {
        let body = self.response(result);
        self.say("200 OK", &body, headers)
    }

    pub(super) fn response(&self, result: Result<Value, Value>) -> Value {
        let id = &self.message["id"];
        match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
        }
    }

    pub(super) fn accepted(&mut self) -> bool {
        let accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
        self.out.write_all(accepted.as_bytes()).is_ok()
    }

    /// Begins a stream.
    pub(super) fn stream(&mut self) -> bool {
        self.out.write_all(format!("{STREAM}\r\n").as_bytes()).is_ok()
    }

    /// An event; its id is new.
    pub(super) fn event(&mut self, message: &Value) -> String {
        let id = format!("{}_{}", random(8), epoch_ms());
        let text = format!("event: message\nid: {id}\ndata: {message}\n\n");
        // Whoever left needs no event.
        let _ = self.out.write_all(&chunk(text));
        id
    }

    pub(super) fn end(&mut self) -> bool {
        self.out.write_all(&chunk("")).is_ok()
    }
}

fn statement_of(account: &str, one: &Account) -> String {
    format!("bank://{account}/statements/{}", one.statement)
}

fn tool(name: &str) -> Value {
    let mut properties = json!({});
    if name == "read" {
        properties["account"] = json!({"type": "string", "x-mcp-header": "Account"});
    }
    json!({"name": name, "description": format!("It can {name}"),
        "inputSchema": {"type": "object", "properties": properties}})
}

/// How a task stands.
pub(super) fn task(status: &str, id: &str) -> Value {
    json!({"taskId": id, "status": status, "createdAt": stamp(), "lastUpdatedAt": stamp()})
}

pub(super) fn invalid(why: &str) -> Value {
    json!({"code": -32602, "message": why})
}

pub(super) fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

pub(super) fn note(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}
