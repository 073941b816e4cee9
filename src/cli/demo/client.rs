//! The demo's MCP client: one life with a session (2025-11-25, HTTP/1.1) and one without
//! (2026-07-28, HTTP/2), through the proxy and over TLS like any client.

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{
    Client as Http,
    connect::{HttpConnector, proxy::Tunnel},
};
use rustls::ClientConfig;
use serde_json::{Value, json};

use super::{LEGACY, MODERN};
use crate::tasks::Tasks;

/// The longest event the client waits for; the demo's server sends none near that.
const MAX_EVENT_BYTES: usize = 64 * 1024;

/// A client with one connection pool.
pub(super) struct Client {
    http: Http<HttpsConnector<Tunnel<HttpConnector>>, Full<Bytes>>,
    url: Uri,
    session: Option<String>,
    next_id: u64,
    http2: bool,
}

impl Client {
    /// A client that reaches `url` through `proxy`.
    pub(super) fn new(
        url: Uri,
        proxy: Uri,
        trust: ClientConfig,
        http2: bool,
        tasks: Tasks,
    ) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let tunnel = Tunnel::new(proxy, connector);
        let builder = HttpsConnectorBuilder::new().with_tls_config(trust).https_only();
        let over_tls = if http2 {
            builder.enable_http2().wrap_connector(tunnel)
        } else {
            builder.enable_http1().wrap_connector(tunnel)
        };
        let http = Http::builder(tasks).http2_only(http2).build(over_tls);
        Self { http, url, session: None, next_id: 0, http2 }
    }

    /// A session from `initialize` to DELETE.
    pub(super) async fn legacy(&mut self) -> Result<()> {
        let answer = self
            .request(
                "initialize",
                json!({"protocolVersion": LEGACY,
                "capabilities": {"elicitation": {}}, "clientInfo": client_info()}),
            )
            .await?;
        expect(&answer["result"]["serverInfo"]["name"], "an answer to initialize")?;
        self.notify("notifications/initialized").await?;
        let listening = self.send(Method::GET, &[], None).await?;
        self.request("tools/list", json!({})).await?;
        self.call("add", json!({"a": 19, "b": 23})).await?;
        self.call("count", json!({"to": 3})).await?;
        self.call("fail", json!({})).await?;
        let greeting = self.call("greet", json!({})).await?;
        expect(&greeting["result"]["content"][0]["text"], "a greeting")?;
        self.send(Method::DELETE, &[], None).await?;
        // The server ends the standalone stream with its session.
        listening.into_body().collect().await.context("the standalone stream")?;
        Ok(())
    }

    /// The same tools where every request stands for itself.
    pub(super) async fn modern(&mut self) -> Result<()> {
        self.request("server/discover", json!({})).await?;
        self.request("tools/list", json!({})).await?;
        self.call("add", json!({"a": 2, "b": 3})).await?;
        self.call("count", json!({"to": 3})).await?;
        self.call("fail", json!({})).await?;
        self.call("nonesuch", json!({})).await?;
        let question = self.call("greet", json!({})).await?;
        expect(&question["result"]["requestState"], "a question")?;
        let greeting = self
            .request(
                "tools/call",
                json!({"name": "greet", "arguments": {},
                "requestState": question["result"]["requestState"],
                "inputResponses": {"name": name_given()}}),
            )
            .await?;
        expect(&greeting["result"]["content"][0]["text"], "a greeting")
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Result<Value> {
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    async fn notify(&mut self, method: &str) -> Result<()> {
        let message = json!({"jsonrpc": "2.0", "method": method});
        self.send(Method::POST, &[], Some(&message)).await.map(drop)
    }

    /// Sends a request and reads its stream to the answer.
    async fn request(&mut self, method: &str, mut params: Value) -> Result<Value> {
        let id = self.next_id;
        self.next_id += 1;
        let modern = self.is_modern();
        if modern {
            params["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
                "io.modelcontextprotocol/clientInfo": client_info()});
        }
        if params["name"] == "count" {
            params["_meta"]["progressToken"] = id.into();
        }
        let name = params["name"].as_str().unwrap_or_default().to_owned();
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let mirrored = [("mcp-method", method), ("mcp-name", name.as_str())];
        let mirrored = match (modern, name.is_empty()) {
            (false, _) => &mirrored[..0],
            (true, true) => &mirrored[..1],
            (true, false) => &mirrored[..],
        };
        let response = self.send(Method::POST, mirrored, Some(&message)).await?;
        if method == "initialize" {
            let issued = response.headers().get("mcp-session-id");
            self.session = issued.and_then(|id| id.to_str().ok()).map(str::to_owned);
        }
        self.answer(response, id).await.with_context(|| format!("{method} {name}"))
    }

    /// The era is the client's for its whole life: HTTP/1.1 has sessions here, HTTP/2 has none.
    fn is_modern(&self) -> bool {
        self.http2
    }

    async fn send(
        &self,
        method: Method,
        mirrored: &[(&str, &str)],
        message: Option<&Value>,
    ) -> Result<Response<Incoming>> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.url.clone())
            .header("accept", "application/json, text/event-stream")
            .header("user-agent", concat!("wiretape-demo/", env!("CARGO_PKG_VERSION")));
        if message.is_some() {
            request = request.header("content-type", "application/json");
        }
        if self.is_modern() {
            request = request.header("mcp-protocol-version", MODERN);
        } else if let Some(session) = &self.session {
            request =
                request.header("mcp-session-id", session).header("mcp-protocol-version", LEGACY);
        }
        for (name, value) in mirrored {
            request = request.header(*name, *value);
        }
        let body = message.map_or_else(Bytes::new, |message| Bytes::from(message.to_string()));
        let response = self.http.request(request.body(Full::new(body))?).await?;
        if !response.status().is_success() {
            bail!("the demo's server answered {}", response.status());
        }
        Ok(response)
    }

    /// Reads JSON, or events up to the one that answers `id`; answers what the server asks meanwhile.
    async fn answer(&self, response: Response<Incoming>, id: u64) -> Result<Value> {
        let is_stream =
            response.headers().get("content-type").is_some_and(|t| t == "text/event-stream");
        let mut body = response.into_body();
        if !is_stream {
            return Ok(serde_json::from_slice(&body.collect().await?.to_bytes())?);
        }
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            text.extend_from_slice(frame?.data_ref().unwrap_or(&Bytes::new()));
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = text.drain(..end + 2).collect();
                let Some(message) = data(&event) else { continue };
                if message.get("method").is_none() && message["id"] == id {
                    return Ok(message);
                }
                if message["method"] == "elicitation/create" {
                    let answer =
                        json!({"jsonrpc": "2.0", "id": message["id"], "result": name_given()});
                    self.send(Method::POST, &[], Some(&answer)).await?;
                }
            }
            if text.len() > MAX_EVENT_BYTES {
                bail!("an event of more than {MAX_EVENT_BYTES} bytes");
            }
        }
        bail!("the stream ended without an answer")
    }
}

/// The JSON of an event of the demo's server: one `data` line.
fn data(event: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(event).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("data: "))?;
    serde_json::from_str(line).ok()
}

fn client_info() -> Value {
    json!({"name": "wiretape-demo-client", "version": env!("CARGO_PKG_VERSION")})
}

fn name_given() -> Value {
    json!({"action": "accept", "content": {"name": "Ada"}})
}

fn expect(value: &Value, what: &str) -> Result<()> {
    if value.is_null() {
        bail!("the demo's server sent no such thing as {what}");
    }
    Ok(())
}
