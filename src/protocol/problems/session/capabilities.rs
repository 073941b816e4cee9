//! What the two sides said they can do, over a session or for one request.

use std::collections::HashMap;

use super::view::{inside, within};
use crate::protocol::{
    model::{Direction, Kind, Message},
    story::Story,
};

const OF_REQUEST: &str = "io.modelcontextprotocol/clientCapabilities";

/// The capabilities told so far, JSON text.
#[derive(Default)]
pub(super) struct Capabilities {
    pub(super) client: Option<String>,
    pub(super) server: Option<String>,
    /// 2026-07-28: those told with each request, by its message id.
    of_request: HashMap<String, String>,
}

impl Capabilities {
    /// Takes the next message in the order of time.
    pub(super) fn hear(&mut self, message: &Message) {
        match (message.kind, message.direction, message.method.as_deref()) {
            (Kind::Request, Direction::ClientToServer, Some("initialize")) => {
                self.client = Some(told(within(message, ["params", "capabilities"])));
            }
            (Kind::Request, Direction::ClientToServer, _) => {
                if let Some(own) = within(message, ["params", "_meta", OF_REQUEST]) {
                    self.of_request.insert(message.id(), own);
                }
            }
            (Kind::Response, Direction::ServerToClient, Some("initialize" | "server/discover")) => {
                self.server = Some(told(within(message, ["result", "capabilities"])));
            }
            _ => {}
        }
    }

    /// What the client told with the request that `answer` answers, else with `initialize`.
    pub(super) fn client_for(&self, answer: &Message) -> Option<&str> {
        let own = answer.answers.as_ref().and_then(|request| self.of_request.get(request));
        own.or(self.client.as_ref()).map(String::as_str)
    }
}

/// A handshake without the key told that it can do nothing.
fn told(capabilities: Option<String>) -> String {
    capabilities.unwrap_or_else(|| "{}".to_owned())
}

/// Whether a capability was told, by its path: `resources.subscribe`. `false` is none.
pub(super) fn has(capabilities: &str, path: &str) -> bool {
    let keys: Vec<&str> = path.split('.').collect();
    inside(capabilities, &keys).is_some_and(|value| value != "false")
}

/// The revision of a session, for rules that came with one.
pub(super) fn since(story: &Story, revision: &str) -> bool {
    story.session.revision.as_deref().is_some_and(|own| own >= revision)
}
