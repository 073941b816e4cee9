//! A prompt is asked for that is on no list.

use super::{
    Check, Findings, Look, Severity,
    unlisted::{Offers, report},
};
use crate::protocol::{listings::List, story::Story};

pub(super) static RULE: Check = Check {
    id: "prompt-not-listed",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 server/prompts",
    look: Look::One(look),
};

const OFFERS: Offers =
    Offers { list: &[List::Prompts], used_by: "prompts/get", use_of: "gets the prompt" };

fn look(story: &Story, found: &mut Findings<'_>) {
    report(&OFFERS, story, found);
}
