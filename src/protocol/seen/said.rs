//! One message taken apart.

use crate::{
    capture::ExchangeId,
    protocol::{
        jsonrpc::{pick, string},
        model::Message,
        problems::Finding,
    },
};

/// The longest piece of the wire that evidence quotes, in characters; the rest of it is left out.
const QUOTE_CAP: usize = 120;

/// Where the parts of a message stand in its payload: so that a rule that asks for one does not
/// read the whole again. Messages are far below 4 GiB (`Limits::READING`).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parts {
    jsonrpc: Span,
    params: Span,
    result: Span,
    error: Span,
}

type Span = Option<(u32, u32)>;

impl Parts {
    pub(super) fn of(message: &Message) -> Self {
        let text = text(message);
        let Some([jsonrpc, params, result, error]) =
            pick(text, ["jsonrpc", "params", "result", "error"])
        else {
            return Self::default();
        };
        let span = |part: Option<&str>| {
            let part = part?;
            let from = part.as_ptr() as usize - text.as_ptr() as usize;
            let to = from + part.len();
            Some((u32::try_from(from).ok()?, u32::try_from(to).ok()?))
        };
        Self {
            jsonrpc: span(jsonrpc),
            params: span(params),
            result: span(result),
            error: span(error),
        }
    }
}

/// A message's payload is cut out of decoded text, so it is UTF-8.
fn text(message: &Message) -> &str {
    std::str::from_utf8(&message.payload).unwrap_or_default()
}

/// A message as a rule looks at it.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) message: &'a Message,
    parts: &'a Parts,
}

impl<'a> Said<'a> {
    pub(super) fn new(message: &'a Message, parts: &'a Parts) -> Self {
        Self { message, parts }
    }

    /// The method; of an answer that of its request.
    pub(crate) fn method(&self) -> &'a str {
        self.message.method.as_deref().unwrap_or_default()
    }

    /// `jsonrpc` as spelled.
    pub(crate) fn jsonrpc(&self) -> Option<&'a str> {
        self.part(self.parts.jsonrpc)
    }

    /// `params` as spelled.
    pub(crate) fn params(&self) -> Option<&'a str> {
        self.part(self.parts.params)
    }

    /// `result` as spelled.
    pub(crate) fn result(&self) -> Option<&'a str> {
        self.part(self.parts.result)
    }

    /// `error` as spelled.
    pub(crate) fn error(&self) -> Option<&'a str> {
        self.part(self.parts.error)
    }

    /// The value of a key of `params`, as spelled.
    pub(crate) fn param(&self, key: &str) -> Option<&'a str> {
        let [value] = pick(self.params()?, [key])?;
        value
    }

    /// The value of a key of `result`, as spelled.
    pub(crate) fn in_result(&self, key: &str) -> Option<&'a str> {
        let [value] = pick(self.result()?, [key])?;
        value
    }

    /// The value of a key of `_meta`, as spelled.
    pub(crate) fn meta(&self, key: &str) -> Option<&'a str> {
        let [meta] = pick(self.params().or(self.result())?, ["_meta"])?;
        let [value] = pick(meta?, [key])?;
        value
    }

    /// The revision that its `_meta` names.
    pub(crate) fn meta_revision(&self) -> Option<String> {
        string(self.meta("io.modelcontextprotocol/protocolVersion")?)
    }

    fn part(&self, span: Span) -> Option<&'a str> {
        let (from, to) = span?;
        text(self.message).get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
    }

    /// A finding on this message.
    pub(crate) fn finding(
        &self,
        text: impl Into<String>,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        let finding = finding(self.message.exchange, text, evidence, remedy);
        Finding { message: Some(self.message.id()), ..finding }
    }
}

/// A piece of the wire as evidence quotes it.
pub(crate) fn quote(text: &str) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(QUOTE_CAP).collect();
    if chars.next().is_some() { format!("{head}…") } else { head }
}

/// A finding on an exchange.
pub(super) fn finding(
    exchange: ExchangeId,
    text: impl Into<String>,
    evidence: impl Into<String>,
    remedy: impl Into<String>,
) -> Finding {
    Finding {
        exchange: Some(exchange),
        text: text.into(),
        evidence: evidence.into(),
        remedy: remedy.into(),
        ..Finding::default()
    }
}
