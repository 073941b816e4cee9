//! A feature is used that the session's revision calls deprecated.

use std::collections::HashSet;

use super::{
    Check, Finding, Findings, Look, Severity,
    view::{is_modern, text_inside, values, within},
};
use crate::protocol::{
    model::{Direction, Kind, Message},
    story::Story,
};

pub(super) static RULE: Check = Check {
    id: "deprecated-feature",
    severity: Severity::Info,
    source: "MCP 2026-07-28 changelog",
    look: Look::One(look),
};

const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// Once a feature and session.
fn look(story: &Story, found: &mut Findings<'_>) {
    let mut reported = HashSet::new();
    for message in &story.messages {
        let modern = story.exchange(message.exchange).is_some_and(is_modern);
        let features = if modern { features(message) } else { Vec::new() };
        for (feature, evidence) in features {
            if !reported.insert(feature) {
                continue;
            }
            found.report(Finding {
                exchange: Some(message.exchange),
                message: Some(message.id()),
                text: format!("{feature} is deprecated from 2026-07-28 on"),
                evidence,
                remedy: "plan to do without it: it goes after twelve months at the earliest"
                    .to_owned(),
                ..Finding::default()
            });
        }
    }
}

fn features(message: &Message) -> Vec<(&'static str, String)> {
    let evidence = |what: &str| what.to_owned();
    match (message.kind, message.direction) {
        (Kind::Request, Direction::ClientToServer) => {
            within(message, ["params", "_meta", LOG_LEVEL])
                .map(|level| ("logging", format!("logLevel {level}")))
                .into_iter()
                .collect()
        }
        (Kind::Notification, Direction::ServerToClient)
            if message.method.as_deref() == Some("notifications/message") =>
        {
            vec![("logging", evidence("notifications/message"))]
        }
        (Kind::Response, Direction::ServerToClient) => {
            let inputs = within(message, ["result", "inputRequests"]).unwrap_or_default();
            let inputs = values(&inputs);
            let methods = inputs.iter().filter_map(|input| text_inside(input, &["method"]));
            methods
                .filter_map(|method| match method.as_str() {
                    "sampling/createMessage" => Some(("sampling", method)),
                    "roots/list" => Some(("roots", method)),
                    _ => None,
                })
                .collect()
        }
        _ => Vec::new(),
    }
}
