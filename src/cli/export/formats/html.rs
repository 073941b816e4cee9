//! A report for a browser: one file that fetches nothing and needs nothing.
//!
//! Its first line of defence is [`markup`]: no text becomes markup. Its second is its own policy
//! (`Content-Security-Policy` in the head): nothing is loaded, and no style and no script run but the
//! two whose hashes stand there. Without the script all is readable; it filters and unfolds.
//!
//! Of one session at a time a story is in memory, as much of it as is judged; [`bounds`] says how
//! much of it is drawn.

mod bounds;
mod exchanges;
mod markup;
mod messages;
mod offers;
mod payload;
mod problems;
mod sequence;
mod sessions;
#[cfg(test)]
mod tests;
mod timeline;
mod view;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use self::{bounds::Room, markup::Markup, sessions::Listed, view::View};
use super::Taped;
use crate::{
    cli::{output::Output, units},
    protocol::{Session, problems::Problem},
};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Writes the page of all sessions, oldest first.
pub(super) fn write(taped: &mut Taped, out: &mut Output) -> anyhow::Result<()> {
    let sessions = taped.recording.sessions()?.to_vec();
    let mut problems = Vec::with_capacity(sessions.len());
    for session in &sessions {
        problems.push(judged(taped, session)?);
    }
    let counted: Vec<Listed<'_>> = sessions.iter().zip(problems.iter().map(Vec::len)).collect();
    let mut page = Markup::default();
    page.own("<!DOCTYPE html>\n<html lang=\"en\">\n");
    head(&mut page, &sessions);
    page.own("<body>\n");
    sequence::heads(&mut page);
    page.tag("header", &[], |page| summary(page, taped, &counted));
    page.own("<main>\n");
    if !sessions.is_empty() {
        sessions::table(&mut page, &counted);
    }
    let mut room = Room::of_a_page();
    for ((number, session), problems) in (1..).zip(&sessions).zip(problems).take(bounds::SESSIONS) {
        let story = taped.recording.story(session)?;
        let view = View::of(number, story, problems);
        page.tag("section", &[("id", &format!("s{number}"))], |page| {
            self::session(page, &view, &mut room);
        });
        out.bytes(page.as_str().as_bytes())?;
        page = Markup::default();
    }
    more_sessions(&mut page, sessions.len());
    redactions(&mut page, taped);
    page.own("</main>\n");
    page.tag("footer", &[], |page| {
        page.text("Made by wiretape from a recording of what was on the wire. Times are UTC; those without a date are seconds since the session began.");
    });
    page.tag("script", &[], |page| page.own(SCRIPT));
    page.own("</body>\n</html>\n");
    Ok(out.bytes(page.as_str().as_bytes())?)
}

/// What is wrong in a session, and what shows only over all of its server.
fn judged(taped: &mut Taped, session: &Session) -> anyhow::Result<Vec<Problem>> {
    let recording = &mut taped.recording;
    recording.judge(std::slice::from_ref(session))?;
    recording.judge_over_all()?;
    Ok(recording.problems(session.id).cloned().collect())
}

fn head(page: &mut Markup, sessions: &[Session]) {
    page.tag("head", &[], |page| {
        page.empty("meta", &[("charset", "utf-8")]);
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        let policy = [("http-equiv", "Content-Security-Policy"), ("content", policy.as_str())];
        page.empty("meta", &policy);
        for (name, content) in [
            ("viewport", "width=device-width, initial-scale=1"),
            ("color-scheme", "light dark"),
            ("referrer", "no-referrer"),
            ("robots", "noindex"),
        ] {
            page.empty("meta", &[("name", name), ("content", content)]);
        }
        let of = match sessions {
            [] => "nothing".to_owned(),
            [one] => one.server.clone(),
            many => units::count(many.len() as u64, "session"),
        };
        page.say("title", &[], &format!("wiretape: {of}"));
        page.tag("style", &[], |page| page.own(STYLE));
    });
}

