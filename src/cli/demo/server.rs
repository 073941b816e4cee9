//! The demo's MCP server: four tools, in the era of sessions (2025-11-25) and in the one without
//! (2026-07-28) at one URL. It is small on purpose and answers only what the demo's client asks.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Either, Full, Limited, channel::Channel};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Notify, oneshot},
};
use tokio_rustls::TlsAcceptor;

use super::{LEGACY, MODERN};
use crate::tasks::Tasks;

/// The largest request that is read; a larger one is answered 413.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// Between two progress notifications: slow enough to be seen, fast enough to wait for.
const STEP: Duration = Duration::from_millis(60);

type Body = Either<Full<Bytes>, Channel<Bytes>>;

/// What the server remembers.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// Open sessions by id; notified when they are deleted.
    sessions: Mutex<HashMap<String, Arc<Notify>>>,
    /// Requests to the client that wait for their answer, by id.
    asked: Mutex<HashMap<String, oneshot::Sender<Value>>>,
}

/// Accepts connections until the tasks stop.
pub(super) async fn serve(listener: TcpListener, tls: TlsAcceptor, tasks: Tasks) {
    let server = Arc::new(Server::default());
    loop {
        let accepted = tokio::select! {
            () = tasks.stopped() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let (server, tls, group) = (Arc::clone(&server), tls.clone(), tasks.clone());
        tasks.spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let executor = group.clone();
            let service = service_fn(move |request| {
                let (server, group) = (Arc::clone(&server), group.clone());
                async move { Ok::<_, Infallible>(server.answer(request, &group).await) }
            });
            // A connection that fails is the demo client's to notice.
            let _ = if http2 {
                hyper::server::conn::http2::Builder::new(executor)
                    .serve_connection(TokioIo::new(stream), service)
                    .await
            } else {
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await
            };
        });
    }
}

impl Server {
    async fn answer(self: Arc<Self>, request: Request<Incoming>, tasks: &Tasks) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let session = parts.headers.get("mcp-session-id").and_then(|id| id.to_str().ok());
        match (&parts.method, session) {
            (&Method::GET, Some(id)) => self.listen(id, tasks),
            (&Method::DELETE, Some(id)) => self.delete(id),
            (&Method::POST, _) => match Limited::new(body, MAX_REQUEST_BYTES).collect().await {
                Ok(body) => match serde_json::from_slice(&body.to_bytes()) {
                    Ok(message) => self.message(&parts.headers, message, tasks),
                    Err(_) => plain(StatusCode::BAD_REQUEST),
                },
                Err(_) => plain(StatusCode::PAYLOAD_TOO_LARGE),
            },
            _ => plain(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    fn message(
        self: Arc<Self>,
        headers: &HeaderMap,
        message: Value,
        tasks: &Tasks,
    ) -> Response<Body> {
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            return self.answered(message);
        };
        let modern = headers.get("mcp-protocol-version").is_some_and(|v| v == MODERN);
        let id = message["id"].clone();
        match method {
            _ if id.is_null() => plain(StatusCode::ACCEPTED),
            "initialize" => self.initialize(&id),
            "server/discover" => json_answer(&result(&id, discovered())),
            "tools/list" => json_answer(&result(&id, tools(modern))),
            "tools/call" => self.call(modern, &id, &message["params"], tasks),
            other => json_answer(&error(&id, -32601, &format!("no method {other}"))),
        }
    }

    /// MCP 2025-11-25 basic/lifecycle: the id of the session is minted with this answer.
    fn initialize(&self, id: &Value) -> Response<Body> {
        let session = uuid::Uuid::new_v4().to_string();
        lock(&self.sessions).insert(session.clone(), Arc::new(Notify::new()));
        let answer = json!({
            "protocolVersion": LEGACY,
            "capabilities": {"tools": {}, "logging": {}},
            "serverInfo": server_info(),
        });
        let mut response = json_answer(&result(id, answer));
        if let Ok(value) = session.parse() {
            response.headers_mut().insert("mcp-session-id", value);
        }
        response
    }

    fn delete(&self, id: &str) -> Response<Body> {
        match lock(&self.sessions).remove(id) {
            Some(ended) => {
                ended.notify_waiters();
                ended.notify_one();
                plain(StatusCode::OK)
            }
            None => plain(StatusCode::NOT_FOUND),
        }
    }

    /// The standalone stream: a comment, a log message, then nothing until the session ends.
    fn listen(&self, id: &str, tasks: &Tasks) -> Response<Body> {
        let Some(ended) = lock(&self.sessions).get(id).cloned() else {
            return plain(StatusCode::NOT_FOUND);
        };
        let (mut sender, response) = stream();
        tasks.spawn(async move {
            let log = json!({"jsonrpc": "2.0", "method": "notifications/message",
                "params": {"level": "info", "logger": "demo", "data": "the standalone stream is open"}});
            let opened = sender.send_data(Bytes::from_static(b": keepalive\n\n")).await.is_ok()
                && sender.send_data(event(&log)).await.is_ok();
            if opened {
                ended.notified().await;
            }
        });
        response
    }

    /// The client's answer to a request of ours comes in a POST of its own.
    fn answered(&self, message: Value) -> Response<Body> {
        let id = message["id"].as_str().unwrap_or_default();
        match lock(&self.asked).remove(id) {
            Some(waiting) => {
                // The tool that asked may be gone with its stream.
                let _ = waiting.send(message);
                plain(StatusCode::ACCEPTED)
            }
            None => plain(StatusCode::BAD_REQUEST),
        }
    }

    fn call(
        self: Arc<Self>,
        modern: bool,
        id: &Value,
        params: &Value,
        tasks: &Tasks,
    ) -> Response<Body> {
        let arguments = &params["arguments"];
        match params["name"].as_str().unwrap_or_default() {
            "add" => {
                let sum = arguments["a"].as_i64().zip(arguments["b"].as_i64());
                match sum.and_then(|(a, b)| a.checked_add(b)) {
                    Some(sum) => json_answer(&result(id, text(modern, &sum.to_string(), false))),
                    None => json_answer(&error(id, -32602, "a and b must be whole numbers")),
                }
            }
            "fail" => {
                json_answer(&result(id, text(modern, "the demo's tool fails on purpose", true)))
            }
            "count" => count(modern, id, params, tasks),
            "greet" if modern => json_answer(&result(id, greet_modern(params))),
            "greet" => self.greet_legacy(id, tasks),
            other => json_answer(&error(id, -32602, &format!("Unknown tool: {other}"))),
        }
    }

    /// MCP 2025-11-25 client/elicitation: the question goes out on the stream of the call.
    fn greet_legacy(self: Arc<Self>, id: &Value, tasks: &Tasks) -> Response<Body> {
        let (mut sender, response) = stream();
        let (asked, answer) = oneshot::channel();
        let question = format!("ask-{}", uuid::Uuid::new_v4().simple());
        lock(&self.asked).insert(question.clone(), asked);
        let id = id.clone();
        tasks.spawn(async move {
            let mut request =
                json!({"jsonrpc": "2.0", "id": question, "method": "elicitation/create"});
            request["params"] = name_wanted();
            if sender.send_data(event(&request)).await.is_err() {
                return;
            }
            let Ok(answer) = answer.await else { return };
            let name = answer["result"]["content"]["name"].as_str().unwrap_or("nobody");
            let greeting = text(false, &format!("Hello, {name}!"), false);
            // A client that left is noticed by its own side.
            let _ = sender.send_data(event(&result(&id, greeting))).await;
        });
        response
    }
}

/// MCP 2026-07-28 patterns/mrtr: the question is the result, the answer comes with the retry.
fn greet_modern(params: &Value) -> Value {
    match params["inputResponses"]["name"]["content"]["name"].as_str() {
        Some(name) => text(true, &format!("Hello, {name}!"), false),
        None => json!({
            "resultType": "input_required",
            "inputRequests": {"name": {"method": "elicitation/create", "params": name_wanted()}},
            "requestState": uuid::Uuid::new_v4().to_string(),
        }),
    }
}

fn count(modern: bool, id: &Value, params: &Value, tasks: &Tasks) -> Response<Body> {
    let (mut sender, response) = stream();
    let (id, token) = (id.clone(), params["_meta"]["progressToken"].clone());
    let to = params["arguments"]["to"].as_u64().unwrap_or(3).min(20);
    tasks.spawn(async move {
        // MCP 2025-11-25 basic/transports: a priming event has an id and no data.
        if !modern
            && sender
                .send_data(Bytes::from_static(b"id: 0\nretry: 1000\ndata: \n\n"))
                .await
                .is_err()
        {
            return;
        }
        for step in 1..=to {
            tokio::time::sleep(STEP).await;
            let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress",
                "params": {"progressToken": token, "progress": step, "total": to}});
            if sender.send_data(event(&progress)).await.is_err() {
                return;
            }
        }
        // A client that left is noticed by its own side.
        let _ = sender
            .send_data(event(&result(&id, text(modern, &format!("counted to {to}"), false))))
            .await;
    });
    response
}

