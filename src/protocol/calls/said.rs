//! What a message says beyond its envelope, as far as calls are told by it.

use std::fmt::Write as _;

use bytes::Bytes;
use memchr::memmem;

use super::Ending;
use crate::protocol::{
    jsonrpc::{self, pick, string},
    model::{Kind, Message},
    pair::id_key,
};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const RELATED: &str = "io.modelcontextprotocol/related-task";

/// The first revision by which a client cancels by leaving (MCP 2026-07-28 basic/cancellation).
const CANCELS_BY_LEAVING: &str = "2026-07-28";

/// Texts that are compared, typed as ids are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The token by which a request wants progress, or of which a notification tells some.
    pub(super) token: Option<String>,
    /// The request that a notification cancels.
    pub(super) cancels: Option<String>,
    /// `requestState`, of a result or of the retry that echoes it.
    pub(super) state: Option<String>,
    /// A request brings the input that was required.
    pub(super) brings_input: bool,
    /// A result requires input.
    pub(super) needs_input: bool,
    /// The task that it is about.
    pub(super) task: Option<String>,
    /// A result that hands out a task in place of the outcome.
    pub(super) makes_task: bool,
    /// How that task stands.
    pub(super) stands: Option<Ending>,
    /// The request's revision lets the client cancel by leaving.
    pub(super) modern: bool,
}

/// What a message says is of its own call alone: no state or task links it to others.
pub(crate) fn is_about_itself(message: &Message) -> bool {
    let said = Said::of(message);
    let linked = said.brings_input || said.needs_input || said.makes_task;
    !linked && said.task.is_none() && said.state.is_none() && said.cancels.is_none()
}

/// The keys that are asked for of a message. Most have none of them, and cost no more than that;
/// a key may be spelled by escapes, though.
const OF_REQUESTS: [&str; 5] = ["_meta", "requestState", "inputResponses", "taskId", "\\u"];
const OF_RESULTS: [&str; 4] = ["resultType", "requestState", "task", "\\u"];

/// The message may say something.
fn says_any(message: &Message) -> bool {
    let has = |keys: &[&str]| {
        keys.iter().any(|key| memmem::find(&message.payload, key.as_bytes()).is_some())
    };
    match message.kind {
        Kind::Request => has(&OF_REQUESTS),
        Kind::Notification => true,
        Kind::Response => message.method.as_deref().is_some_and(is_about_task) || has(&OF_RESULTS),
        Kind::Error => false,
    }
}

fn is_about_task(method: &str) -> bool {
    method.starts_with("tasks/")
}

impl Said {
    pub(super) fn of(message: &Message) -> Self {
        if !says_any(message) {
            return Self::default();
        }
        let text = jsonrpc::text(&message.payload);
        let Some([params, result]) = pick(&text, ["params", "result"]) else {
            return Self::default();
        };
        match message.kind {
            Kind::Request => params.map(Self::request),
            Kind::Notification => params.map(Self::notification),
            Kind::Response => result.map(|result| Self::result(result, message.method.as_deref())),
            Kind::Error => None,
        }
        .unwrap_or_default()
    }

    fn request(params: &str) -> Self {
        let keys = ["_meta", "requestState", "inputResponses", "taskId"];
        let [meta, state, input, task] = pick(params, keys).unwrap_or_default();
        let [token, version, related] = meta
            .and_then(|meta| pick(meta, ["progressToken", VERSION, RELATED]))
            .unwrap_or_default();
        let version = version.and_then(string);
        Self {
            token: token.and_then(id_key),
            state: state.and_then(string),
            brings_input: input.is_some() || state.is_some(),
            task: task.and_then(string).or_else(|| related.and_then(task_in)),
            modern: version.is_some_and(|version| version.as_str() >= CANCELS_BY_LEAVING),
            ..Self::default()
        }
    }

