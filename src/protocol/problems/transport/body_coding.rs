//! A body whose content coding could not be undone.

use super::{Findings, Plain, Severity, Story};
use crate::protocol::seen::{Era, quote};

pub(super) static RULE: Plain =
    Plain { id: "body-undecodable", severity: Severity::Warning, source: "RFC 9110 8.4", check };

fn check(story: &Story, found: &mut Findings<'_>) {
    for view in story.views().filter(|view| view.era() != Era::Other) {
        let Some(why) = view.told.reading.summary.unread.as_deref() else { continue };
        let coding = view.answered("content-encoding").or(view.asked("content-encoding"));
        let Some(coding) = coding.filter(|_| why.contains("coding") || why.contains("valid"))
        else {
            continue;
        };
        found.report(view.finding(
            "a body could not be decoded: what it says was not read",
            format!("Content-Encoding: {}; {}", quote(coding), quote(why)),
            "send gzip, deflate, br, zstd or no coding, and let the header say which",
        ));
    }
}
