//! An entry as writers write it: what the specification demands may be missing or null.

use serde::{Deserialize, de::IgnoredAny};

/// One exchange.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) started_date_time: String,
    #[serde(default)]
    pub(super) time: Option<f64>,
    pub(super) request: Request,
    #[serde(default)]
    pub(super) response: Option<Response>,
    #[serde(default)]
    pub(super) timings: Option<Timings>,
    #[serde(default, rename = "serverIPAddress")]
    pub(super) server_ip_address: Option<String>,
    #[serde(default, rename = "_error")]
    pub(super) error: Option<String>,
    #[serde(default, rename = "_webSocketMessages")]
    pub(super) web_socket: Option<IgnoredAny>,
    #[serde(default, rename = "_mcp")]
    pub(super) mcp: Option<Mcp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) http_version: Option<String>,
    #[serde(default)]
    pub(super) headers: Option<Vec<Pair>>,
    #[serde(default)]
    pub(super) post_data: Option<PostData>,
    #[serde(default)]
    pub(super) body_size: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    #[serde(default)]
    pub(super) status: Option<f64>,
    #[serde(default)]
    pub(super) status_text: Option<String>,
    #[serde(default)]
    pub(super) http_version: Option<String>,
    #[serde(default)]
    pub(super) headers: Option<Vec<Pair>>,
    #[serde(default)]
    pub(super) content: Option<Content>,
    #[serde(default)]
    pub(super) body_size: Option<f64>,
    #[serde(default, rename = "_error")]
    pub(super) error: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Pair {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostData {
    #[serde(default)]
    pub(super) text: Option<String>,
    /// Ours, and HAR 1.3's; devtools write `_encoding`.
    #[serde(default, alias = "_encoding")]
    pub(super) encoding: Option<String>,
    #[serde(default)]
    pub(super) params: Option<Vec<Pair>>,
}

#[derive(Deserialize)]
pub(super) struct Content {
    #[serde(default)]
    pub(super) size: Option<f64>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) encoding: Option<String>,
}

/// Milliseconds; -1 or nothing for what did not happen.
#[derive(Default, Deserialize)]
pub(super) struct Timings {
    #[serde(default)]
    pub(super) blocked: Option<f64>,
    #[serde(default)]
    pub(super) dns: Option<f64>,
    #[serde(default)]
    pub(super) connect: Option<f64>,
    #[serde(default)]
    pub(super) send: Option<f64>,
    #[serde(default)]
    pub(super) wait: Option<f64>,
    #[serde(default)]
    pub(super) receive: Option<f64>,
    #[serde(default)]
    pub(super) ssl: Option<f64>,
}

/// What wiretape added. Other tools may write an `_mcp` of their own.
#[derive(Deserialize)]
pub(super) struct Mcp {
    #[serde(default)]
    pub(super) schema: Option<String>,
    #[serde(default)]
    pub(super) exchange: Option<String>,
    #[serde(default)]
    pub(super) client: Option<String>,
    #[serde(default)]
    pub(super) pid: Option<u32>,
    #[serde(default)]
    pub(super) run: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) mode: Option<String>,
    #[serde(default)]
    pub(super) outcome: Option<String>,
    #[serde(default)]
    pub(super) upstream: Option<String>,
    #[serde(default)]
    pub(super) as_on_the_wire: bool,
    #[serde(default)]
    pub(super) request_trailers: Vec<Pair>,
    #[serde(default)]
    pub(super) response_trailers: Vec<Pair>,
    #[serde(default)]
    pub(super) notes: Vec<String>,
    #[serde(default)]
    pub(super) frames: Vec<Frame>,
}

/// A frame of `wiretape/frame/1`.
#[derive(Deserialize)]
pub(super) struct Frame {
    pub(super) at: String,
    #[serde(default)]
    pub(super) raw: Option<String>,
    #[serde(default)]
    pub(super) raw_base64: Option<String>,
}
