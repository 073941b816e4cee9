//! A client that says again what a recorded one said, each thing when the recorded one could say it,
//! and holds what comes against what came.

use std::{
    collections::BTreeMap,
    io::BufRead as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::tempdir;
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::timeout,
};
use wiretape::{
    capture::{ExchangeId, Fact, Headers, Outcome, Record, Side, Timestamp},
    protocol::{Frame, Reading, read},
};

use crate::support::{stories::records, wiretape::Recorder};

/// Everything here happens at once; this long means never.
const SOON: Duration = Duration::from_secs(10);

/// Walks through a tape against `wiretape serve`.
pub(super) fn walk(tape: &Path) -> Result<(), String> {
    let home = tempdir().expect("a folder");
    let tape_text = tape.display().to_string();
    let mut served = Recorder::spawn(home.path(), &["serve", &tape_text, "--json"]);
    let (tell, said) = mpsc::unbounded_channel();
    let lines = served.stdout().lines();
    let listener = wiretape::tasks::thread("serve's lines", move || {
        for line in lines.map_while(Result::ok) {
            let line: Value = serde_json::from_str(&line).expect("a JSON line");
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    let listener = listener.expect("a thread");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let walked = runtime.expect("threads").block_on(async {
        let base = served.listening["targets"][0]["url"].as_str().expect("a url").to_owned();
        let steps = steps(&records(tape));
        Walk { base, steps, ids: Ids::default(), said }.all().await
    });
    served.kill();
    listener.join().expect("it ends with the process");
    walked
}

/// One recorded exchange.
struct Step {
    reading: Reading,
    method: String,
    target: String,
    origin: String,
    headers: Headers,
    body: Vec<u8>,
    head: Option<(u16, Headers)>,
    answer: Vec<u8>,
    opened: Timestamp,
    ended: Option<(Timestamp, Outcome)>,
    live: Option<Live>,
}

/// The same exchange now.
struct Live {
    seen: Arc<Mutex<Seen>>,
    changed: watch::Receiver<()>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    head: Option<(u16, Headers)>,
    body: Vec<u8>,
    /// How it ended.
    end: Option<Result<(), String>>,
}

#[derive(Default)]
struct Ids {
    /// Placeholders of session ids, and the ids that stand for them.
    sessions: BTreeMap<String, String>,
    /// Ids of the server's requests, as spelled: recorded, and now.
    asks: Vec<(String, String)>,
}

struct Walk {
    base: String,
    steps: Vec<Step>,
    ids: Ids,
    /// What `serve --json` says of each request.
    said: mpsc::UnboundedReceiver<Value>,
}

fn steps(records: &[Record]) -> Vec<Step> {
    let mut by_exchange: BTreeMap<ExchangeId, Vec<Record>> = BTreeMap::new();
    for record in records {
        if let Some(id) = record.exchange {
            by_exchange.entry(id).or_default().push(record.clone());
        }
    }
    let mut steps: Vec<Step> = by_exchange.values().map(|records| step(records)).collect();
    steps.sort_by_key(|step| step.opened);
    steps
}

fn step(records: &[Record]) -> Step {
    let body = |of: Side| -> Vec<u8> {
        let chunk = |record: &Record| match &record.fact {
            Fact::Chunk { side, data, .. } if *side == of => Some(data.to_vec()),
            _ => None,
        };
        records.iter().filter_map(chunk).flatten().collect()
    };
    let open = records.iter().find_map(|record| match &record.fact {
        Fact::Open(open) => Some((record.at, open.clone())),
        _ => None,
    });
    let (opened, open) = open.expect("an opening");
    let url = url::Url::parse(&open.url).expect("a URL");
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Step {
        reading: read(records).expect("it reads"),
        method: open.method.clone(),
        target: format!("{}{query}", url.path()).replace("%7B", "{").replace("%7D", "}"),
        origin: url.origin().ascii_serialization(),
        headers: open.headers.clone(),
        body: body(Side::Request),
        head: records.iter().find_map(|record| match &record.fact {
            Fact::Head(head) => Some((head.status, head.headers.clone())),
            _ => None,
        }),
        answer: body(Side::Response),
        opened,
        ended: records.iter().find_map(|record| match &record.fact {
            Fact::End(end) => Some((record.at, end.outcome)),
            _ => None,
        }),
        live: None,
    }
}

impl Walk {
    async fn all(&mut self) -> Result<(), String> {
        for next in 0..self.steps.len() {
            let now = self.steps[next].opened;
            for before in 0..next {
                self.catch_up(before, Some(now)).await?;
            }
            self.send(next);
            self.hear(next).await?;
        }
        for step in 0..self.steps.len() {
            self.catch_up(step, None).await?;
        }
        for step in 0..self.steps.len() {
            self.judge(step)?;
        }
        Ok(())
    }

    /// Sends a recorded request with the ids of now.
    fn send(&mut self, place: usize) {
        let step = &self.steps[place];
        let mut request = http::Request::builder()
            .method(step.method.as_str())
            .uri(self.ids.now(&step.target).replace('{', "%7B").replace('}', "%7D"))
            .header("host", self.base.trim_start_matches("http://"));
        for (name, value) in step.headers.iter() {
            let own = ["host", "content-length", "connection", "transfer-encoding"];
            if !own.contains(&name.to_ascii_lowercase().as_str()) {
                request = request.header(name, self.ids.now(&String::from_utf8_lossy(value)));
            }
        }
        let body = self.ids.now(&String::from_utf8_lossy(&step.body));
        let request = request.body(Full::new(Bytes::from(self.ids.answering(&body))));
        let address = self.base.trim_start_matches("http://").to_owned();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (tell, changed) = watch::channel(());
        let own = Arc::clone(&seen);
        let task = tokio::runtime::Handle::current().spawn(async move {
            let end = exchange(address, request.expect("a request"), &own, &tell).await;
            own.lock().expect("whole").end = Some(end);
            tell.send_replace(());
        });
        self.steps[place].live = Some(Live { seen, changed, task });
    }

    /// What is said of a request: it matched the one that it was made from. Then it has arrived, too,
    /// and the next one comes behind it.
    async fn hear(&mut self, place: usize) -> Result<(), String> {
        let said = timeout(SOON, self.said.recv()).await.ok().flatten();
        let said = said.ok_or_else(|| format!("exchange {place}: nothing is said of it"))?;
        let step = &self.steps[place];
        let own = step.reading.summary.id.to_string();
        let what =
            format!("exchange {place} ({} {})", step.method, String::from_utf8_lossy(&step.body));
        if said["outcome"] != "matched" || said["matched"]["exchange"] != own.as_str() {
            return Err(format!("{what}: {own} -> {said:#}"));
        }
        Ok(())
    }

    /// Waits until an exchange has come as far as the recorded one had at a time, or at its end.
    async fn catch_up(&mut self, place: usize, at: Option<Timestamp>) -> Result<(), String> {
        let step = &mut self.steps[place];
        let had = |when: Timestamp| at.is_none_or(|at| when < at);
        let over = step.ended.is_none_or(|(when, _)| had(when));
        let left = step.ended.is_none_or(|(_, outcome)| outcome == Outcome::ClientClosed);
        let frames = step.reading.frames.iter().filter(|frame| had(frame.at)).count();
        let wants_head = step.head.is_some() && (over || frames > 0);
        let live = step.live.as_mut().expect("sent");
        let wait = async {
            loop {
                {
                    let seen = live.seen.lock().expect("whole");
                    let whole = over && !left;
                    let enough = if whole {
                        seen.end.is_some()
                    } else {
                        (!wants_head || seen.head.is_some()) && frames_of(&seen).len() >= frames
                    };
                    if enough || seen.end.is_some() {
                        return;
                    }
                }
                if live.changed.changed().await.is_err() {
                    return;
                }
            }
        };
        let waited = timeout(SOON, wait).await;
        if waited.is_err() {
            let seen = live.seen.lock().expect("whole");
            return Err(format!(
                "exchange {place} ({} {}) does not come as far as it was: {frames} frames wanted, \
                 head {:?}, body {:?}",
                step.method,
                String::from_utf8_lossy(&step.body),
                seen.head.as_ref().map(|head| head.0),
                String::from_utf8_lossy(&seen.body)
            ));
        }
        if over && left {
            live.task.abort();
        }
        self.learn(place);
        Ok(())
    }

    /// Takes over the ids that were given.
    fn learn(&mut self, place: usize) {
        let step = &self.steps[place];
        let live = step.live.as_ref().expect("sent").seen.lock().expect("whole");
        let (Some(recorded), Some(now)) = (&step.head, &live.head) else { return };
        let plain = |text: &str| text.replace(&self.base, &step.origin);
        for (name, value) in recorded.1.iter() {
            let value = String::from_utf8_lossy(value);
            if let Some(now) = now.1.text(name) {
                self.ids.learn(&value, &plain(now));
            }
        }
        let frames = frames_of(&live);
        if frames.is_empty() {
            let (own, now) =
                (String::from_utf8_lossy(&step.answer), String::from_utf8_lossy(&live.body));
            let strings =
                |text: &str| -> Vec<String> { text.split('"').map(ToOwned::to_owned).collect() };
            for (own, now) in strings(&own).iter().zip(strings(&plain(&now))) {
                self.ids.learn(own, &now);
            }
        }
        for (own, now) in step.reading.frames.iter().zip(&frames) {
            let (own, now) =
                (String::from_utf8_lossy(&own.data), String::from_utf8_lossy(&now.data));
            match (id_of_request(&own), id_of_request(&now)) {
                (Some(own), Some(now)) => {
                    if !self.ids.asks.contains(&(own.clone(), now.clone())) {
                        self.ids.asks.push((own, now));
                    }
                }
                _ => self.ids.learn(&own, &plain(&now)),
            }
        }
    }

    /// Holds what came against what was recorded.
    fn judge(&self, place: usize) -> Result<(), String> {
        let step = &self.steps[place];
        let live = step.live.as_ref().expect("sent").seen.lock().expect("whole");
        let what = || {
            format!("exchange {place} ({} {})", step.method, String::from_utf8_lossy(&step.body))
        };
        let Some((status, headers)) = &step.head else {
            return if live.head.is_none() { Ok(()) } else { Err(format!("{}: answered", what())) };
        };
        let Some((now, now_headers)) = &live.head else {
            return Err(format!("{}: no answer, {:?}", what(), live.end));
        };
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).replace(&self.base, &step.origin);
            self.ids.then(&text)
        };
        if now != status {
            return Err(format!("{}: {status} -> {now}: {}", what(), text(&live.body)));
        }
        for (name, value) in headers.iter() {
            let own = [
                "date",
                "content-length",
                "connection",
                "transfer-encoding",
                "keep-alive",
                "content-encoding",
                "x-accel-buffering",
            ];
            let lower = name.to_ascii_lowercase();
            let value = String::from_utf8_lossy(value);
            let now = now_headers.get(name).map(|value| text(value));
            if !own.contains(&lower.as_str()) && now.as_deref() != Some(&value) {
                return Err(format!("{}: {name}: {value} -> {now:?}", what()));
            }
        }
        let broke = matches!(live.end, Some(Err(_)));
        let breaks = step.ended.is_some_and(|(_, outcome)| outcome.is_fault());
        if broke != breaks {
            return Err(format!("{}: it should break: {breaks}; {:?}", what(), live.end));
        }
        if step.reading.frames.is_empty() {
            let (own, now) = (String::from_utf8_lossy(&step.answer), text(&live.body));
            return if own == now { Ok(()) } else { Err(format!("{}:\n{own}\n{now}", what())) };
        }
        let (own, now) = (&step.reading.frames, frames_of(&live));
        for (own, now) in own.iter().zip(&now) {
            let (data, now_data) = (String::from_utf8_lossy(&own.data), text(&now.data));
            let same = if id_of_request(&data).is_some() {
                without_id(&data) == without_id(&now_data)
                    && own.id == now.id
                    && own.event == now.event
            } else {
                String::from_utf8_lossy(&own.raw) == text(&now.raw)
            };
            if !same {
                let raw = String::from_utf8_lossy(&own.raw);
                return Err(format!("{}: frame {}:\n{raw}\n{}", what(), own.index, text(&now.raw)));
            }
        }
        if own.len() != now.len() {
            return Err(format!("{}: {} frames -> {}", what(), own.len(), now.len()));
        }
        Ok(())
    }
}

impl Ids {
    /// Learns what stands for placeholders: `now` is like `own` but for them.
    fn learn(&mut self, own: &str, now: &str) {
        let Some((before, rest)) = own.split_once("{{session:") else { return };
        let Some((number, after)) = rest.split_once("}}") else { return };
        let Some(now) = now.strip_prefix(before) else { return };
        let until = after.split("{{").next().unwrap_or_default();
        let id = if until.is_empty() { Some(now) } else { now.split_once(until).map(|(id, _)| id) };
        let placeholder = format!("{{{{session:{number}}}}}");
        if let Some(id) = id.filter(|id| !id.is_empty() && *id != placeholder) {
            self.sessions.entry(placeholder).or_insert_with(|| id.to_owned());
        }
    }

    fn now(&self, text: &str) -> String {
        let ids = self.sessions.iter();
        ids.fold(text.to_owned(), |text, (own, now)| text.replace(own, now))
    }

    fn then(&self, text: &str) -> String {
        let ids = self.sessions.iter();
        ids.fold(text.to_owned(), |text, (own, now)| text.replace(now, own))
    }

    /// An answer to a request of the server, with the id that the request has now.
    fn answering(&mut self, body: &str) -> String {
        let Ok(mut message) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
        let is_answer = message.get("method").is_none() && message.get("id").is_some();
        let own = message.get("id").map(Value::to_string).unwrap_or_default();
        // The same id may be used by one request after the other.
        let place = self.asks.iter().position(|(recorded, _)| *recorded == own);
        let Some(place) = place.filter(|_| is_answer) else { return body.to_owned() };
        let (_, now) = self.asks[place].clone();
        message["id"] = serde_json::from_str(&now).expect("JSON");
        self.asks[place].0 = String::new();
        message.to_string()
    }
}

fn id_of_request(data: &str) -> Option<String> {
    let message: Value = serde_json::from_str(data).ok()?;
    message.get("method")?;
    message.get("id").map(Value::to_string)
}

fn without_id(data: &str) -> Value {
    let mut message: Value = serde_json::from_str(data).unwrap_or_default();
    message["id"] = Value::Null;
    message
}

/// The frames so far.
fn frames_of(seen: &Seen) -> Vec<Frame> {
    let Some((_, headers)) = &seen.head else { return Vec::new() };
    let media = headers.media_type().unwrap_or_default();
    let (at, mut frames) = (Timestamp::default(), Vec::new());
    if media == "text/event-stream" {
        let mut sse = wiretape::protocol::Sse::new(64 << 20);
        sse.push(&Bytes::copy_from_slice(&seen.body), at, &mut frames);
        if seen.end.is_some() {
            sse.finish(at, &mut frames);
        }
    } else if media.contains("ndjson") {
        for (index, line) in seen.body.split_inclusive(|byte| *byte == b'\n').enumerate() {
            frames.push(Frame {
                index: u32::try_from(index).expect("few"),
                at,
                event: None,
                id: None,
                retry: None,
                comments: Vec::new(),
                data: Bytes::copy_from_slice(line.trim_ascii_end()),
                has_data: true,
                raw: Bytes::copy_from_slice(line),
                complete: line.ends_with(b"\n"),
            });
        }
    }
    frames
}

async fn exchange(
    address: String,
    request: http::Request<Full<Bytes>>,
    seen: &Mutex<Seen>,
    tell: &watch::Sender<()>,
) -> Result<(), String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    let work = async move {
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (parts, mut body) = response.into_parts();
        let pairs = parts.headers.iter();
        let pairs = pairs.map(|(name, value)| {
            (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes()))
        });
        seen.lock().expect("whole").head = Some((parts.status.as_u16(), Headers(pairs.collect())));
        tell.send_replace(());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| error.to_string())?;
            if let Some(data) = frame.data_ref() {
                seen.lock().expect("whole").body.extend_from_slice(data);
                tell.send_replace(());
            }
        }
        Ok(())
    };
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => done,
        _ = connection => work.await,
    }
}
