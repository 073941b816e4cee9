//! The JSON-RPC envelope, read over the text: ids, numbers and payloads keep their spelling.
//!
//! One pass over a message finds all that is asked of every message. Values are passed over as
//! text, so depth costs no stack and no tree is built (crates.md 6.2). Key presence decides, which
//! a derived `Deserialize` cannot tell (`"id":null` from none), and of duplicate keys the last.

use std::borrow::Cow;

use super::{json::Scanner, model::Kind};

/// How many messages of one batch are read; the rest of it is passed over.
pub(crate) const BATCH_CAP: usize = 10_000;

/// A payload as text, with replacement characters for what is not UTF-8. What is UTF-8 takes the
/// fast way of the standard library, which the lossy one has not.
pub(crate) fn text(payload: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(payload) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(payload),
    }
}

/// One message, borrowed from the text it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The whole message.
    pub text: &'a str,
    /// What it is.
    pub kind: Kind,
    /// `id` as spelled; none where the key is absent.
    pub id: Option<&'a str>,
    method: Option<&'a str>,
    /// `params` as spelled.
    pub params: Option<&'a str>,
    /// `result` as spelled.
    pub result: Option<&'a str>,
    /// `error` as spelled.
    pub error: Option<&'a str>,
    /// What else was seen on the way.
    pub(crate) seen: Seen<'a>,
}

/// Values that every message is asked for, as spelled.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen<'a> {
    /// `name`, `uri` and `taskId` of `params`.
    subjects: [Option<&'a str>; 3],
    /// `_meta` of `params`, or of `result`.
    pub(crate) meta: Option<&'a str>,
    /// `result.isError`.
    is_error: Option<&'a str>,
    /// `result.protocolVersion`, which tells an answer to `initialize`.
    pub(crate) protocol_version: Option<&'a str>,
    /// `result.serverInfo`.
    pub(crate) server_info: Option<&'a str>,
    /// `error.code`.
    code: Option<&'a str>,
}

/// What stands at the keys of a message.
#[derive(Default)]
struct Fields<'a> {
    jsonrpc: bool,
    id: Option<&'a str>,
    method: Option<&'a str>,
    params: Option<(&'a str, [Option<&'a str>; 4])>,
    result: Option<(&'a str, [Option<&'a str>; 4])>,
    error: Option<(&'a str, [Option<&'a str>; 1])>,
}

impl<'a> Fields<'a> {
    /// Those of the object that `text` is; none where it is none.
    fn read(text: &'a str) -> Option<Self> {
        let (mut scanner, mut fields) = (Scanner::new(text), Self::default());
        scanner.object(|value, key| {
            if key.is("jsonrpc") {
                fields.jsonrpc = true;
                value.value()?;
            } else if key.is("id") {
                fields.id = Some(value.value()?);
            } else if key.is("method") {
                fields.method = Some(value.value()?);
            } else if key.is("params") {
                let keys = ["name", "uri", "taskId", "_meta"];
                fields.params = Some(value.value_with(&keys)?);
            } else if key.is("result") {
                let keys = ["isError", "_meta", "protocolVersion", "serverInfo"];
                fields.result = Some(value.value_with(&keys)?);
            } else if key.is("error") {
                fields.error = Some(value.value_with(&["code"])?);
            } else {
                value.value()?;
            }
            Some(())
        })?;
        scanner.is_over().then_some(fields)
    }
}

impl<'a> Envelope<'a> {
    /// The message that `text` is; none where it is no JSON object of JSON-RPC.
    ///
    /// The key `jsonrpc` is asked for, whatever its value: without it the error object of an OAuth
    /// server would pass for a message. Otherwise key presence decides (protocol.md §6).
    pub fn read(text: &'a str) -> Option<Self> {
        let Fields { jsonrpc, id, method, params, result, error } = Fields::read(text)?;
        let kind = match (method, result, error) {
            _ if !jsonrpc => return None,
            (Some(_), ..) if id.is_some() => Kind::Request,
            (Some(_), ..) => Kind::Notification,
            // Some servers send both keys, the other one null.
            (None, Some((result, _)), Some(_)) if result != "null" => Kind::Response,
            (None, _, Some(_)) => Kind::Error,
            (None, Some(_), None) => Kind::Response,
            (None, None, None) => return None,
        };
        let (params, of_params) = params.unzip();
        let (result, of_result) = result.unzip();
        let (error, of_error) = error.unzip();
        let [name, uri, task, params_meta] = of_params.unwrap_or_default();
        let [is_error, result_meta, protocol_version, server_info] = of_result.unwrap_or_default();
        let [code] = of_error.unwrap_or_default();
        let seen = Seen {
            subjects: [name, uri, task],
            meta: if params.is_some() { params_meta } else { result_meta },
            is_error,
            protocol_version,
            server_info,
            code,
        };
        Some(Self { text, kind, id, method, params, result, error, seen })
    }

    /// The method.
    pub fn method(&self) -> Option<String> {
        self.method.map(|raw| string(raw).unwrap_or_else(|| raw.to_owned()))
    }

    /// `error.code`; none where it is no integer.
    pub fn code(&self) -> Option<i64> {
        self.seen.code?.parse().ok()
    }

    /// `result.isError`.
    pub fn is_tool_error(&self) -> bool {
        self.seen.is_error == Some("true")
    }

    /// What the message is about: tool, prompt, resource URI or task (faces.md, message).
    pub fn subject(&self, method: &str) -> Option<String> {
        let [name, uri, task] = self.seen.subjects;
        let raw = match method {
            "tools/call" | "prompts/get" => name,
            "notifications/tasks" | "notifications/tasks/status" => task,
            _ if method.starts_with("tasks/") => task,
            _ if method.starts_with("resources/") => uri,
            _ if method.starts_with("notifications/resources/") => uri,
            _ => None,
        };
        string(raw?)
    }
}

/// The messages in a JSON payload: one object, or a batch of them.
pub fn envelopes(payload: &[u8], each: impl FnMut(Envelope<'_>)) {
    messages(&text(payload), each);
}

/// The messages in a JSON text: one object, or a batch of them.
pub(crate) fn messages<'a>(text: &'a str, mut each: impl FnMut(Envelope<'a>)) {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('[') {
        let mut left = BATCH_CAP;
        // A batch that breaks off has said what it said.
        let _ = Scanner::new(text).array(|element| {
            if let Some(envelope) = (left > 0).then(|| Envelope::read(element)).flatten() {
                left -= 1;
                each(envelope);
            }
        });
    } else if let Some(envelope) = Envelope::read(text) {
        each(envelope);
    }
}

/// The values of some keys of a JSON object, as spelled; none where `text` is no JSON object.
/// Of duplicate keys the last counts, as in every client's parser.
pub(crate) fn pick<'a, const N: usize>(
    text: &'a str,
    keys: [&str; N],
) -> Option<[Option<&'a str>; N]> {
    let mut scanner = Scanner::new(text);
    let (spelled, values) = scanner.value_with(&keys)?;
    (spelled.starts_with('{') && scanner.is_over()).then_some(values)
}

/// The value of a JSON string; none for anything else.
pub(crate) fn string(raw: &str) -> Option<String> {
    let plain = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match plain {
        // Values that a `Scanner` gave are JSON: without a backslash a string is what it spells.
        Some(text) if !text.contains(['\\', '"']) => Some(text.to_owned()),
        Some(_) => serde_json::from_str(raw).ok(),
        None => None,
    }
}

#[cfg(test)]
mod tests;
