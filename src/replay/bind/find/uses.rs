//! Where requests bear what an earlier response brought.

use std::collections::HashSet;

use super::{Search, Use, has_size};
use crate::replay::bind::{
    class::{self, Class},
    corrections::Marks,
    json::What,
    layers::Spot,
    memo::{Mark, Memo},
    tokens::Tokens,
    unit::{Form, Unit},
};

/// Looks for uses, unit by unit in the order of time.
pub(super) struct Users {
    /// The births of tokens, by their numbers.
    numbers: Vec<usize>,
    tokens: Tokens,
    /// Tokens that a request bore before any response did: they are the client's, however they were
    /// spelled.
    own: HashSet<usize>,
    /// The unit behind which no token is born.
    last: usize,
    /// Heads that bear nothing of so many births.
    memo: (usize, Memo),
}

impl Search<'_> {
    /// Whoever looks for what was born.
    pub(super) fn users(&self) -> Users {
        let numbered = self.births.iter().enumerate().filter(|(_, birth)| birth.class.is_none());
        let numbers = numbered.clone().map(|(place, _)| place).collect();
        let last = numbered.clone().map(|(_, birth)| birth.unit).max().unwrap_or_default();
        let tokens = Tokens::new(numbered.map(|(_, birth)| birth.text.as_str()));
        Users { numbers, tokens, own: HashSet::new(), last, memo: (0, Memo::default()) }
    }
}

impl Users {
    /// No token was born since.
    pub(super) fn has_all(&self, search: &Search<'_>) -> bool {
        let tokens = search.births.iter().filter(|birth| birth.class.is_none());
        tokens.count() == self.numbers.len()
    }

    /// What a request's unit bears of what came before it.
    pub(super) fn of(
        &mut self,
        search: &Search<'_>,
        place: usize,
        unit: &Unit<'_>,
        found: &mut dyn FnMut(Option<&Use<'_>>),
    ) {
        if unit.from_server {
            return;
        }
        // All births are behind it: another that says the same later can bear no other ones.
        let is_after = search.births.last().is_none_or(|birth| birth.unit < place);
        if self.memo.0 != search.births.len() {
            self.memo = (search.births.len(), Memo::default());
        }
        let mark = Mark::of(unit);
        if is_after && self.memo.1.has(mark) {
            return;
        }
        let mut bears = false;
        let birth_of = |token: usize| search.births.get(*self.numbers.get(token)?);
        if place < self.last {
            let own = &mut self.own;
            unit.walk(&mut |_, text| {
                let early = |token| birth_of(token).is_some_and(|birth| birth.unit > place);
                own.extend(self.tokens.spans(text, early).iter().map(|span| span.token));
                Vec::new()
            });
        }
        let marks = search.corrections.marks(unit.message());
        unit.walk(&mut |spot, text| {
            let is_open = may_be_filled(unit, spot);
            if !is_open && marks.binds(spot).is_empty() || marks.keeps(spot) {
                return Vec::new();
            }
            let mut say = |birth, class| {
                let pointer = spot.pointer();
                bears = true;
                found(Some(&Use { birth, class, number: place, unit, pointer }));
            };
            if let Some((birth, class)) = search.whole(place, spot, &marks, text) {
                if let Some(birth) = search.births.get(birth) {
                    say(birth, Some(class));
                }
            } else if spot.what != What::Key && is_open {
                for span in self.tokens.spans(text, |token| !self.own.contains(&token)) {
                    let is_whole = spot.what != What::Number || span.range.len() == text.len();
                    if let Some(birth) = birth_of(span.token).filter(|_| is_whole) {
                        say(birth, None);
                    }
                }
            }
            Vec::new()
        });
        if is_after && !bears {
            self.memo.1.add(mark);
        }
    }
}

impl Search<'_> {
    /// The birth of what stands there as a whole.
    fn whole(
        &self,
        unit: usize,
        spot: &Spot<'_>,
        marks: &Marks<'_>,
        text: &str,
    ) -> Option<(usize, Class)> {
        let rules = marks.binds(spot).into_iter().map(Class::Rule);
        let before = |birth: &usize| self.births.get(*birth).is_some_and(|birth| birth.unit < unit);
        rules.chain(spot.classes.iter().cloned()).find_map(|class| {
            if !matches!(class, Class::Rule(_)) && !has_size(&class, text) {
                return None;
            }
            let exact = self.index.get(&(Some(class.clone()), text.to_owned())).copied();
            let exact = exact.filter(before);
            let Class::Id(subject) = &class else { return exact.map(|birth| (birth, class)) };
            // `id` is anybody's id: the last one of this value.
            let alike = |birth: &usize| {
                let born = self.births.get(*birth).and_then(|birth| birth.class.as_ref());
                before(birth) && (subject.is_empty() || born == Some(&Class::Id(String::new())))
            };
            let other = || self.ids.get(text)?.iter().rev().find(|birth| alike(birth)).copied();
            exact.or_else(other).map(|birth| (birth, class))
        })
    }
}

/// A fresh value may be filled in there.
fn may_be_filled(unit: &Unit<'_>, spot: &Spot<'_>) -> bool {
    match &unit.form {
        Form::Header(name) => !class::is_deaf_header(name),
        Form::Message(_) => !spot.path.is_some_and(|path| spot.is_outer() && class::is_fixed(path)),
        Form::Url => true,
        Form::EventId | Form::Frame(_) | Form::Body => false,
    }
}
