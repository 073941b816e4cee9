//! The tools of a session as they were listed, for the rules that need their schemas.

use std::collections::HashMap;

use crate::{
    capture::Timestamp,
    protocol::{
        jsonrpc::pick,
        listings::{Heard, List, Listings},
        story::Story,
    },
};

/// Listed tools that are remembered in a session, repeated lists included; calls of further ones
/// are not judged.
const TOOLS_CAP: usize = 20_000;

/// A tool as it was listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tool<'a> {
    /// `inputSchema` as spelled.
    pub(super) input: Option<&'a str>,
    /// `outputSchema` as spelled.
    pub(super) output: Option<&'a str>,
    /// The message that listed it, by its place in the story.
    pub(super) exchange: crate::capture::ExchangeId,
}

/// Every listing of every tool, in the order of time.
#[derive(Debug, Default)]
pub(super) struct Tools<'a> {
    by_name: HashMap<String, Vec<(Timestamp, Tool<'a>)>>,
}

impl<'a> Tools<'a> {
    pub(super) fn of(story: &'a Story) -> Self {
        let mut tools = Self::default();
        let mut room = TOOLS_CAP;
        let mut listings = Listings::of(&[List::Tools]);
        for message in &story.messages {
            let Some(Heard::Page(page)) = listings.hear(message) else { continue };
            for entry in page.entries.into_iter().take(room) {
                room -= 1;
                let keys = ["inputSchema", "outputSchema"];
                let [input, output] = pick(entry.json, keys).unwrap_or_default();
                let tool = Tool { input, output, exchange: message.exchange };
                tools.by_name.entry(entry.key).or_default().push((message.at, tool));
            }
        }
        tools
    }

    /// A tool as it was last listed before `at`.
    pub(super) fn at(&self, name: &str, at: Timestamp) -> Option<Tool<'a>> {
        let listed = self.by_name.get(name)?;
        let before = listed.partition_point(|(listed, _)| *listed <= at);
        listed.get(before.checked_sub(1)?).map(|(_, tool)| *tool)
    }

    /// Every listing.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Tool<'a>)> {
        self.by_name
            .iter()
            .flat_map(|(name, listed)| listed.iter().map(move |(_, tool)| (name.as_str(), *tool)))
    }
}
