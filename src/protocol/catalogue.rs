//! What the sides of a session can do, and what the server offers: capabilities, and its tools,
//! resources, templates and prompts as they were last listed.
//!
//! The answers of one listing are joined by their cursors. Texts are slices of the payloads: a
//! catalogue costs no copy of its schemas.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use memchr::memmem;
use serde_json::value::RawValue;

use super::{
    jsonrpc::{self, Envelope, pick, string},
    listings::{Heard, List, Listings, Page},
    model::{Direction, Kind, Message},
};
use crate::capture::Timestamp;

/// Offers of one kind that are kept; further ones are counted in `more`.
const OFFERS_CAP: usize = 10_000;

/// Names remembered of all that was ever listed of one kind; beyond it nothing is said to be
/// unlisted.
const EVER_CAP: usize = 100_000;

/// Where 2026-07-28 has the client's capabilities, on every request (protocol.md §1.1).
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// What a session's sides say of themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The client's capabilities, JSON text as it last gave them: in `initialize`, or in `_meta`.
    pub client_capabilities: Option<Bytes>,
    /// The server's, in its answer to `initialize` or `server/discover`.
    pub server_capabilities: Option<Bytes>,
    /// `tools/list`.
    pub tools: Listing,
    /// `resources/list`.
    pub resources: Listing,
    /// `resources/templates/list`.
    pub templates: Listing,
    /// `prompts/list`.
    pub prompts: Listing,
}

/// One list of a server's, its pages joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// What it holds, in the server's order.
    pub offers: Vec<Offer>,
    /// How many were left out by the cap.
    pub more: usize,
    /// When the answer with its first page came; none where it was never listed.
    pub listed_at: Option<Timestamp>,
    /// All its pages were read.
    pub complete: bool,
    /// The server has said since that the list changed.
    pub changed: bool,
    places: HashMap<String, usize>,
    ever: HashSet<String>,
    ever_full: bool,
    next: Option<String>,
}

/// A tool, resource, template or prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What it is called by: a tool's or prompt's name, a resource's URI, a template's text.
    pub key: String,
    /// Its name for people.
    pub title: Option<String>,
    /// The message that listed it, `EXCHANGE.N`.
    pub message: String,
    /// The JSON text of the whole.
    pub json: Bytes,
}

impl Catalogue {
    /// Reads the messages of a session, paired and in the order of time.
    #[must_use]
    pub fn of<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Self {
        let mut listings = Listings::of(&List::ALL);
        let mut catalogue = Self::default();
        for message in messages {
            match listings.hear(message) {
                Some(Heard::Page(page)) => catalogue.listing(page.list).page(&page),
                Some(Heard::Changed(by)) => catalogue.changed(by),
                None => {}
            }
            let Some(method) = message.method.as_deref() else { continue };
            match (message.kind, message.direction) {
                (Kind::Request, Direction::ClientToServer) => catalogue.asked(message, method),
                (Kind::Response, Direction::ServerToClient) => catalogue.answered(message, method),
                _ => {}
            }
        }
        catalogue
    }

    /// The names of the client's capabilities, sorted.
    #[must_use]
    pub fn client_can(&self) -> Vec<String> {
        names(self.client_capabilities.as_ref())
    }

    /// The names of the server's capabilities, sorted.
    #[must_use]
    pub fn server_can(&self) -> Vec<String> {
        names(self.server_capabilities.as_ref())
    }

    fn asked(&mut self, message: &Message, method: &str) {
        // A key may be spelled by escapes.
        let mut keys = ["clientCapabilities", "\\u"].iter();
        let has = |key: &&str| memmem::find(&message.payload, key.as_bytes()).is_some();
        if method != "initialize" && !keys.any(has) {
            return;
        }
        let text = jsonrpc::text(&message.payload);
        let params = Envelope::read(&text).and_then(|envelope| envelope.params);
        let Some([capabilities, meta]) =
            params.and_then(|params| pick(params, ["capabilities", "_meta"]))
        else {
            return;
        };
        let own = capabilities.filter(|_| method == "initialize");
        let in_meta = || meta.and_then(|meta| pick(meta, [META_CAPABILITIES])?[0]);
        if let Some(capabilities) = own.or_else(in_meta) {
            self.client_capabilities = Some(within(&message.payload, capabilities));
        }
    }

