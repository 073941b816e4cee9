//! Refusals: those that were recorded hold for every request of their kind, and where there are none
//! those of the SDKs' servers stand for them (protocol.md §1.1, §3).

use std::time::Duration;

use bytes::Bytes;

use super::{
    asked::Asked,
    remark::{Match, Remark, remark},
    reply::Body,
    rewrite::{Caller, Ids},
    script::{Entry, Script},
    stage::{Answer, Served, Stage},
};
use crate::{capture::Headers, protocol::RefusalReason};

impl Stage {
    /// Refuses for the session, as the recorded server did or else as those of the SDKs do
    /// (protocol.md §3).
    pub(super) fn refuse(&self, asked: &Asked, reason: RefusalReason) -> Served {
        let of_reason = |entry: &&Entry| entry.refuses == Some(reason);
        let recorded = self.script.entries.iter().enumerate().find(|(_, entry)| of_reason(entry));
        if let Some((place, _)) = recorded {
            return self.stand_by(asked, place, said_of(reason));
        }
        let (status, code, text) = match reason {
            RefusalReason::NoSessionId => {
                (400, -32000, "Bad Request: Mcp-Session-Id header is required")
            }
            _ => (404, -32001, "Session not found"),
        };
        let mut served = json_error(asked, status, code, text, "null");
        served.remark.outcome = Match::Refused;
        served.remark.reason = Some(said_of(reason).to_owned());
        served
    }

    /// A recorded refusal that holds for every request of its kind.
    pub(super) fn stand_by(&self, asked: &Asked, place: usize, reason: &str) -> Served {
        let script = &self.script;
        let Some(entry) = script.entry(place) else {
            return Self::plain(remark(asked), 400, reason);
        };
        let mut ids = Ids::default();
        for (own, its) in entry.claims.iter().zip(&asked.claims) {
            ids.sessions.insert(own.value.clone(), its.value.clone());
        }
        for (own, its) in entry.asked.parts.iter().zip(&asked.parts) {
            let caller = Caller { id: its.id.clone(), token: its.token.clone() };
            ids.callers.insert(format!("{}.{}", entry.exchange, own.number), caller);
        }
        let (status, body) = match &entry.reply.body {
            Body::Whole { text, said } if said.is_empty() => {
                let text = String::from_utf8_lossy(text);
                (entry.reply.status, Bytes::from(ids.control(&text, &entry.origin, &self.base)))
            }
            Body::Whole { text, said } => {
                let changed = ids.messages(text, said).map(Bytes::from);
                (entry.reply.status, changed.unwrap_or_else(|| text.clone()))
            }
            _ => (entry.reply.status.max(400), Bytes::new()),
        };
        let headers = entry.reply.headers.0.iter().map(|(name, value)| {
            let text = String::from_utf8_lossy(value);
            (name.clone(), Bytes::from(ids.control(&text, &entry.origin, &self.base)))
        });
        let headers = Headers(headers.collect());
        let answer = Answer::Whole { status, headers, body, after: Duration::ZERO };
        let (outcome, recorded) = (Match::Refused, Some(self.recorded(entry)));
        let (status, reason) = (Some(status), Some(reason.to_owned()));
        Served { remark: Remark { status, outcome, recorded, reason, ..remark(asked) }, answer }
    }

    /// A legacy tape's answer to a modern request: no error of 2026-07-28, so that clients of both
    /// eras fall back to `initialize` (protocol.md §1.1, Negotiation).
    pub(super) fn not_modern(asked: &Asked) -> Served {
        let text = "Bad Request: the tape holds nothing of 2026-07-28";
        let mut served = json_error(asked, 400, -32000, text, "null");
        served.remark.outcome = Match::Refused;
        served.remark.reason = Some("the recorded server speaks no 2026-07-28".to_owned());
        served
    }

    /// A modern tape's answer to `initialize` (protocol.md §1.1).
    pub(super) fn modern_only(asked: &Asked) -> Served {
        let id = asked.head_part().and_then(|part| part.id.clone());
        let id = id.unwrap_or_else(|| "null".to_owned());
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32022,"message":"Unsupported protocol version","data":{{"supported":["2026-07-28"],"requested":"initialize"}}}}}}"#
        );
        let mut served = Self::plain(remark(asked), 400, "");
        served.answer = json_answer(400, body);
        served.remark.outcome = Match::Refused;
        served.remark.reason = Some("the recorded server speaks 2026-07-28 only".to_owned());
        served
    }

    pub(super) fn no_method(script: &Script, asked: &Asked, route: usize) -> Served {
        let methods = script.routes.get(route).map(|route| route.methods.join(", "));
        let allow = methods.unwrap_or_default();
        let text = format!("wiretape: {} {} was not recorded", asked.http, asked.path);
        let mut served = json_error(asked, 405, -32000, &text, "null");
        if let Answer::Whole { headers, .. } = &mut served.answer {
            headers.0.push(("Allow".to_owned(), Bytes::from(allow)));
        }
        served.remark.outcome = Match::Refused;
        served.remark.reason = Some("the recording has no such HTTP method here".to_owned());
        served
    }

    pub(super) fn faulty(asked: &Asked, error: i64, delay: Duration) -> Served {
        let id = asked.head_part().and_then(|part| part.id.clone());
        let id = id.unwrap_or_else(|| "null".to_owned());
        let text = "a fault that wiretape was told to make";
        let mut served =
            match u16::try_from(error).ok().filter(|status| (100..600).contains(status)) {
                Some(status) => json_error(asked, status, -32000, text, &id),
                None => json_error(asked, 200, error, text, &id),
            };
        if let Answer::Whole { after, .. } = &mut served.answer {
            *after = delay;
        }
        served.remark.outcome = Match::Faulted;
        served.remark.reason = Some("a rule's fault".to_owned());
        served
    }
}

fn said_of(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::NoSessionId => "no session id was sent",
        _ => "the session is not known, or over",
    }
}

pub(super) fn json_answer(status: u16, body: String) -> Answer {
    let headers = [("Content-Type", "application/json")].into_iter().collect();
    Answer::Whole { status, headers, body: Bytes::from(body), after: Duration::ZERO }
}

/// A JSON-RPC error with an HTTP status; `id` as spelled.
pub(super) fn json_error(asked: &Asked, status: u16, code: i64, text: &str, id: &str) -> Served {
    let message = serde_json::Value::from(text);
    let body =
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{message}}}}}"#);
    Served {
        remark: Remark { status: Some(status), ..remark(asked) },
        answer: json_answer(status, body),
    }
}