/// As a policy names what may run.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

fn summary(page: &mut Markup, taped: &Taped, sessions: &[Listed<'_>]) {
    page.tag("h1", &[], |page| {
        page.text("wiretape ");
        page.say("span", &[("class", "faint")], "report");
    });
    let sum =
        |of: fn(&Session) -> u64| sessions.iter().map(|(session, _)| of(session)).sum::<u64>();
    let problems: usize = sessions.iter().map(|(_, problems)| problems).sum();
    let counts = [
        (units::count(sessions.len() as u64, "session"), false),
        (units::count(sum(|session| session.exchanges.len() as u64), "exchange"), false),
        (units::count(sum(|session| session.counts.calls), "call"), false),
        (units::count(sum(|session| session.counts.messages), "message"), false),
        (units::count(sum(|session| session.counts.errors), "error"), true),
        (units::count(problems as u64, "problem"), true),
    ];
    page.tag("ul", &[("class", "counts")], |page| {
        for (text, is_bad) in counts {
            let bad = is_bad && !text.starts_with("0 ");
            page.say("li", &[("class", if bad { "bad" } else { "count" })], &text);
        }
    });
    let first = sessions.iter().map(|(session, _)| session.started_at).min();
    let last = sessions.iter().map(|(session, _)| session.last_at).max();
    if let (Some(first), Some(last)) = (first, last) {
        page.say("p", &[], &format!("Recorded from {first} to {last} by {}.", taped.tool));
    }
    if taped.revealed {
        let text = "Secrets are on this page as they were on the wire: keep it to yourself.";
        page.say("p", &[("class", "warning"), ("role", "note")], text);
    } else if !taped.redactions.is_empty() {
        page.tag("p", &[], |page| {
            page.text("Secrets and session ids are replaced by placeholders: ");
            page.say("a", &[("href", "#redactions")], "which");
            page.text(".");
        });
    }
}

/// One session, from what it is to what was said.
fn session(page: &mut Markup, view: &View, room: &mut Room) {
    let session = &view.story.session;
    page.tag("h2", &[], |page| {
        page.text(&format!("{}. ", view.number));
        page.say("span", &[], &session.server);
    });
    sessions::facts(page, view);
    problems::write(page, view);
    sequence::draw(page, view);
    timeline::draw(page, view);
    offers::write(page, view, room);
    messages::write(page, view, room);
    exchanges::write(page, view, room);
}

fn more_sessions(page: &mut Markup, all: usize) {
    let drawn = all.min(bounds::SESSIONS);
    bounds::left_out(page, drawn, all, "session", "wiretape export SESSION -o session.html");
}

/// What was replaced, and how often.
fn redactions(page: &mut Markup, taped: &Taped) {
    if taped.redactions.is_empty() {
        return;
    }
    page.say("h2", &[("id", "redactions")], "Redactions");
    let text = "The same secret has the same placeholder wherever it stood. Byte counts are those of the wire where HTTP counts them, else of the text that stands here.";
    page.say("p", &[], text);
    page.tag("table", &[("class", "redactions")], |page| {
        page.tag("thead", &[], |page| {
            page.tag("tr", &[], |page| {
                for title in ["Placeholder", "Kind", "Places"] {
                    page.say("th", &[("scope", "col")], title);
                }
            });
        });
        page.tag("tbody", &[], |page| {
            for redaction in taped.redactions.iter().take(bounds::LISTED) {
                page.tag("tr", &[], |page| {
                    page.tag("td", &[], |page| page.say("code", &[], &redaction.placeholder));
                    page.say("td", &[], &redaction.kind);
                    page.say("td", &[("class", "number")], &redaction.count.to_string());
                });
            }
        });
    });
    let (drawn, all) = (taped.redactions.len().min(bounds::LISTED), taped.redactions.len());
    bounds::left_out(
        page,
        drawn,
        all,
        "placeholder",
        "wiretape export SESSION -o session.tape.jsonl",
    );
}