    fn answered(&mut self, message: &Message, method: &str) {
        if !matches!(method, "initialize" | "server/discover") {
            return;
        }
        let text = jsonrpc::text(&message.payload);
        let result = Envelope::read(&text).and_then(|envelope| envelope.result);
        if let Some([Some(capabilities)]) = result.and_then(|r| pick(r, ["capabilities"])) {
            self.server_capabilities = Some(within(&message.payload, capabilities));
        }
    }

    fn changed(&mut self, by: &str) {
        for list in List::ALL.into_iter().filter(|list| list.changed() == by) {
            let listing = self.listing(list);
            listing.changed |= listing.listed_at.is_some();
        }
    }

    fn listing(&mut self, list: List) -> &mut Listing {
        match list {
            List::Tools => &mut self.tools,
            List::Resources => &mut self.resources,
            List::Templates => &mut self.templates,
            List::Prompts => &mut self.prompts,
        }
    }
}

impl Listing {
    /// The offer that is called so, in the last listing.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Offer> {
        self.offers.get(*self.places.get(key)?)
    }

    /// Whether a listing of the session, the last or an earlier one, held it. True too where more
    /// was listed than is remembered.
    #[must_use]
    pub fn was_listed(&self, key: &str) -> bool {
        self.ever_full || self.ever.contains(key)
    }

    /// Takes the next answer: a page behind the one before it, or a listing that begins anew.
    fn page(&mut self, page: &Page<'_>) {
        let message = page.message;
        let follows = page.cursor.is_some() && page.cursor == self.next;
        if page.cursor.is_none() {
            self.offers.clear();
            self.places.clear();
            (self.more, self.changed) = (0, false);
            self.listed_at = Some(message.at);
        }
        self.listed_at.get_or_insert(message.at);
        self.next.clone_from(&page.next);
        // A page whose cursor nobody gave: what stood before it is missing.
        self.complete = page.next.is_none() && (page.cursor.is_none() || follows);
        for entry in &page.entries {
            let title = pick(entry.json, ["title"]).and_then(|[title]| title);
            self.take(Offer {
                key: entry.key.clone(),
                title: title.and_then(string),
                message: message.id(),
                json: within(&message.payload, entry.json),
            });
        }
    }

    fn take(&mut self, offer: Offer) {
        if self.ever.len() < EVER_CAP {
            self.ever.insert(offer.key.clone());
        } else {
            self.ever_full = true;
        }
        if let Some(known) = self.places.get(&offer.key).and_then(|at| self.offers.get_mut(*at)) {
            *known = offer;
        } else if self.offers.len() < OFFERS_CAP {
            self.places.insert(offer.key.clone(), self.offers.len());
            self.offers.push(offer);
        } else {
            self.more += 1;
        }
    }
}

impl Offer {
    /// The JSON text of a member: `inputSchema`, `arguments`, `mimeType`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Bytes> {
        let text = std::str::from_utf8(&self.json).ok()?;
        let [value] = pick(text, [name])?;
        value.map(|value| within(&self.json, value))
    }

    /// A tool's schema for its arguments.
    #[must_use]
    pub fn input_schema(&self) -> Option<Bytes> {
        self.field("inputSchema")
    }

    /// A tool's schema for `structuredContent`.
    #[must_use]
    pub fn output_schema(&self) -> Option<Bytes> {
        self.field("outputSchema")
    }

    /// A tool's hints on what it does.
    #[must_use]
    pub fn annotations(&self) -> Option<Bytes> {
        self.field("annotations")
    }
}

fn names(json: Option<&Bytes>) -> Vec<String> {
    let named: Option<BTreeMap<String, &RawValue>> =
        json.and_then(|json| serde_json::from_slice(json).ok());
    named.unwrap_or_default().into_keys().collect()
}

/// The bytes of a text that stands in a payload: a slice of it, where the payload was UTF-8.
fn within(payload: &Bytes, text: &str) -> Bytes {
    let is_slice = payload.as_ptr_range().contains(&text.as_ptr());
    if is_slice { payload.slice_ref(text.as_bytes()) } else { text.to_owned().into() }
}

#[cfg(test)]
mod tests;
