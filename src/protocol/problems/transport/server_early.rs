//! A server that asks before the client said it is ready.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::{Direction, Kind};
use crate::protocol::seen::quote;

pub(super) static RULE: Plain = Plain {
    id: "server-request-early",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/lifecycle",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let (mut waits, mut ready) = (false, false);
    for said in story.said() {
        let server = said.message.direction == Direction::ServerToClient;
        match (said.message.kind, said.method()) {
            (Kind::Request, "initialize") if !server => waits = !ready,
            (Kind::Notification, "notifications/initialized") if !server => {
                (waits, ready) = (false, true);
            }
            (Kind::Request, "ping") => {}
            (Kind::Request, method) if server && waits => found.report(said.finding(
                format!("the server sent `{}` before `notifications/initialized`", quote(method)),
                "`initialize` was asked, no notification came yet",
                "wait for `notifications/initialized`; before it a server may only ping and log",
            )),
            _ => {}
        }
    }
}