fn server_info() -> Value {
    json!({"name": "wiretape-demo-server", "version": env!("CARGO_PKG_VERSION")})
}

fn name_wanted() -> Value {
    json!({"mode": "form", "message": "Whom shall I greet?", "requestedSchema":
        {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}})
}

fn discovered() -> Value {
    json!({"resultType": "complete", "supportedVersions": [MODERN], "capabilities": {"tools": {}},
        "ttlMs": 60_000, "cacheScope": "public", "_meta": {"io.modelcontextprotocol/serverInfo": server_info()}})
}

fn tools(modern: bool) -> Value {
    let number = json!({"type": "integer"});
    let tools = json!([
        {"name": "add", "description": "Adds two whole numbers",
         "inputSchema": {"type": "object", "properties": {"a": number, "b": number}, "required": ["a", "b"]}},
        {"name": "count", "description": "Counts slowly and tells its progress",
         "inputSchema": {"type": "object", "properties": {"to": number}}},
        {"name": "fail", "description": "Fails", "inputSchema": {"type": "object"}},
        {"name": "greet", "description": "Asks for a name and greets", "inputSchema": {"type": "object"}},
    ]);
    if modern {
        json!({"resultType": "complete", "tools": tools, "ttlMs": 60_000, "cacheScope": "public"})
    } else {
        json!({"tools": tools})
    }
}

fn text(modern: bool, text: &str, is_error: bool) -> Value {
    let mut result = json!({"content": [{"type": "text", "text": text}], "isError": is_error});
    if modern {
        result["resultType"] = "complete".into();
        result["_meta"] = json!({"io.modelcontextprotocol/serverInfo": server_info()});
    }
    result
}

#[expect(clippy::needless_pass_by_value, reason = "a result is made to be sent")]
fn result(id: &Value, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

fn error(id: &Value, code: i32, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

fn event(message: &Value) -> Bytes {
    Bytes::from(format!("event: message\ndata: {message}\n\n"))
}

fn stream() -> (http_body_util::channel::Sender<Bytes>, Response<Body>) {
    let (sender, body) = Channel::new(8);
    let mut response = Response::new(Either::Right(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/event-stream"));
    headers
        .insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache, no-transform"));
    (sender, response)
}

fn json_answer(message: &Value) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(message.to_string()))));
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::new())));
    *response.status_mut() = status;
    response
}

/// The maps stay whole whoever panicked while holding them: every change is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
