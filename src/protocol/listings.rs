//! What servers list, read in one place for all who ask: the pages of tools, resources, templates
//! and prompts as they come, and the notifications that make a list stale.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::{
    jsonrpc::{pick, string},
    model::{Direction, Kind, Message},
};

/// A list of a server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Tools,
    Resources,
    Templates,
    Prompts,
}

impl List {
    pub(crate) const ALL: [Self; 4] =
        [Self::Tools, Self::Resources, Self::Templates, Self::Prompts];

    /// The method that asks for it.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
            Self::Prompts => "prompts/list",
        }
    }

    /// The notification that makes it stale.
    pub(crate) fn changed(self) -> &'static str {
        match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Resources | Self::Templates => "notifications/resources/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
        }
    }

    /// The member of its result.
    fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
            Self::Prompts => "prompts",
        }
    }

    /// The member that an entry is called by.
    fn key(self) -> &'static str {
        match self {
            Self::Tools | Self::Prompts => "name",
            Self::Resources => "uri",
            Self::Templates => "uriTemplate",
        }
    }
}

/// What a message says of lists.
#[derive(Debug)]
pub(crate) enum Heard<'a> {
    /// An answer with entries.
    Page(Page<'a>),
    /// The lists that this notification is about may have changed.
    Changed(&'a str),
}

/// One answer of a listing.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) list: List,
    pub(crate) message: &'a Message,
    /// Which cursor was asked with; none for a listing that begins anew.
    pub(crate) cursor: Option<String>,
    /// The cursor of the next page; none on the last one.
    pub(crate) next: Option<String>,
    /// What is called something, in the server's order.
    pub(crate) entries: Vec<Entry<'a>>,
}

/// An entry of a list.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// What it is called by: a tool's or prompt's name, a resource's URI, a template's text.
    pub(crate) key: String,
    /// The JSON text of the whole.
    pub(crate) json: &'a str,
}

/// Reads the messages of a session, paired and in the order of time.
#[derive(Debug)]
pub(crate) struct Listings {
    lists: &'static [List],
    /// The cursors of requests that are not answered yet, by the request's id.
    cursors: HashMap<String, String>,
}

impl Listings {
    /// A reader of these lists.
    pub(crate) fn of(lists: &'static [List]) -> Self {
        Self { lists, cursors: HashMap::new() }
    }

    /// Takes the next message.
    pub(crate) fn hear<'a>(&mut self, message: &'a Message) -> Option<Heard<'a>> {
        let method = message.method.as_deref()?;
        let mut lists = self.lists.iter().copied();
        match (message.kind, message.direction) {
            (Kind::Request, Direction::ClientToServer) => {
                lists.find(|list| list.method() == method)?;
                let cursor = member(message, "params", "cursor").and_then(string);
                self.cursors.extend(cursor.map(|cursor| (message.id(), cursor)));
                None
            }
            (Kind::Response, Direction::ServerToClient) => {
                let list = lists.find(|list| list.method() == method)?;
                let cursor = message.answers.as_ref().and_then(|id| self.cursors.remove(id));
                page(list, message, cursor).map(Heard::Page)
            }
            (Kind::Notification, Direction::ServerToClient) => {
                lists.find(|list| list.changed() == method)?;
                Some(Heard::Changed(method))
            }
            _ => None,
        }
    }
}

fn page(list: List, message: &Message, cursor: Option<String>) -> Option<Page<'_>> {
    let [result] = pick(text(message), ["result"])?;
    let [entries, next] = pick(result?, [list.member(), "nextCursor"])?;
    let entries = entries.and_then(|all| serde_json::from_str::<Vec<&RawValue>>(all).ok());
    let entry = |json: &'_ RawValue| {
        let [called] = pick(json.get(), [list.key()])?;
        string(called?)
    };
    let entries = entries.unwrap_or_default().into_iter();
    let entries = entries.filter_map(|json| Some(Entry { key: entry(json)?, json: json.get() }));
    Some(Page {
        list,
        message,
        cursor,
        next: next.and_then(string).filter(|next| !next.is_empty()),
        entries: entries.collect(),
    })
}

fn member<'a>(message: &'a Message, of: &str, key: &str) -> Option<&'a str> {
    let [of] = pick(text(message), [of])?;
    let [value] = pick(of?, [key])?;
    value
}

/// A message's payload is cut out of decoded text, so it is UTF-8.
fn text(message: &Message) -> &str {
    std::str::from_utf8(&message.payload).unwrap_or_default()
}
