//! An answer under a status by which clients do not read it.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::Kind;
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "answer-discarded",
    severity: Severity::Error,
    source: "MCP 2025-11-25 basic/transports",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.is_streamable() && view.is_post()) {
        let Some(status) = view.status().filter(|status| *status == 202 || *status >= 400) else {
            continue;
        };
        let lost = |kind: Kind| kind == Kind::Response || kind == Kind::Error && status == 202;
        let own = format!("{}.", view.told.id());
        for said in view.got().filter(|said| lost(said.message.kind)) {
            if !said.message.answers.as_ref().is_some_and(|asked| asked.starts_with(&own)) {
                continue;
            }
            let what = if status == 202 {
                "202, which says that no answer comes"
            } else {
                "an error status"
            };
            found.report(said.finding(
                format!("the answer to `{}` came under {what}: clients do not read it", quote(said.method())),
                format!("HTTP {status} with {}", quote(&String::from_utf8_lossy(&said.message.payload))),
                "answer a request with 200 and the message; 202 is for notifications and responses, 4xx for refusals",
            ));
        }
    }
}
