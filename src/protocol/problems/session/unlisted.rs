//! What is called by a name that is on no list: tools and prompts alike.

use super::{Finding, Findings, catalogue::Catalogue, view::is};
use crate::protocol::{listings::List, model::Direction, story::Story};

/// A kind of offer.
pub(super) struct Offers {
    /// Where they are listed.
    pub(super) list: &'static [List; 1],
    /// The method that uses one.
    pub(super) used_by: &'static str,
    /// What the client does with one: `calls the tool`.
    pub(super) use_of: &'static str,
}

/// Reports each use of a name that the latest complete list does not have.
pub(super) fn report(offers: &Offers, story: &Story, found: &mut Findings<'_>) {
    let Offers { list, used_by, use_of } = offers;
    let [kind] = list;
    let mut catalogue = Catalogue::new(*list);
    for message in &story.messages {
        catalogue.hear(message);
        let Some(listed) = catalogue.listed() else { continue };
        let used = is(message, Direction::ClientToServer, used_by);
        let Some(name) = message.name.as_ref().filter(|_| used) else { continue };
        if listed.contains(name) {
            continue;
        }
        found.report(Finding {
            exchange: Some(message.exchange),
            message: Some(message.id()),
            text: format!("the client {use_of} `{name}`, which the server does not list"),
            evidence: format!("{} listed, `{name}` is not among them", listed.len()),
            remedy: format!(
                "take names from the latest `{}`; a server that changes it tells so by `{}`",
                kind.method(),
                kind.changed()
            ),
            ..Finding::default()
        });
    }
}
