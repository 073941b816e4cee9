//! What both sides can do, and what the server offers as it was last listed.

use super::{
    bounds::{OFFERS, Room, left_out},
    markup::Markup,
    payload::payload,
    view::View,
};
use crate::{
    cli::units,
    protocol::{Listing, Offer},
};

/// Writes a session's; nothing where nothing was said.
pub(super) fn write(page: &mut Markup, view: &View, room: &mut Room) {
    let catalogue = &view.story.catalogue;
    let sides = [
        ("The client can", &catalogue.client_capabilities, catalogue.client_can()),
        ("The server can", &catalogue.server_capabilities, catalogue.server_can()),
    ];
    let lists = [
        ("tool", "Tools", &catalogue.tools),
        ("resource", "Resources", &catalogue.resources),
        ("template", "Resource templates", &catalogue.templates),
        ("prompt", "Prompts", &catalogue.prompts),
    ];
    let is_listed = |listing: &Listing| listing.listed_at.is_some() || !listing.offers.is_empty();
    if sides.iter().all(|(_, json, _)| json.is_none())
        && !lists.iter().any(|list| is_listed(list.2))
    {
        return;
    }
    page.say("h3", &[("id", &format!("offers{}", view.number))], "Capabilities and catalogue");
    for (title, json, names) in sides {
        let Some(json) = json else { continue };
        page.tag("details", &[], |page| {
            let names = if names.is_empty() {
                "nothing in particular".to_owned()
            } else {
                names.join(", ")
            };
            page.say("summary", &[], &format!("{title}: {names}"));
            payload(page, json, &view.tape(), room);
        });
    }
    for (noun, title, listing) in lists {
        if is_listed(listing) {
            list(page, view, (noun, title), listing, room);
        }
    }
}

fn list(page: &mut Markup, view: &View, words: (&str, &str), listing: &Listing, room: &mut Room) {
    let (noun, title) = words;
    let all = listing.offers.len() + listing.more;
    let mut said = format!("{title}: {}", units::count(all as u64, noun));
    if !listing.complete {
        said.push_str(", not listed to the end");
    }
    if listing.changed {
        said.push_str(", changed since");
    }
    page.tag("details", &[], |page| {
        page.say("summary", &[], &said);
        for offer in listing.offers.iter().take(OFFERS) {
            one(page, view, offer, room);
        }
        left_out(page, listing.offers.len().min(OFFERS), all, noun, &view.tape());
    });
}

fn one(page: &mut Markup, view: &View, offer: &Offer, room: &mut Room) {
    page.tag("details", &[], |page| {
        page.tag("summary", &[], |page| {
            page.say("code", &[], &offer.key);
            if let Some(title) = offer.title.as_deref() {
                page.text(&format!(" {title}"));
            }
        });
        payload(page, &offer.json, &view.tape(), room);
    });
}
