//! 405 without saying what is allowed.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::Era;

pub(super) static RULE: Plain =
    Plain { id: "allow-missing", severity: Severity::Info, source: "RFC 9110 15.5.6", check };

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() != Era::Other) {
        if view.status() != Some(405) || view.answered("allow").is_some() {
            continue;
        }
        found.report(view.finding(
            "405 without an Allow header",
            format!("{} answered 405", view.told.open.method),
            "send `Allow: POST` with it, or whichever methods the endpoint has",
        ));
    }
}
