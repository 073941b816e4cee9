//! Progress and its tokens, followed over a session.

use std::collections::HashMap;

use super::view::{is, param, within};
use crate::protocol::{
    model::{Direction, Kind, Message},
    pair::id_key,
    story::Story,
};

/// What a progress notification does wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wrong {
    /// No request has its token.
    Unknown,
    /// It is not above the one before.
    NotAbove { before: f64, now: f64 },
}

/// A progress notification that does something wrong.
pub(super) struct Step<'a> {
    pub(super) message: &'a Message,
    /// The token as spelled.
    pub(super) token: String,
    pub(super) wrong: Wrong,
}

/// The wrong ones, in the order of time. A token is of the side that asked; a request that uses one
/// anew begins anew, and an event that is sent again is no step.
pub(super) fn wrong(story: &Story) -> Vec<Step<'_>> {
    let mut tokens: HashMap<(Direction, String), Option<f64>> = HashMap::new();
    let mut events: HashMap<&str, &[u8]> = HashMap::new();
    let mut found = Vec::new();
    for message in &story.messages {
        if message.kind == Kind::Request {
            let token = within(message, ["params", "_meta", "progressToken"]);
            if let Some(key) = token.as_deref().and_then(id_key) {
                tokens.insert((message.direction, key), None);
            }
        }
        if !is(message, message.direction, "notifications/progress") {
            continue;
        }
        let event = message.sse.as_ref().and_then(|sse| sse.id.as_deref());
        let again = event.and_then(|id| events.insert(id, &message.payload));
        if again == Some(&message.payload) {
            continue;
        }
        let Some(token) = param(message, "progressToken") else { continue };
        let Some(key) = id_key(&token) else { continue };
        let asked_by = match message.direction {
            Direction::ClientToServer => Direction::ServerToClient,
            Direction::ServerToClient => Direction::ClientToServer,
        };
        let wrong = match tokens.get_mut(&(asked_by, key)) {
            None => Some(Wrong::Unknown),
            Some(before) => param(message, "progress")
                .and_then(|now| now.parse().ok())
                .and_then(|now| above(before, now)),
        };
        found.extend(wrong.map(|wrong| Step { message, token, wrong }));
    }
    found
}

fn above(before: &mut Option<f64>, now: f64) -> Option<Wrong> {
    let last = before.replace(now);
    last.filter(|last| now <= *last).map(|before| Wrong::NotAbove { before, now })
}
