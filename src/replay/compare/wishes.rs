//! What the user wants done at which place of a message: rules and `--ignore`.

use std::collections::BTreeSet;

use super::{lens::Glass, volatile::How};
use crate::{
    protocol::Message,
    replay::{
        rules::{Action, Selector, fits},
        steps::Step,
    },
};

/// The wishes that concern a step, the first that fits a place holds.
#[derive(Debug)]
pub(super) struct Wishes<'l>(Vec<(Place<'l>, How<'l>)>);

#[derive(Debug)]
enum Place<'l> {
    /// All of the answer.
    Whole,
    /// RFC 6901 with `*`.
    Pointer(&'l str),
    /// Those that RFC 9535 finds in the recorded message and in the replayed one.
    Located([BTreeSet<String>; 2]),
}

impl<'l> Wishes<'l> {
    pub(super) fn of(lens: &Glass<'l>, step: &Step<'_>, messages: [Option<&Message>; 2]) -> Self {
        let wishes = lens.wishes(step.method(), step.name());
        let queries = wishes.iter().any(|(path, _)| matches!(path, Some(Selector::Path(_))));
        // What is nested too deep to be a tree has no places.
        let tree = |message: Option<&Message>| {
            let payload = &message.filter(|_| queries)?.payload;
            serde_json::from_slice::<serde_json::Value>(payload).ok()
        };
        let trees = messages.map(tree);
        let wishes = wishes.into_iter().filter_map(|(path, action)| {
            let place = match path {
                None => Place::Whole,
                Some(Selector::Pointer(pointer)) if pointer.is_empty() => Place::Whole,
                Some(Selector::Pointer(pointer)) => Place::Pointer(pointer),
                Some(path @ Selector::Path(_)) => {
                    let places = |side: usize| {
                        let tree = trees.get(side).and_then(Option::as_ref);
                        tree.map(|tree| path.places(tree)).unwrap_or_default()
                    };
                    Place::Located([places(0), places(1)])
                }
            };
            Some((place, how(action)?))
        });
        Self(wishes.collect())
    }

    /// What is wanted at a path; `recorded` says whether the recorded message has something there,
    /// as only then the path is one of its own.
    pub(super) fn at(&self, path: &str, recorded: bool) -> Option<How<'l>> {
        let is_whole = || path.bytes().filter(|byte| *byte == b'/').count() == 1;
        let fitting = self.0.iter().find(|(place, _)| match place {
            Place::Whole => is_whole(),
            Place::Pointer(pointer) => fits(pointer, path),
            Place::Located([own, its]) => {
                let places = if recorded { own } else { its };
                places.contains(path) || places.contains("") && is_whole()
            }
        });
        fitting.map(|(_, how)| *how)
    }
}

/// Actions that are not for comparing have no effect.
fn how(action: &Action) -> Option<How<'_>> {
    match action {
        Action::Ignore => Some(How::Ignored),
        Action::Type => Some(How::Type),
        Action::Regex(regex) => Some(How::Regex(regex)),
        Action::Unordered => Some(How::Unordered),
        Action::Tolerance(most) => Some(How::Tolerance(*most)),
        Action::Bind(_)
        | Action::Keep
        | Action::Redact
        | Action::Delay(_)
        | Action::Error(_)
        | Action::Cut(_)
        | Action::Expire => None,
    }
}
