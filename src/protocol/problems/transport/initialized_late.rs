//! A client that works on without `notifications/initialized`.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::{Direction, Kind};
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain = Plain {
    id: "initialized-missing",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/lifecycle",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let mut connected = false;
    for said in story.said() {
        let client = said.message.direction == Direction::ClientToServer;
        match (said.message.kind, said.method()) {
            (Kind::Response, "initialize") if !client => connected = true,
            (Kind::Notification, "notifications/initialized") if client => connected = false,
            (Kind::Request, "ping" | "logging/setLevel" | "initialize" | "server/discover") => {}
            (Kind::Request, method) if client && connected => {
                let legacy = |era| matches!(era, Era::Legacy | Era::TwoEndpoints | Era::Ndjson);
                let Some(view) = story.view_of(&said).filter(|view| legacy(view.era())) else {
                    continue;
                };
                // Once a session: the rest follows from it.
                connected = false;
                found.report(said.finding(
                    format!("the client sent `{}` before `notifications/initialized`", quote(method)),
                    format!("`initialize` was answered, no notification came before this request; answered {}", view.status().map_or("not yet".to_owned(), |status| status.to_string())),
                    "send `notifications/initialized` after the answer to `initialize`, before anything but `ping`",
                ));
            }
            _ => {}
        }
    }
}
