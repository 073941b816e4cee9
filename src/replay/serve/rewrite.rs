//! Recorded messages with the ids of this run: the caller's ids and progress tokens, our own ids of
//! requests, the sessions that were minted. All else keeps its bytes.

use std::collections::HashMap;

use bytes::Bytes;

use super::{
    json::{self, Edit, replace_word},
    reply::{Said, subscription},
};
use crate::protocol::{Kind, envelopes};

/// The ids of one run through a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    /// What a caller gave its request, by the recorded request's message id.
    pub(super) callers: HashMap<String, Caller>,
    /// Our ids of the server's requests, as spelled, by the recorded request's message id.
    pub(super) asks: HashMap<String, String>,
    /// The same by the recorded id, as spelled.
    pub(super) asks_by_id: HashMap<String, String>,
    /// Session ids, by the recorded one.
    pub(super) sessions: HashMap<String, String>,
}

/// As spelled by the caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Caller {
    pub(super) id: Option<String>,
    pub(super) token: Option<String>,
}

impl Ids {
    fn caller(&self, request: Option<&String>) -> Option<&Caller> {
        self.callers.get(request?)
    }

    /// Text that names sessions or the recorded server.
    pub(super) fn control(&self, text: &str, origin: &str, base: &str) -> String {
        let mut text = text.to_owned();
        for (recorded, served) in &self.sessions {
            text = replace_word(&text, recorded, served);
        }
        replace_word(&text, origin, base)
    }

    /// A message, or a batch of them, with the ids of this run; none where nothing changes.
    pub(super) fn messages(&self, payload: &[u8], said: &[Said]) -> Option<String> {
        let whole = std::str::from_utf8(payload).ok()?;
        let (mut edits, mut said) = (Vec::new(), said.iter());
        envelopes(payload, |envelope| {
            let Some(said) = said.next() else { return };
            let mut change = |part: Option<&str>, text: Option<&String>| {
                let edit = part.zip(text).and_then(|(part, text)| Edit::of(whole, part, text));
                edits.extend(edit);
            };
            match envelope.kind {
                Kind::Response | Kind::Error => {
                    let caller = self.caller(said.answers.as_ref());
                    change(envelope.id, caller.and_then(|caller| caller.id.as_ref()));
                }
                Kind::Request => {
                    change(envelope.id, said.asks.as_ref().and_then(|id| self.asks.get(id)));
                }
                Kind::Notification => {
                    let part = |key| envelope.params.and_then(|params| json::at(params, &[key]));
                    let caller = self.caller(said.progress_of.as_ref());
                    let token = caller.and_then(|caller| caller.token.as_ref());
                    change(part("progressToken"), token);
                    if envelope.method().as_deref() == Some("notifications/cancelled") {
                        let id = part("requestId");
                        change(id, id.and_then(|id| self.asks_by_id.get(id)));
                    }
                }
            }
            if let Some(caller) = self.caller(said.subscription_of.as_ref()) {
                change(subscription(envelope.text), caller.id.as_ref());
            }
        });
        (!edits.is_empty()).then(|| json::splice(whole, edits))
    }
}

/// A frame with other data; its other lines stay as they are.
pub(super) fn reframe(raw: &[u8], data: &[u8], text: &str) -> Bytes {
    let place = memchr::memmem::find(raw, data).filter(|_| !data.is_empty());
    if let Some(place) = place.filter(|_| !text.contains('\n')) {
        let (before, rest) = raw.split_at(place);
        let after = rest.get(data.len()..).unwrap_or_default();
        return Bytes::from([before, text.as_bytes(), after].concat());
    }
    let (mut out, mut is_written) = (Vec::with_capacity(raw.len() + 64), false);
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if !line.starts_with(b"data") {
            out.extend_from_slice(line);
        } else if !is_written {
            is_written = true;
            let end: &[u8] = if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
            for part in text.split('\n') {
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(part.as_bytes());
                out.extend_from_slice(end);
            }
        }
    }
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_keeps_all_but_its_data() {
        let cases = [
            (
                "id: 1\ndata: {\"id\":1}\n\n",
                "{\"id\":1}",
                "{\"id\":7}",
                "id: 1\ndata: {\"id\":7}\n\n",
            ),
            (
                "data:{\"a\":\r\ndata: 1}\r\nid: 4\r\n\r\n",
                "{\"a\":\n1}",
                "{\"a\":\n2}",
                "data: {\"a\":\r\ndata: 2}\r\nid: 4\r\n\r\n",
            ),
            ("{\"id\":1}\n", "{\"id\":1}", "{\"id\":\"x\"}", "{\"id\":\"x\"}\n"),
        ];
        for (raw, data, text, expected) in cases {
            let framed = reframe(raw.as_bytes(), data.as_bytes(), text);
            assert_eq!(String::from_utf8_lossy(&framed), expected);
        }
    }

    #[test]
    fn ids_are_the_callers_and_ours() {
        let mut ids = Ids::default();
        let caller = Caller { id: Some("\"seven\"".into()), token: Some("0.50".into()) };
        ids.callers.insert("E.0".into(), caller);
        ids.asks.insert("E.1".into(), "41".into());
        let answers = Said { answers: Some("E.0".into()), ..Said::default() };
        let asks = Said { asks: Some("E.1".into()), ..Said::default() };
        let progress = Said { progress_of: Some("E.0".into()), ..Said::default() };
        let listens = Said { subscription_of: Some("E.0".into()), ..Said::default() };
        let cases = [
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"n":1.50}}"#,
                &answers,
                r#"{"jsonrpc":"2.0","id":"seven","result":{"n":1.50}}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
                &asks,
                r#"{"jsonrpc":"2.0","id":41,"method":"ping"}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3}}"#,
                &progress,
                r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":0.50}}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","method":"m","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":1}}}"#,
                &listens,
                r#"{"jsonrpc":"2.0","method":"m","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"seven"}}}"#,
            ),
        ];
        for (recorded, said, expected) in cases {
            let sent = ids.messages(recorded.as_bytes(), std::slice::from_ref(said));
            assert_eq!(sent.as_deref(), Some(expected));
        }
        assert_eq!(
            ids.messages(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#, &[Said::default()]),
            None
        );
    }
}
