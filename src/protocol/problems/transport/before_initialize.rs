//! A request before `initialize` was answered.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::model::{Direction, Kind};
use crate::protocol::seen::{Era, Said, View, quote};

pub(super) static RULE: Plain = Plain {
    id: "before-initialize",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 basic/lifecycle",
    check,
};

fn check(story: &Story, found: &mut Findings<'_>) {
    let answered = story.said().find(|said| {
        said.message.direction == Direction::ServerToClient
            && said.message.kind == Kind::Response
            && said.method() == "initialize"
    });
    // Else the recording may have begun in the middle of a session.
    let from_start = answered.is_some() || story.views().next().is_some_and(opens);
    let mut asked = false;
    for said in story.said().filter(is_request) {
        let late = answered.is_none_or(|answer| said.message.at >= answer.message.at);
        match said.method() {
            "initialize" => asked = true,
            "ping" | "server/discover" => {}
            _ if !from_start || asked && late => return,
            method => {
                let legacy = |era| matches!(era, Era::Legacy | Era::TwoEndpoints);
                if !story.view_of(&said).is_some_and(|view| legacy(view.era()) && view.is_ok()) {
                    continue;
                }
                // The first one tells; the others follow from it.
                return found.report(said.finding(
                    format!("the client sent `{}` before `initialize` was answered", quote(method)),
                    if asked {
                        "`initialize` was asked and not answered yet"
                    } else {
                        "`initialize` was not asked before it"
                    },
                    "wait for the answer to `initialize`; only `ping` may go before it",
                ));
            }
        }
    }
}

fn is_request(said: &Said<'_>) -> bool {
    said.message.kind == Kind::Request && said.message.direction == Direction::ClientToServer
}

/// The stream of HTTP+SSE, whose first event names the endpoint: the session begins with it.
fn opens(view: View<'_>) -> bool {
    view.is_get() && view.events().iter().any(|frame| frame.event.as_deref() == Some("endpoint"))
}
