//! What is known of a recorded session's bindings, made ready for a run.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Binding,
    class::Class,
    corrections::Corrections,
    find::{Apart, Birth, Heard, Use, find},
    token::is_token,
    tokens::Tokens,
};
use crate::protocol::Story;

/// Values by their class: what stood there as a whole.
pub(super) type Whole = (Class, String);

pub(crate) use super::find::Place;

/// The bindings of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The tokens that are used, then the placeholders of the tape.
    pub(super) texts: Vec<String>,
    pub(super) tokens: Tokens,
    /// Which of them are placeholders.
    placeholders: HashSet<usize>,
    numbers: HashMap<String, usize>,
    /// Where a token was born.
    pub(super) born_in: HashMap<usize, Place>,
    /// Which birth a value at a place of a class is: `id` may be an `orderId`.
    pub(super) whole: HashMap<Whole, Whole>,
    /// The births of these, and where.
    pub(super) births: HashMap<Whole, Place>,
    pub(super) corrections: Corrections,
    pub(super) told: Vec<Binding>,
    /// From where each value comes to where it goes, each pair once, in order.
    pub(super) links: Vec<(Place, Place)>,
}

impl Known {
    pub(super) fn of<E>(
        story: &Story,
        apart: (Heard, Apart<'_, E>),
        placeholders: &[String],
        corrections: &Corrections,
    ) -> Result<Self, E> {
        let mut known = Self::default();
        let mut telling = Telling::default();
        let births = find(story, apart, placeholders, corrections, &mut |used| {
            if let Some(used) = used {
                telling.take(used);
                known.used(used);
            } else {
                (known, telling) = (Self::default(), Telling::default());
            }
        })?;
        for birth in &births {
            known.said_again(birth);
        }
        known.corrections = corrections.clone();
        for placeholder in placeholders {
            let token = known.add(placeholder);
            known.placeholders.insert(token);
        }
        known.tokens = Tokens::new(known.texts.iter().map(String::as_str));
        known.told = telling.end();
        known.links.sort_unstable();
        known.links.dedup();
        known.links.shrink_to_fit();
        Ok(known)
    }

    fn used(&mut self, used: &Use<'_>) {
        let birth = used.birth;
        let link = (birth.of, used.unit.of());
        if self.links.last() != Some(&link) {
            self.links.push(link);
        }
        if let (Some(class), Some(born)) = (&used.class, &birth.class) {
            let born = (born.clone(), birth.text.clone());
            let may_be_said = !born.0.is_renewed() && is_token(&birth.text);
            self.births.insert(born.clone(), birth.of);
            self.whole.insert((class.clone(), birth.text.clone()), born);
            // One id for all the run may stand in texts and URLs too.
            if !may_be_said {
                return;
            }
        }
        let token = self.add(&birth.text);
        self.born_in.entry(token).or_insert(birth.of);
    }

    /// Ids of the protocol that no request bears: a server may say them again, as that of the page
    /// to which it sent the user.
    fn said_again(&mut self, birth: &Birth) {
        let Some(class) = birth.class.as_ref().filter(|class| class.is_said_again()) else {
            return;
        };
        if !is_token(&birth.text) {
            return;
        }
        let whole = (class.clone(), birth.text.clone());
        self.births.entry(whole.clone()).or_insert(birth.of);
        self.whole.entry(whole.clone()).or_insert(whole);
        let token = self.add(&birth.text);
        self.born_in.entry(token).or_insert(birth.of);
    }

    /// The number of a token, a new one where it has none.
    fn add(&mut self, token: &str) -> usize {
        let next = self.texts.len();
        let number = *self.numbers.entry(token.to_owned()).or_insert(next);
        if number == next {
            self.texts.push(token.to_owned());
        }
        number
    }

    /// The number of a token.
    pub(super) fn token(&self, text: &str) -> Option<usize> {
        self.numbers.get(text).copied()
    }

    pub(super) fn is_placeholder(&self, token: usize) -> bool {
        self.placeholders.contains(&token)
    }
}

/// One line for all that are alike: from the like place to the like place.
#[derive(Default)]
struct Telling {
    alike: BTreeMap<(String, String), Binding>,
    /// What was counted of the unit at hand, by the kind of the birth and the place.
    unit: usize,
    counted: HashSet<(String, String)>,
}

impl Telling {
    fn take(&mut self, used: &Use<'_>) {
        let (birth, unit) = (used.birth, used.unit);
        if self.unit != used.number {
            self.unit = used.number;
            self.counted.clear();
        }
        if !self.counted.insert((birth.kind.clone(), used.pointer.clone())) {
            return;
        }
        let kinds = (birth.kind.clone(), unit.kind_of_place(&used.pointer));
        let binding = self.alike.entry(kinds).or_insert_with(|| Binding {
            from: birth.place.clone(),
            to: unit.place(&used.pointer),
            count: 0,
        });
        binding.count += 1;
    }

    fn end(self) -> Vec<Binding> {
        let mut told: Vec<Binding> = self.alike.into_values().collect();
        told.sort();
        told
    }
}
