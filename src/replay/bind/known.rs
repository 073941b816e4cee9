//! What is known of a recorded session's bindings, made ready for a run.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Binding,
    class::Class,
    corrections::Corrections,
    find::{Birth, Found, Use, find},
    token::is_token,
    tokens::Tokens,
    unit::Unit,
};
use crate::{capture::ExchangeId, protocol::Story};

/// Values by their class: what stood there as a whole.
pub(super) type Whole = (Class, String);

/// A message of an exchange, by its number; none for its heads and other data.
pub(crate) type Place = (ExchangeId, Option<u32>);

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
    pub(super) fn of(story: &Story, placeholders: &[String], corrections: &Corrections) -> Self {
        let found = find(story, placeholders, corrections);
        let mut known = Self { corrections: corrections.clone(), ..Self::default() };
        for used in &found.uses {
            let Some(birth) = found.births.get(used.birth) else { continue };
            let Some(unit) = found.units.get(birth.unit) else { continue };
            let place = place(unit);
            if let (Some(class), Some(born)) = (&used.class, &birth.class) {
                let born = (born.clone(), birth.text.clone());
                known.births.insert(born.clone(), place);
                let may_be_said = !born.0.is_renewed() && is_token(&birth.text);
                known.whole.insert((class.clone(), birth.text.clone()), born);
                // One id for all the run may stand in texts and URLs too.
                if !may_be_said {
                    continue;
                }
            }
            let token = known.add(&birth.text);
            known.born_in.entry(token).or_insert(place);
        }
        for birth in &found.births {
            known.said_again(birth, &found);
        }
        for placeholder in placeholders {
            let token = known.add(placeholder);
            known.placeholders.insert(token);
        }
        known.tokens = Tokens::new(known.texts.iter().map(String::as_str));
        known.told = told(&found);
        known.links = links(&found);
        known
    }

    /// Ids of the protocol that no request bears: a server may say them again, as that of the page
    /// to which it sent the user.
    fn said_again(&mut self, birth: &Birth, found: &Found<'_>) {
        let Some(class) = birth.class.as_ref().filter(|class| class.is_said_again()) else {
            return;
        };
        let Some(unit) = found.units.get(birth.unit).filter(|_| is_token(&birth.text)) else {
            return;
        };
        let (place, whole) = (place(unit), (class.clone(), birth.text.clone()));
        self.births.entry(whole.clone()).or_insert(place);
        self.whole.entry(whole.clone()).or_insert(whole);
        let token = self.add(&birth.text);
        self.born_in.entry(token).or_insert(place);
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

fn place(unit: &Unit<'_>) -> Place {
    (unit.exchange, unit.message().map(|message| message.number))
}

/// All of them: what a step needs is not told by those that are alike.
fn links(found: &Found<'_>) -> Vec<(Place, Place)> {
    let link = |used: &Use| {
        let birth = found.births.get(used.birth)?;
        Some((place(found.units.get(birth.unit)?), place(found.units.get(used.unit)?)))
    };
    let mut links: Vec<_> = found.uses.iter().filter_map(link).collect();
    links.sort_unstable();
    links.dedup();
    links
}

/// One line for all that are alike: from the like place to the like place.
fn told(found: &Found<'_>) -> Vec<Binding> {
    let mut alike: BTreeMap<(String, String), Binding> = BTreeMap::new();
    let mut counted = HashSet::new();
    for used in &found.uses {
        let Some(birth) = found.births.get(used.birth) else { continue };
        let units = (found.units.get(birth.unit), found.units.get(used.unit));
        let (Some(born), Some(user)) = units else { continue };
        let kinds = (born.kind_of_place(&birth.pointer), user.kind_of_place(&used.pointer));
        if !counted.insert((kinds.0.clone(), used.unit, &used.pointer)) {
            continue;
        }
        let binding = alike.entry(kinds).or_insert_with(|| Binding {
            from: born.place(&birth.pointer),
            to: user.place(&used.pointer),
            count: 0,
        });
        binding.count += 1;
    }
    let mut told: Vec<Binding> = alike.into_values().collect();
    told.sort();
    told
}
