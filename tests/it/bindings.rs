//! What is bound on each tape in `captures/`: looked through by people, for a binding that is none
//! lets a changed value pass. It stands in the tape's own snapshot (`captures.rs`).

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use wiretape::{
    protocol::Story,
    replay::bind::{Binding, Bindings},
};

use crate::support::{
    stories::{reader, records, stories},
    tapes::all,
};

#[test]
fn they_are_the_same_whenever_they_are_told() {
    for tape in all() {
        assert_eq!(bound(&tape), bound(&tape), "{}", tape.display());
    }
}

/// A line each.
pub(crate) fn bound(tape: &Path) -> String {
    let redactions = reader(tape).header().redactions.clone();
    let placeholders: Vec<String> = redactions.into_iter().map(|r| r.placeholder).collect();
    let mut lines = String::new();
    for story in stories(&records(tape)) {
        for binding in Bindings::find(&story, &placeholders).told() {
            let _ = writeln!(lines, "BOUND {}", line(&story, &binding));
        }
    }
    lines
}

/// Exchanges by their number in the session, with what was called.
fn line(story: &Story, binding: &Binding) -> String {
    let numbers: BTreeMap<String, usize> =
        story.exchanges.iter().enumerate().map(|(n, told)| (told.id().to_string(), n)).collect();
    let place = |place: &str| {
        let (exchange, rest) = place.split_at(place.find(['.', ' ']).unwrap_or(place.len()));
        let told = story.exchanges.iter().find(|told| told.id().to_string() == exchange);
        let methods = told.map(|told| told.reading.summary.methods.join(" ")).unwrap_or_default();
        format!("{} ({methods}) {rest}", numbers.get(exchange).copied().unwrap_or_default())
    };
    format!("{} -> {} x{}", place(&binding.from), place(&binding.to), binding.count)
}