    fn notification(params: &str) -> Self {
        let keys = ["_meta", "progressToken", "requestId", "taskId"];
        let [meta, token, request, task] = pick(params, keys).unwrap_or_default();
        let [related] = meta.and_then(|meta| pick(meta, [RELATED])).unwrap_or_default();
        Self {
            token: token.and_then(id_key),
            cancels: request.and_then(id_key),
            task: task.and_then(string).or_else(|| related.and_then(task_in)),
            stands: task.and_then(|_| standing(params)),
            ..Self::default()
        }
    }

    fn result(result: &str, method: Option<&str>) -> Self {
        let keys = ["resultType", "requestState", "task", "taskId"];
        let [kind, state, task, own] = pick(result, keys).unwrap_or_default();
        let kind = kind.and_then(string);
        let is_new = kind.as_deref() == Some("task");
        // 2025-11-25 wraps the new task; the extension of 2026-07-28 spreads it out.
        let wrapped = task.filter(|_| !is_new).and_then(task_in);
        let made = wrapped.or_else(|| own.filter(|_| is_new).and_then(string));
        let about_task = method.is_some_and(is_about_task);
        let of_task = if made.is_some() && !is_new { task } else { Some(result) };
        Self {
            state: state.and_then(string),
            needs_input: kind.as_deref() == Some("input_required"),
            makes_task: made.is_some() && !about_task,
            stands: of_task.filter(|_| made.is_some() || about_task).and_then(standing),
            task: made,
            ..Self::default()
        }
    }
}

/// The part of a message's payload that calls are told by, some hundred bytes at most: for whoever
/// keeps many messages. Of a large part nothing is kept: it is not what a protocol says.
#[must_use]
pub fn gist(message: &Message) -> Bytes {
    let text = jsonrpc::text(&message.payload);
    let Some([params, result]) = pick(&text, ["params", "result"]) else { return Bytes::new() };
    let mut gist = String::from("{");
    if let Some(params) = params {
        let keys = [
            "_meta",
            "requestState",
            "inputResponses",
            "taskId",
            "progressToken",
            "requestId",
            "status",
        ];
        part("params", params, keys, &mut gist);
    }
    if let Some(result) = result {
        let keys = ["resultType", "requestState", "task", "taskId", "status", "result", "error"];
        part("result", result, keys, &mut gist);
    }
    gist.push('}');
    gist.into()
}

/// A value in a gist, in bytes of its JSON text.
const GIST_VALUE: usize = 512;

fn part(name: &str, object: &str, keys: [&str; 7], gist: &mut String) {
    let Some(values) = pick(object, keys) else { return };
    if gist.len() > 1 {
        gist.push(',');
    }
    let _ = write!(gist, "\"{name}\":{{");
    let mut first = true;
    for (key, value) in keys.iter().zip(values) {
        let Some(value) = value else { continue };
        let value = if value.len() > GIST_VALUE { "null" } else { value };
        let comma = if std::mem::take(&mut first) { "" } else { "," };
        let _ = write!(gist, "{comma}\"{key}\":{value}");
    }
    gist.push('}');
}

fn task_in(json: &str) -> Option<String> {
    let [task] = pick(json, ["taskId"])?;
    string(task?)
}

/// How a task stands, by a JSON object that has its `status`; 2026-07-28 adds how it came out.
fn standing(task: &str) -> Option<Ending> {
    let [status, result, error] = pick(task, ["status", "result", "error"])?;
    Some(match string(status?)?.as_str() {
        "completed" => match result.and_then(|result| pick(result, ["isError"])) {
            Some([Some("true")]) => Ending::ToolError,
            _ => Ending::Ok,
        },
        "failed" => {
            let code = error.and_then(|error| pick(error, ["code"])).and_then(|[code]| code);
            Ending::RpcError(code.and_then(|code| code.parse().ok()))
        }
        "cancelled" => Ending::Cancelled,
        _ => Ending::Pending,
    })
}
