//! What a session is, beyond its one line: dialects, candidates for its id, the step that it stands
//! at, and what its sides can do and offer.

use crate::{
    cli::{
        masked::Mask,
        output::{Output, style},
        units, visible,
    },
    protocol::{Catalogue, Listing, Session},
};

/// Names of one list that are written out; further ones are counted.
const NAMES: usize = 8;

/// Prints a line each of what there is to say.
pub(super) fn about(
    session: &Session,
    catalogue: &Catalogue,
    mask: &mut Mask,
    out: &mut Output,
) -> anyhow::Result<()> {
    let lines = [
        line("dialects", &session.dialects),
        line("candidates", &candidates(session)),
        line("state", &state(session)),
        line("client can", &catalogue.client_can()),
        line("server can", &catalogue.server_can()),
        line("tools", &offers(&catalogue.tools, mask)),
        line("resources", &offers(&catalogue.resources, mask)),
        line("templates", &offers(&catalogue.templates, mask)),
        line("prompts", &offers(&catalogue.prompts, mask)),
    ];
    for text in lines.into_iter().flatten() {
        out.line(out.paint(style::FAINT, format_args!("{}", visible::line(&text))))?;
    }
    Ok(())
}

fn line(title: &str, parts: &[String]) -> Option<String> {
    (!parts.is_empty()).then(|| format!("{title}: {}", parts.join(", ")))
}

/// Where more than one was found: which one won.
fn candidates(session: &Session) -> Vec<String> {
    if session.candidates.len() < 2 {
        return Vec::new();
    }
    let told = session.candidates.iter().map(|candidate| {
        let chosen = if candidate.chosen { " (chosen)" } else { "" };
        format!("{} {}{chosen}", candidate.source, candidate.value)
    });
    told.collect()
}

/// The last step, when it happened and what showed it.
fn state(session: &Session) -> Vec<String> {
    let Some(step) = session.states.last() else { return Vec::new() };
    vec![format!("since {} by {}", units::time_of_day(step.at), step.evidence)]
}

/// What was listed last, and whether that is all and still so.
fn offers(listing: &Listing, mask: &mut Mask) -> Vec<String> {
    if listing.listed_at.is_none() && listing.offers.is_empty() {
        return Vec::new();
    }
    let mut told: Vec<String> =
        listing.offers.iter().take(NAMES).map(|o| mask.plain(&o.key).into_owned()).collect();
    let more = listing.offers.len().saturating_sub(NAMES).saturating_add(listing.more);
    if more > 0 {
        told.push(format!("{more} more"));
    }
    if told.is_empty() {
        told.push("none".to_owned());
    }
    if !listing.complete {
        told.push("not listed to the end".to_owned());
    }
    if listing.changed {
        told.push("changed since".to_owned());
    }
    told
}
