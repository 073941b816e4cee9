//! A client of the Rust SDK, in the mode that the second argument names: `legacy` (`initialize`),
//! `modern` (`server/discover`). Its last line of output is the report.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
};

use rmcp::{
    ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient,
    model::{
        CallToolRequestParams, ClientCapabilities, ClientConfig, Implementation, ProtocolVersion,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::{StreamableHttpClientTransport, Transport},
};
use serde_json::{Value, json};

type Log = Arc<Mutex<Vec<Value>>>;

/// The SDK's transport with a look at what passes.
struct Logged<T> {
    inner: T,
    log: Log,
}

fn note(log: &Log, from: &str, message: impl serde::Serialize) {
    let entry = json!({"from": from, "message": message});
    log.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
}

impl<T: Transport<RoleClient> + 'static> Transport<RoleClient> for Logged<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        note(&self.log, "client", &item);
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        let message = self.inner.receive().await?;
        note(&self.log, "server", &message);
        Some(message)
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

struct Handler;

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("rmcp", "1"))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, era] = arguments.as_slice() else { return Err("URL and era".into()) };
    let lifecycle = if era == "modern" {
        ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
    } else {
        ClientLifecycleMode::Initialize
    };
    let log = Log::default();
    let inner = StreamableHttpClientTransport::from_uri(url.as_str());
    let transport = Logged { inner, log: Arc::clone(&log) };
    let client = Handler.serve_with_lifecycle(transport, lifecycle).await?;
    let mut names: Vec<_> = client.list_all_tools().await?.into_iter().map(|t| t.name).collect();
    names.sort();
    let mut saw = vec![json!(names)];
    let calls =
        [("add", json!({"a": 19, "b": 23})), ("count", json!({"to": 3})), ("fail", json!({}))];
    for (name, arguments) in calls {
        let Value::Object(arguments) = arguments else { continue };
        let call = CallToolRequestParams::new(name).with_arguments(arguments);
        saw.push(serde_json::to_value(client.call_tool(call).await?)?);
    }
    let unknown = client.call_tool(CallToolRequestParams::new("nonesuch")).await;
    saw.push(json!({"unknown": unknown.is_err()}));
    client.cancel().await?;
    let messages = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
    println!("{}", json!({"saw": saw, "messages": messages}));
    Ok(())
}
