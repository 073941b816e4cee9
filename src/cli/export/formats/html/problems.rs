//! What is wrong in a session, the worst first: seen, to do, and the rule's source.

use super::{
    bounds::{PROBLEMS, left_out},
    markup::Markup,
    view::View,
};
use crate::protocol::problems::{Problem, Severity};

/// Writes a session's.
pub(super) fn write(page: &mut Markup, view: &View) {
    let id = format!("problems{}", view.number);
    page.say("h3", &[("id", &id)], "Problems");
    if view.problems.is_empty() {
        page.say("p", &[], "None was found.");
        return;
    }
    let mut worst_first: Vec<&Problem> = view.problems.iter().collect();
    worst_first.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    page.tag("ul", &[("class", "problems")], |page| {
        for problem in worst_first.iter().take(PROBLEMS) {
            let word = word(problem.severity);
            page.tag("li", &[("class", word)], |page| one(page, view, problem, word));
        }
    });
    let session = view.story.session.id;
    let whole = format!("wiretape problems {session}");
    left_out(page, worst_first.len().min(PROBLEMS), worst_first.len(), "problem", &whole);
}

/// The word for how bad it is.
pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn one(page: &mut Markup, view: &View, problem: &Problem, word: &str) {
    page.tag("p", &[], |page| {
        page.say("strong", &[("class", "badge")], word);
        page.text(" ");
        page.say("code", &[], &problem.rule);
        page.text(" ");
        place(page, view, problem);
    });
    page.say("p", &[("class", "what")], &problem.text);
    page.tag("dl", &[], |page| {
        let parts =
            [("seen", &problem.evidence), ("to do", &problem.remedy), ("rule", &problem.source)];
        for (title, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
            page.say("dt", &[], title);
            page.say("dd", &[], text);
        }
    });
}

/// Where it shows.
fn place(page: &mut Markup, view: &View, problem: &Problem) {
    let message = problem.message.as_deref().and_then(|id| view.anchor_of_id(id));
    if let Some(anchor) = message {
        page.say("a", &[("href", &format!("#{anchor}"))], "the message");
        page.text(" ");
    }
    let Some(exchange) = problem.exchange else { return };
    let said = format!("exchange {}", view.number_of(exchange));
    match view.exchange_anchor(exchange) {
        Some(anchor) => page.say("a", &[("href", &format!("#{anchor}"))], &said),
        None => page.text(&said),
    }
}
