//! What the server listed, page by page.

use std::collections::{HashMap, HashSet};

use super::view::{text_inside, values, within};
use crate::protocol::model::{Direction, Kind, Message};

/// Entries kept of one list; a longer list counts as never complete.
const ENTRIES_CAP: usize = 100_000;

/// One kind of list, as it stands while messages go by.
pub(super) struct Catalogue {
    /// `tools/list`.
    method: &'static str,
    /// The key of the array: `tools`.
    array: &'static str,
    /// The key of an entry that names it.
    key: &'static str,
    /// The notification that makes it stale.
    changed: &'static str,
    /// Cursors asked with, by the message id of the request; none for a first page.
    pages: HashMap<String, bool>,
    growing: HashSet<String>,
    complete: Option<HashSet<String>>,
}

impl Catalogue {
    pub(super) fn new(
        method: &'static str,
        array: &'static str,
        key: &'static str,
        changed: &'static str,
    ) -> Self {
        Self {
            method,
            array,
            key,
            changed,
            pages: HashMap::new(),
            growing: HashSet::new(),
            complete: None,
        }
    }

    /// The names on the list; none where no complete list was seen, or it may have changed since.
    pub(super) fn listed(&self) -> Option<&HashSet<String>> {
        self.complete.as_ref()
    }

    /// Takes the next message in the order of time.
    pub(super) fn hear(&mut self, message: &Message) {
        match (message.kind, message.direction, message.method.as_deref()) {
            (Kind::Notification, Direction::ServerToClient, Some(method))
                if method == self.changed =>
            {
                self.complete = None;
            }
            (Kind::Request, Direction::ClientToServer, Some(method)) if method == self.method => {
                let first = within(message, ["params", "cursor"]).is_none();
                self.pages.insert(message.id(), first);
            }
            (Kind::Response, Direction::ServerToClient, Some(method)) if method == self.method => {
                let first = message.answers.as_ref().and_then(|id| self.pages.get(id)).copied();
                self.page(message, first == Some(true));
            }
            _ => {}
        }
    }

    fn page(&mut self, message: &Message, first: bool) {
        if first {
            self.growing.clear();
        }
        let array = within(message, ["result", self.array]).unwrap_or_default();
        let names = values(&array);
        let names = names.iter().filter_map(|entry| text_inside(entry, &[self.key]));
        self.growing.extend(names.take(ENTRIES_CAP));
        let last = within(message, ["result", "nextCursor"]).is_none();
        if last && self.growing.len() < ENTRIES_CAP {
            self.complete = Some(std::mem::take(&mut self.growing));
        }
    }
}
