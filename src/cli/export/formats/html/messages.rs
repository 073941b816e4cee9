//! The messages in the order of time, each folded into its line.

use super::{
    bounds::{MESSAGES, Room, left_out},
    exchanges::text_of,
    markup::Markup,
    payload::payload,
    view::{View, rpc_id},
};
use crate::{
    cli::{output::style, transcript, units},
    protocol::{Direction, Message, picture::label},
};

/// Writes a session's.
pub(super) fn write(page: &mut Markup, view: &View, room: &mut Room) {
    let messages = &view.story.messages;
    if messages.is_empty() {
        return;
    }
    let id = format!("messages{}", view.number);
    page.say("h3", &[("id", &id)], "Messages");
    let list = format!("list{}", view.number);
    tools(page, &list);
    page.tag("div", &[("class", "messages"), ("id", &list)], |page| {
        for (place, message) in messages.iter().enumerate().take(MESSAGES) {
            one(page, view, place, message, room);
        }
    });
    left_out(page, messages.len().min(MESSAGES), messages.len(), "message", &view.tape());
}

/// For a browser that runs the script; without it they stay hidden.
fn tools(page: &mut Markup, list: &str) {
    page.tag("p", &[("class", "tools"), ("data-list", list), ("hidden", "")], |page| {
        page.tag("label", &[], |page| {
            page.text("Filter ");
            page.empty("input", &[("type", "search"), ("placeholder", "words in them")]);
        });
        page.say("button", &[("type", "button"), ("data-open", "yes")], "Unfold all");
        page.say("button", &[("type", "button"), ("data-open", "no")], "Fold all");
        page.tag("output", &[], |_| {});
    });
}

fn one(page: &mut Markup, view: &View, place: usize, message: &Message, room: &mut Room) {
    let call = view.call(place);
    let (status, class) = transcript::status(message, call.as_ref());
    let class = match class {
        style::BAD => "failed",
        style::WAITING => "waiting",
        _ => "plain",
    };
    page.tag("details", &[("class", class)], |page| {
        page.tag("summary", &[], |page| {
            let (sign, side, who) = match message.direction {
                Direction::ClientToServer => ("→", "client", "client to server"),
                Direction::ServerToClient => ("←", "server", "server to client"),
            };
            page.say("span", &[("class", "at")], &view.since(message.at));
            page.say("span", &[("class", side), ("title", who)], sign);
            page.tag("span", &[("class", "subject")], |page| {
                page.text(&label(message, message.name.as_deref()));
                page.text(" ");
                page.say("span", &[("class", "faint")], &rpc_id(message));
            });
            page.say("span", &[("class", "status")], &status);
            let latency = message.latency_us.map(units::duration).unwrap_or_default();
            page.say("span", &[("class", "number")], &latency);
            page.say("span", &[("class", "number")], &units::size(message.payload.len() as u64));
        });
        let anchor = view.message_anchor(place).unwrap_or_default();
        page.tag("div", &[("class", "inside"), ("id", &anchor)], |page| {
            page.tag("p", &[("class", "faint")], |page| facts(page, view, place, message));
            payload(page, &message.payload, &view.show(message.exchange), room);
        });
    });
}

/// Where it came, and what it belongs to.
fn facts(page: &mut Markup, view: &View, place: usize, message: &Message) {
    page.text(&message.at.to_string());
    page.text(" · ");
    let number = format!("exchange {}", view.number_of(message.exchange));
    match view.exchange_anchor(message.exchange) {
        Some(anchor) => page.say("a", &[("href", &format!("#{anchor}"))], &number),
        None => page.text(&number),
    }
    if let Some(told) = view.story.exchange(message.exchange) {
        page.text(&format!(" {}", text_of(told)));
    }
    if let Some(frame) = message.frame {
        page.text(&format!(" · frame {frame}"));
    }
    let sse = message.sse.as_ref();
    if let Some(id) = sse.and_then(|sse| sse.id.as_deref()) {
        page.text(&format!(" · event id {id}"));
    }
    let links = [
        ("answers", message.answers.as_deref()),
        ("continues", view.remarks.get(place).and_then(|r| r.continues.as_deref())),
        ("belongs to", view.remarks.get(place).and_then(|r| r.belongs_to.as_deref())),
    ];
    for (word, id) in links {
        let Some(anchor) = id.and_then(|id| view.anchor_of_id(id)) else { continue };
        page.text(&format!(" · {word} "));
        page.say("a", &[("href", &format!("#{anchor}"))], "its request");
    }
    if !view.remark(place).is_empty() {
        page.text(&format!(" · {}", view.remark(place)));
    }
}
