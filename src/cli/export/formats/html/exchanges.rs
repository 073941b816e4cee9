//! The exchanges that carried the messages: heads, times, frames; folded.

use super::{
    bounds::{EXCHANGES, FRAMES, HEADERS, Room, left_out},
    markup::Markup,
    payload::payload,
    view::View,
};
use crate::{
    capture::{Headers, Side},
    cli::{units, visible},
    protocol::{
        Told,
        picture::{Tone, tone_of},
    },
};

/// Writes a session's.
pub(super) fn write(page: &mut Markup, view: &View, room: &mut Room) {
    page.say("h3", &[("id", &format!("exchanges{}", view.number))], "Exchanges");
    page.tag("div", &[("class", "exchanges")], |page| {
        for told in view.story.exchanges.iter().take(EXCHANGES) {
            one(page, view, told, room);
        }
    });
    let drawn = view.story.exchanges.len().min(EXCHANGES);
    left_out(page, drawn, view.exchanges, "exchange", &view.tape());
}

/// An exchange in a few words: `POST /mcp → 200`.
pub(super) fn text_of(told: &Told) -> String {
    let summary = &told.reading.summary;
    let status = summary.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    format!("{} {} → {status}", summary.method, summary.path)
}

fn one(page: &mut Markup, view: &View, told: &Told, room: &mut Room) {
    let summary = &told.reading.summary;
    let class = if tone_of(told) == Tone::Failed { "failed" } else { "plain" };
    page.tag("details", &[("class", class)], |page| {
        page.tag("summary", &[], |page| {
            page.say("span", &[("class", "at")], &view.since(summary.started_at));
            page.say("span", &[("class", "faint")], &view.number_of(summary.id).to_string());
            page.say("span", &[("class", "subject")], &text_of(told));
            page.say(
                "span",
                &[("class", "status")],
                summary.outcome.map_or("goes on", |o| o.as_str()),
            );
            let lasts = told.end.as_ref().map(|end| units::duration(end.timing.total_us));
            page.say("span", &[("class", "number")], &lasts.unwrap_or_default());
            let bytes = told.end.as_ref().map(|end| units::size(end.response_bytes));
            page.say("span", &[("class", "number")], &bytes.unwrap_or_default());
        });
        let anchor = view.exchange_anchor(summary.id).unwrap_or_default();
        page.tag("div", &[("class", "inside"), ("id", &anchor)], |page| {
            page.say("p", &[("class", "faint")], &facts(told));
            heads(page, told);
            bodies(page, view, told, room);
            frames(page, view, told);
        });
    });
}

fn facts(told: &Told) -> String {
    let mut facts = vec![told.id().to_string(), told.reading.summary.started_at.to_string()];
    if let Some(end) = &told.end {
        let timing = &end.timing;
        let timed = [
            ("connect", timing.connect_us),
            ("TLS", timing.tls_us),
            ("first byte", timing.first_byte_us),
            ("total", Some(timing.total_us)),
        ];
        facts.extend(
            timed
                .into_iter()
                .filter_map(|(what, us)| Some(format!("{what} {}", units::duration(us?)))),
        );
        facts.extend(end.upstream.as_ref().map(|upstream| format!("upstream {upstream}")));
        facts.push(format!("request's body {}", units::size(end.request_bytes)));
        facts.push(format!("response's {}", units::size(end.response_bytes)));
        facts.extend(end.error.as_ref().map(|error| format!("error: {error}")));
    }
    for gap in &told.gaps {
        facts.push(format!("gap of {}: {}", units::size(gap.bytes), gap.reason));
    }
    facts.extend(told.reading.summary.unread.as_ref().map(|why| format!("not read: {why}")));
    facts.join(" · ")
}

fn heads(page: &mut Markup, told: &Told) {
    let open = &told.open;
    let line = format!("{} {} {}", open.method, open.url, open.version);
    head(page, "Request", &line, &open.headers);
    if let Some(answer) = &told.head {
        let reason = answer.reason.as_deref().unwrap_or_default();
        let line = format!("{} {} {reason}", answer.version, answer.status);
        head(page, "Response", line.trim_end(), &answer.headers);
    }
}

fn head(page: &mut Markup, title: &str, line: &str, headers: &Headers) {
    page.tag("table", &[("class", "head")], |page| {
        page.tag("caption", &[], |page| {
            page.text(&format!("{title}: "));
            page.say("code", &[], line);
        });
        page.tag("thead", &[("class", "unseen")], |page| {
            page.tag("tr", &[], |page| {
                page.say("th", &[("scope", "col")], "Header");
                page.say("th", &[("scope", "col")], "Value");
            });
        });
        page.tag("tbody", &[], |page| {
            for (name, value) in headers.iter().take(HEADERS) {
                page.tag("tr", &[], |page| {
                    page.say("th", &[("scope", "row")], name);
                    page.say("td", &[], &visible::bytes(value));
                });
            }
        });
    });
    let count = headers.0.len();
    if count > HEADERS {
        page.say("p", &[("class", "cut")], &format!("{} more headers", count - HEADERS));
    }
}

/// What its bodies hold that is no message.
fn bodies(page: &mut Markup, view: &View, told: &Told, room: &mut Room) {
    let show = view.show(told.id());
    for document in &told.reading.documents {
        let whose =
            if document.side == Side::Request { "Request's body" } else { "Response's body" };
        page.say("p", &[], whose);
        payload(page, &document.json, &show, room);
    }
    let said = told.refusal.as_deref().filter(|_| told.reading.documents.is_empty());
    if let Some(refusal) = said.filter(|refusal| !refusal.trim().is_empty()) {
        page.say("p", &[], "How it was refused");
        payload(page, refusal.as_bytes(), &show, room);
    }
}

/// When each frame came, and how long after the one before.
fn frames(page: &mut Markup, view: &View, told: &Told) {
    let frames = &told.reading.frames;
    if frames.is_empty() {
        return;
    }
    page.tag("table", &[("class", "frames")], |page| {
        page.say("caption", &[], "Frames");
        page.tag("thead", &[], |page| {
            page.tag("tr", &[], |page| {
                for title in ["#", "At, s", "After", "Event", "Id", "Data"] {
                    page.say("th", &[("scope", "col")], title);
                }
            });
        });
        page.tag("tbody", &[], |page| {
            let mut before = told.reading.summary.started_at;
            for frame in frames.iter().take(FRAMES) {
                let event = frame.event.as_deref().unwrap_or_default();
                let event = match frame.comments.first() {
                    Some(comment) if !frame.has_data => format!(":{comment}"),
                    _ => event.to_owned(),
                };
                let cells = [
                    frame.index.to_string(),
                    view.since(frame.at),
                    units::duration(frame.at.micros_since(before)),
                    event,
                    frame.id.clone().unwrap_or_default(),
                    units::size(frame.data.len() as u64),
                ];
                before = frame.at;
                page.tag("tr", &[], |page| {
                    for cell in &cells {
                        page.say("td", &[], cell);
                    }
                });
            }
        });
    });
    let whole = format!("{} --frames", view.show(told.id()));
    left_out(page, frames.len().min(FRAMES), frames.len(), "frame", &whole);
}
