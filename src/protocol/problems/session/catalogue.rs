//! What the server listed, page by page.

use std::collections::HashSet;

use crate::protocol::{
    listings::{Heard, List, Listings, Page},
    model::Message,
};

/// Entries kept of one list; a longer list counts as never complete.
const ENTRIES_CAP: usize = 100_000;

/// One kind of list, as it stands while messages go by.
pub(super) struct Catalogue {
    listings: Listings,
    growing: HashSet<String>,
    /// The cursor of the page that is to come; none before a first page.
    next: Option<String>,
    complete: Option<HashSet<String>>,
}

impl Catalogue {
    /// Of the one list that is named.
    pub(super) fn new(list: &'static [List]) -> Self {
        Self { listings: Listings::of(list), growing: HashSet::new(), next: None, complete: None }
    }

    /// The names on the list; none where no complete list was seen, or it may have changed since.
    pub(super) fn listed(&self) -> Option<&HashSet<String>> {
        self.complete.as_ref()
    }

    /// Takes the next message in the order of time.
    pub(super) fn hear(&mut self, message: &Message) {
        match self.listings.hear(message) {
            Some(Heard::Changed(_)) => self.complete = None,
            Some(Heard::Page(page)) => self.page(page),
            None => {}
        }
    }

    fn page(&mut self, page: Page<'_>) {
        let follows = page.cursor.is_none() || page.cursor == self.next;
        if page.cursor.is_none() {
            self.growing.clear();
        }
        self.growing.extend(page.entries.into_iter().map(|entry| entry.key).take(ENTRIES_CAP));
        if page.next.is_none() && follows && self.growing.len() < ENTRIES_CAP {
            self.complete = Some(std::mem::take(&mut self.growing));
        }
        // Behind a page that is missing none is known to follow.
        self.next = page.next.filter(|_| follows);
    }
}
