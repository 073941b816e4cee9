//! What a user's rules say about bindings: `keep` forbids one, `bind` makes one (rules.rs).

use std::collections::BTreeSet;

use super::layers::Spot;
use crate::{
    protocol::{Direction, Message},
    replay::rules::{self, Action, Rule, Rules, Selector},
};

/// The rules that are about bindings.
#[derive(Clone, Debug, Default)]
pub struct Corrections {
    rules: Vec<Rule>,
}

impl Corrections {
    /// Those among a user's rules.
    #[must_use]
    pub fn of(rules: &Rules) -> Self {
        let own = |rule: &&Rule| matches!(rule.action, Action::Bind(_) | Action::Keep);
        Self { rules: rules.list.iter().filter(own).cloned().collect() }
    }

    /// What they say of one message.
    pub(super) fn marks(&self, message: Option<&Message>) -> Marks<'_> {
        let mut marks = Marks::default();
        let Some(message) = message.filter(|_| !self.rules.is_empty()) else { return marks };
        // Parsed once, and only where a rule asks with RFC 9535.
        let mut value = None;
        let mut pattern = |selector: &'_ Selector| match selector {
            Selector::Pointer(_) => None,
            Selector::Path(_) => {
                let parse = || serde_json::from_slice(&message.payload).unwrap_or_default();
                Some(selector.places(value.get_or_insert_with(parse)))
            }
        };
        let (method, name) =
            (message.method.as_deref().unwrap_or_default(), message.name.as_deref());
        for (place, rule) in self.rules.iter().enumerate() {
            let concerned = rule.concerns(method, name);
            match (&rule.action, &rule.path) {
                (Action::Keep, path) if concerned => marks.keep.push(match path {
                    None => Pattern::All,
                    Some(path) => Pattern::of(path, pattern(path)),
                }),
                (Action::Bind(from), _) if message.direction == Direction::ServerToClient => {
                    marks.bind.push((place, Pattern::of(from, pattern(from))));
                }
                (Action::Bind(_), Some(to)) if concerned => {
                    marks.bind.push((place, Pattern::of(to, pattern(to))));
                }
                _ => {}
            }
        }
        marks
    }
}

/// What the rules say of one message.
#[derive(Debug, Default)]
pub(super) struct Marks<'c> {
    keep: Vec<Pattern<'c>>,
    bind: Vec<(usize, Pattern<'c>)>,
}

#[derive(Debug)]
enum Pattern<'c> {
    All,
    Pointer(&'c str),
    Places(BTreeSet<String>),
}

impl<'c> Pattern<'c> {
    fn of(selector: &'c Selector, places: Option<BTreeSet<String>>) -> Self {
        match (selector, places) {
            (Selector::Pointer(pointer), _) => Self::Pointer(pointer),
            (Selector::Path(_), places) => Self::Places(places.unwrap_or_default()),
        }
    }

    fn fits(&self, place: &str) -> bool {
        match self {
            Self::All => true,
            Self::Pointer(pointer) => rules::fits(pointer, place),
            Self::Places(places) => places.contains(place),
        }
    }
}

impl Marks<'_> {
    /// No rule binds anything in the message.
    pub(super) fn bind_nothing(&self) -> bool {
        self.bind.is_empty()
    }

    /// What stands there is no handle.
    pub(super) fn keeps(&self, spot: &Spot<'_>) -> bool {
        !self.keep.is_empty() && {
            let place = spot.pointer();
            self.keep.iter().any(|pattern| pattern.fits(&place))
        }
    }

    /// The rules that bind what stands there, by their place.
    pub(super) fn binds(&self, spot: &Spot<'_>) -> Vec<usize> {
        if self.bind.is_empty() {
            return Vec::new();
        }
        let place = spot.pointer();
        let bind = self.bind.iter().filter(|(_, pattern)| pattern.fits(&place));
        bind.map(|(rule, _)| *rule).collect()
    }
}
