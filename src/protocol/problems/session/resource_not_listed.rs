//! A resource is read that the server never named.

use std::collections::{HashMap, HashSet};

use aho_corasick::AhoCorasick;

use super::{Check, Finding, Findings, Look, Severity, catalogue::Catalogue, view::is};
use crate::protocol::{listings::List, model::Direction, story::Story};

/// URIs on no list that are looked for in what the server said; further ones are not judged.
const UNLISTED_CAP: usize = 1_000;

pub(super) static RULE: Check = Check {
    id: "resource-not-listed",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 server/resources",
    look: Look::One(look),
};

/// A read of what is on no list.
struct Read<'a> {
    /// Its place in the story.
    place: usize,
    uri: &'a str,
    /// How many resources were listed.
    listed: usize,
}

/// Only where both lists were seen whole and no template was on them. Results may name resources
/// that are on no list: whatever the server ever said counts as named.
fn look(story: &Story, found: &mut Findings<'_>) {
    let reads = unlisted(story);
    let named = first_named(story, &reads);
    for Read { place, uri, listed } in reads {
        let is_named = named.get(uri).is_some_and(|first| *first < place);
        let Some(message) = story.messages.get(place).filter(|_| !is_named) else { continue };
        found.report(Finding {
            exchange: Some(message.exchange),
            message: Some(message.id()),
            text: format!("the client reads `{uri}`, which the server never named"),
            evidence: format!("{listed} resources and no template listed"),
            remedy: "take URIs from `resources/list`, from a template or from a result".to_owned(),
            ..Finding::default()
        });
    }
}

fn unlisted(story: &Story) -> Vec<Read<'_>> {
    let mut resources = Catalogue::new(&[List::Resources]);
    let mut templates = Catalogue::new(&[List::Templates]);
    let (mut reads, mut uris) = (Vec::new(), HashSet::new());
    for (place, message) in story.messages.iter().enumerate() {
        resources.hear(message);
        templates.hear(message);
        let (Some(listed), Some(patterns)) = (resources.listed(), templates.listed()) else {
            continue;
        };
        let is_read = is(message, Direction::ClientToServer, "resources/read");
        let Some(uri) = message.name.as_deref().filter(|_| is_read) else { continue };
        if listed.contains(uri) || !patterns.is_empty() {
            continue;
        }
        if uris.contains(uri) || uris.len() < UNLISTED_CAP {
            uris.insert(uri);
            reads.push(Read { place, uri, listed: listed.len() });
        }
    }
    reads
}

/// The place of the first message in which the server named each URI, found for all of them in one
/// pass.
fn first_named<'a>(story: &Story, reads: &[Read<'a>]) -> HashMap<&'a str, usize> {
    let uris: HashSet<&str> = reads.iter().map(|read| read.uri).collect();
    let uris: Vec<&str> = uris.into_iter().collect();
    let mut named = HashMap::new();
    // It fails beyond gigabytes of patterns, far above what the cap leaves.
    let Some(all) = AhoCorasick::new(&uris).ok().filter(|_| !uris.is_empty()) else { return named };
    for (place, said) in story.messages.iter().enumerate() {
        if said.direction != Direction::ServerToClient {
            continue;
        }
        for hit in all.find_overlapping_iter(&said.payload) {
            if let Some(uri) = uris.get(hit.pattern().as_usize()) {
                named.entry(*uri).or_insert(place);
            }
        }
    }
    named
}
