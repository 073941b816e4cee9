//! The table of sessions, and what one of them is.

use super::{
    bounds::{LISTED, SESSIONS, left_out},
    markup::Markup,
    view::View,
};
use crate::{
    cli::{list::word, transcript::short, units},
    protocol::{Implementation, Session, Transport},
};

/// A session in the table, with how many problems it has.
pub(super) type Listed<'a> = (&'a Session, usize);

/// Writes the table of all.
pub(super) fn table(page: &mut Markup, sessions: &[Listed<'_>]) {
    page.say("h2", &[("id", "sessions")], "Sessions");
    page.tag("table", &[("class", "sessions"), ("role", "table")], |page| {
        page.say("caption", &[("class", "unseen")], "Sessions of this recording");
        page.tag("thead", &[("role", "rowgroup")], |page| {
            page.tag("tr", &[("role", "row")], |page| {
                for title in TITLES {
                    page.say("th", &[("scope", "col"), ("role", "columnheader")], title);
                }
            });
        });
        page.tag("tbody", &[("role", "rowgroup")], |page| {
            for (number, listed) in (1..).zip(sessions).take(LISTED) {
                page.tag("tr", &[("role", "row")], |page| row(page, number, *listed));
            }
        });
    });
    let all = "wiretape list";
    left_out(page, sessions.len().min(LISTED), sessions.len(), "session", all);
}

const TITLES: [&str; 13] = [
    "Session",
    "State",
    "Server",
    "Client",
    "Revision",
    "Transport",
    "Dialects",
    "Exchanges",
    "Calls",
    "Errors",
    "Problems",
    "Started",
    "Lasted",
];

fn row(page: &mut Markup, number: usize, (session, problems): Listed<'_>) {
    let cells = [
        short(session.id),
        word(session.state).to_owned(),
        session.server.clone(),
        peer(session.client.as_ref()),
        session.revision.clone().unwrap_or_default(),
        session.transport.map(Transport::as_str).unwrap_or_default().to_owned(),
        session.dialects.join(", "),
        session.exchanges.len().to_string(),
        session.counts.calls.to_string(),
        session.counts.errors.to_string(),
        problems.to_string(),
        session.started_at.to_string().chars().take(19).collect::<String>().replace('T', " "),
        units::duration(session.last_at.micros_since(session.started_at)),
    ];
    for (place, (title, cell)) in TITLES.iter().zip(&cells).enumerate() {
        let bad = matches!(*title, "Errors" | "Problems") && cell != "0";
        let class = if bad { "bad" } else { "cell" };
        let attributes = [("class", class), ("role", "cell"), ("data-title", *title)];
        page.tag("td", &attributes, |page| match place {
            0 if number <= SESSIONS => {
                page.say("a", &[("href", &format!("#s{number}"))], cell);
            }
            _ if cell.is_empty() => page.text("–"),
            _ => page.text(cell),
        });
    }
}

/// What a session is beyond its line in the table.
pub(super) fn facts(page: &mut Markup, view: &View) {
    let session = &view.story.session;
    page.tag("dl", &[("class", "facts")], |page| {
        for (title, text) in lines(view).into_iter().filter(|(_, text)| !text.is_empty()) {
            page.say("dt", &[], title);
            page.say("dd", &[], &text);
        }
        if session.states.is_empty() {
            return;
        }
        page.say("dt", &[("class", "first")], "states");
        page.tag("dd", &[("class", "wide")], |page| {
            page.tag("ol", &[("class", "states")], |page| {
                for step in &session.states {
                    let at = view.since(step.at);
                    let said = format!("{at} s {}: {}", word(step.state), step.evidence);
                    page.say("li", &[], &said);
                }
            });
        });
    });
}

fn lines(view: &View) -> Vec<(&'static str, String)> {
    let session = &view.story.session;
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let candidates = session.candidates.iter().filter(|_| session.candidates.len() > 1);
    let candidates = candidates.map(|candidate| {
        let chosen = if candidate.chosen { " (chosen)" } else { "" };
        format!("{} {}{chosen}", candidate.source, candidate.value)
    });
    let joins = session.joins.iter().map(|join| {
        format!("exchange {} behind {}", view.number_of(join.exchange), join.last_event_id)
    });
    let oauth =
        view.story.oauth.as_ref().map(|oauth| units::count(oauth.steps.len() as u64, "step"));
    vec![
        ("id", session.id.to_string()),
        ("server", session.server.clone()),
        ("server is", peer(session.server_info.as_ref())),
        ("client is", peer(session.client.as_ref())),
        ("id on the wire", optional(&session.wire_id)),
        ("identified by", session.identified_by.clone()),
        ("candidates", candidates.collect::<Vec<_>>().join(", ")),
        ("revision", optional(&session.revision)),
        ("transport", session.transport.map(Transport::as_str).unwrap_or_default().to_owned()),
        ("dialects", session.dialects.join(", ")),
        ("run", optional(&session.run)),
        ("name", optional(&session.name)),
        ("follows", session.follows.map(|id| id.to_string()).unwrap_or_default()),
        ("resumed", joins.collect::<Vec<_>>().join(", ")),
        ("stream", optional(&session.stream_state)),
        ("authorised in", oauth.unwrap_or_default()),
        ("started", session.started_at.to_string()),
        ("last seen", session.last_at.to_string()),
    ]
}

/// A name and version.
pub(super) fn peer(peer: Option<&Implementation>) -> String {
    peer.map(|peer| format!("{} {}", peer.name, peer.version).trim().to_owned()).unwrap_or_default()
}
