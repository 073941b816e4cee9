//! A tool is called that is on no list.

use super::{
    Check, Findings, Look, Severity,
    unlisted::{Offers, report},
};
use crate::protocol::{listings::List, story::Story};

pub(super) static RULE: Check = Check {
    id: "tool-not-listed",
    severity: Severity::Warning,
    source: "MCP 2025-11-25 server/tools",
    look: Look::One(look),
};

const OFFERS: Offers =
    Offers { list: &[List::Tools], used_by: "tools/call", use_of: "calls the tool" };

fn look(story: &Story, found: &mut Findings<'_>) {
    report(&OFFERS, story, found);
}
