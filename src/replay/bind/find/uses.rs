//! Where requests bear what an earlier response brought.

use std::collections::HashSet;

use super::{Search, Use, has_size};
use crate::replay::bind::{
    class::{self, Class},
    corrections::Marks,
    json::What,
    layers::Spot,
    tokens::Tokens,
    unit::{Form, Unit},
};

impl Search<'_> {
    /// Where later requests bear what was born.
    pub(super) fn uses(&self, units: &[Unit<'_>]) -> Vec<Use> {
        let numbered = self.births.iter().enumerate().filter(|(_, birth)| birth.class.is_none());
        let numbers: Vec<usize> = numbered.clone().map(|(place, _)| place).collect();
        let tokens = Tokens::new(numbered.map(|(_, birth)| birth.text.as_str()));
        let client = || units.iter().enumerate().filter(|(_, unit)| !unit.from_server);
        let birth_of =
            |token: usize| Some((*numbers.get(token)?, self.births.get(*numbers.get(token)?)?));
        // What a request bore before any response did is the client's, however it was spelled.
        let mut own = HashSet::new();
        for (place, unit) in client() {
            unit.walk(&mut |_, text| {
                let early = |token| birth_of(token).is_some_and(|(_, birth)| birth.unit > place);
                own.extend(tokens.spans(text, early).iter().map(|span| span.token));
                Vec::new()
            });
        }
        let mut uses = Vec::new();
        for (place, unit) in client() {
            let marks = self.corrections.marks(unit.message());
            unit.walk(&mut |spot, text| {
                let is_open = may_be_filled(unit, spot);
                if !is_open && marks.binds(spot).is_empty() || marks.keeps(spot) {
                    return Vec::new();
                }
                let here =
                    |birth, class| Use { birth, class, unit: place, pointer: spot.pointer() };
                if let Some((birth, class)) = self.whole(place, spot, &marks, text) {
                    uses.push(here(birth, Some(class)));
                } else if spot.what != What::Key && is_open {
                    let spans = tokens.spans(text, |token| !own.contains(&token));
                    let spans = spans
                        .iter()
                        .filter(|span| spot.what != What::Number || span.range.len() == text.len());
                    uses.extend(
                        spans
                            .filter_map(|span| birth_of(span.token))
                            .map(|(birth, _)| here(birth, None)),
                    );
                }
                Vec::new()
            });
        }
        uses
    }

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
