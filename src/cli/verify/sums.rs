//! What a run came to, in words: the summary that is always said (faces.md, verify), which places
//! were let pass and which values were filled in fresh.

use std::collections::BTreeMap;

use super::run::Ran;
use crate::{
    cli::{output::Output, units, visible},
    replay::compare::{Ruling, Tally},
};

/// Places and bindings of which people are told; `--json` has all.
const PLACES_TOLD: usize = 8;

/// Says it.
pub(super) fn tell(ran: &Ran, all: &Tally, folded: u64, left_out: &[String], out: &mut Output) {
    if folded > 0 {
        out.talk(format!("… and {}: --json has all", units::count(folded, "more step")));
    }
    if !left_out.is_empty() {
        let names: Vec<_> = left_out.iter().map(|name| visible::line(name)).collect();
        let names = names.join(", ");
        out.talk(format!("not sent, for it is on no tape: {names}; --header-env gives it"));
    }
    bound(ran, out);
    if !all.ignored_paths.is_empty() {
        let paths = all.ignored_paths.keys().map(|path| visible::line(path).into_owned());
        let many = units::count(all.ignored_paths.len() as u64, "place");
        out.talk(format!("let pass at {many}: {}", folded_list(paths)));
    }
    out.talk(summary(ran, all));
}

/// Which values of the tape were replaced by fresh ones: places, never values.
fn bound(ran: &Ran, out: &mut Output) {
    let mut bound: BTreeMap<(String, String), u64> = BTreeMap::new();
    for binding in ran.tapes.iter().flat_map(|tape| &tape.bindings) {
        let places = (place(&binding.from), place(&binding.to));
        *bound.entry(places).or_insert(0) += binding.count;
    }
    if bound.is_empty() {
        return;
    }
    let told = bound.iter().map(|((from, to), count)| match count {
        1 => format!("{from} -> {to}"),
        count => format!("{from} -> {to} ({})", units::count(*count, "time")),
    });
    out.talk(format!("filled in fresh: {}", folded_list(told)));
}

/// A place without its exchange: people are told of the kind.
fn place(whole: &str) -> String {
    let short = whole.find(['/', ' ']).and_then(|at| whole.get(at..)).unwrap_or(whole);
    visible::line(short.trim()).into_owned()
}

fn folded_list(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(PLACES_TOLD);
    let mut told: Vec<String> = all.take(PLACES_TOLD).collect();
    if more > 0 {
        told.push(format!("… and {more} more"));
    }
    told.join(", ")
}

fn summary(ran: &Ran, all: &Tally) -> String {
    let of = |ruling: Ruling| ran.count(ruling);
    let mut said = vec![
        format!("compared {} of {}", all.compared, all.of),
        format!("{} skipped", all.skipped),
    ];
    let not_selected: u64 = ran.tapes.iter().map(|tape| tape.not_selected).sum();
    if not_selected > 0 {
        said.push(format!("{not_selected} not selected"));
    }
    for ruling in [Ruling::Same, Ruling::Changed, Ruling::Missing, Ruling::Extra] {
        if ruling == Ruling::Same || of(ruling) > 0 {
            said.push(format!("{} {}", of(ruling), ruling.as_str()));
        }
    }
    said.join(", ")
}
