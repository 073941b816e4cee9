//! Finds, in a recorded session, values that a response brings and a later request bears.
//!
//! Three passes, each over all that the session says: which words requests have at all, so that
//! the rest of the responses costs nothing; what responses bring first; where requests bear it.

mod uses;

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use uses::Users;

use super::{
    class::{self, Class},
    corrections::Corrections,
    json::What,
    layers::Spot,
    memo::{Mark, Memo},
    token::{hash, is_token, spans, words},
    tokens::Tokens,
    unit::{Form, Order, Unit, units, units_of},
};
use crate::{capture::ExchangeId, protocol::Story};

/// Values remembered as born. Those that come later are not bound: their uses are sent as recorded.
const BIRTHS_CAP: usize = 1 << 18;

/// The longest value that is bound where the protocol names it, in bytes.
pub(super) const WHOLE_CAP: usize = 64 << 10;

/// The longest short id.
const ID_CAP: usize = 64;

/// A message of an exchange, by its number; none for its heads and other data.
pub(crate) type Place = (ExchangeId, Option<u32>);

/// A value that a response brought first.
#[derive(Clone, Debug)]
pub(super) struct Birth {
    /// What the protocol says it is; none for a token, which is bound wherever it stands.
    pub(super) class: Option<Class>,
    pub(super) text: String,
    /// By which unit.
    unit: usize,
    /// Which message's that is.
    pub(super) of: Place,
    /// The place, for the report, and that of all that are alike.
    pub(super) place: String,
    pub(super) kind: String,
}

/// Where a request bears it.
pub(super) struct Use<'u> {
    pub(super) birth: &'u Birth,
    /// As what the place holds it.
    pub(super) class: Option<Class>,
    /// The number of the unit in the order of time.
    pub(super) number: usize,
    pub(super) unit: &'u Unit<'u>,
    pub(super) pointer: String,
}

/// What is told apart from its session: handed over in the order of time, a few that overlap
/// together, as often as it is asked for.
pub type Apart<'a, E> = &'a mut dyn FnMut(&mut dyn FnMut(&[Story])) -> Result<(), E>;

/// Words and names, which are to be known before anything is found.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Words of requests.
    words: HashSet<u64>,
    /// Methods and listed names: no handles.
    names: HashSet<u64>,
    /// Keys by the unit that had each first: what is born there or later is a name of a field. A
    /// handle may be a key once it was born.
    keys: HashMap<u64, Order>,
    /// Heads that have no keys.
    memo: Memo,
}

impl Heard {
    /// Takes what a story says, in whatever order.
    pub fn take(&mut self, story: &Story) {
        for unit in &units_of(story) {
            self.hear(unit);
        }
    }

    /// Takes what others say too.
    pub fn join(&mut self, other: &Self) {
        self.words.extend(&other.words);
        self.names.extend(&other.names);
        other.keys.iter().for_each(|(key, at)| self.key(*key, *at));
    }

    fn key(&mut self, key: u64, at: Order) {
        let first = self.keys.entry(key).or_insert(at);
        *first = at.min(*first);
    }

    fn hear(&mut self, unit: &Unit<'_>) {
        let (mark, mut has_keys) = (Mark::of(unit), false);
        if self.memo.has(mark) {
            return;
        }
        let method = unit.message().and_then(|message| message.method.as_deref());
        self.names.extend(method.map(hash));
        let lists = unit.from_server && method.is_some_and(class::is_listing);
        unit.walk(&mut |spot, text| {
            let is_name = spot.path.and_then(|path| path.key()) == Some("name");
            if spot.what == What::Key && !spot.classes.contains(&Class::Question) {
                self.key(hash(text), unit.order());
                has_keys = true;
            } else if lists && is_name {
                self.names.insert(hash(text));
            }
            if !unit.from_server {
                self.words.extend(words(text).map(hash));
            }
            Vec::new()
        });
        if !has_keys {
            self.memo.add(mark);
        }
    }
}

/// Finds them all: what is said in `story`, and in what is told apart from it, of which `heard`
/// knows already. Uses are handed over in the order of time; none where they begin anew. Gives all
/// that was born.
pub(super) fn find<E>(
    story: &Story,
    (mut heard, apart): (Heard, Apart<'_, E>),
    placeholders: &[String],
    corrections: &Corrections,
    found: &mut dyn FnMut(Option<&Use<'_>>),
) -> Result<Vec<Birth>, E> {
    let held = units(story);
    let listed = Tokens::new(placeholders.iter().map(String::as_str));
    for unit in &held {
        heard.hear(unit);
    }
    let mut search = Search::new(corrections, listed, heard);
    // Handles are mostly born before the first of the calls that stand alone: then one pass over
    // these finds both what they bring and what they bear.
    let mut eager: Option<Users> = None;
    walk(&held, apart, &mut |place, unit, is_apart| {
        search.hear(place, unit);
        if is_apart && eager.is_none() {
            let users = eager.insert(search.users());
            for (place, unit) in held.iter().take(place).enumerate() {
                users.of(&search, place, unit, found);
            }
        }
        if let Some(users) = &mut eager {
            users.of(&search, place, unit, found);
        }
    })?;
    if search.births.is_empty() || eager.is_some_and(|users| users.has_all(&search)) {
        return Ok(search.births);
    }
    found(None);
    let mut users = search.users();
    walk(&held, apart, &mut |place, unit, _| users.of(&search, place, unit, found))?;
    drop(users);
    Ok(search.births)
}

/// All that a session says, in the order of time, numbered; and whether it is told apart.
fn walk<E>(
    held: &[Unit<'_>],
    apart: Apart<'_, E>,
    each: &mut dyn FnMut(usize, &Unit<'_>, bool),
) -> Result<(), E> {
    let (mut number, mut rest) = (0, held.iter().peekable());
    let mut say = |unit: &Unit<'_>, is_apart| {
        each(number, unit, is_apart);
        number += 1;
    };
    apart(&mut |stories| {
        let mut units: Vec<Unit<'_>> = stories.iter().flat_map(units_of).collect();
        units.sort_by_key(Unit::order);
        for unit in &units {
            while let Some(before) = rest.next_if(|held| held.order() < unit.order()) {
                say(before, false);
            }
            say(unit, true);
        }
    })?;
    rest.for_each(|unit| say(unit, false));
    Ok(())
}

struct Search<'c> {
    corrections: &'c Corrections,
    listed: Tokens,
    heard: Heard,
    /// Values that requests bore so far: they are the client's own.
    sent: HashSet<u64>,
    sent_whole: HashSet<u64>,
    births: Vec<Birth>,
    index: HashMap<(Option<Class>, String), usize>,
    /// Births of short ids by value.
    ids: HashMap<String, Vec<usize>>,
    memo: Memo,
}

impl<'c> Search<'c> {
    fn new(corrections: &'c Corrections, listed: Tokens, heard: Heard) -> Self {
        Self {
            corrections,
            listed,
            heard,
            sent: HashSet::new(),
            sent_whole: HashSet::new(),
            births: Vec::new(),
            index: HashMap::new(),
            ids: HashMap::new(),
            memo: Memo::default(),
        }
    }

    /// Notes what a unit says. Of one that says the same again nothing is born that was not the
    /// first time: what requests bore by then, they still did.
    fn hear(&mut self, place: usize, unit: &Unit<'_>) {
        let mark = Mark::of(unit);
        if self.memo.has(mark) {
            return;
        }
        if unit.from_server {
            self.births(place, unit);
        } else {
            self.sent(unit);
        }
        self.memo.add(mark);
    }

    /// Notes what a request bears.
    fn sent(&mut self, unit: &Unit<'_>) {
        unit.walk(&mut |spot, text| {
            if spot.what == What::Key {
                return Vec::new();
            }
            for class in spot.classes.iter().filter(|class| has_size(class, text)) {
                // A short id is the client's whoever's it is.
                let class = if matches!(class, Class::Id(_)) {
                    Class::Id(String::new())
                } else {
                    class.clone()
                };
                self.sent_whole.insert(hash_whole(&class, text));
            }
            self.candidates(text, &mut |sent, token| {
                sent.insert(hash(token));
            });
            Vec::new()
        });
    }

    /// What may be a token in a text, placeholders aside.
    fn candidates(&mut self, text: &str, each: &mut impl FnMut(&mut HashSet<u64>, &str)) {
        let mut done = 0;
        for span in self.listed.spans(text, |_| true) {
            let before = text.get(done..span.range.start).unwrap_or_default();
            spans(before, &mut |token| each(&mut self.sent, token));
            each(&mut self.sent, text.get(span.range.clone()).unwrap_or_default());
            done = span.range.end;
        }
        let rest = text.get(done..).unwrap_or_default();
        spans(rest, &mut |token| each(&mut self.sent, token));
    }

    /// Notes what a response brings first.
    fn births(&mut self, place: usize, unit: &Unit<'_>) {
        let corrections = self.corrections;
        let marks = corrections.marks(unit.message());
        unit.walk(&mut |spot, text| {
            if marks.keeps(spot) {
                return Vec::new();
            }
            let birth = |class: Option<Class>, text: &str| Birth {
                class,
                text: text.to_owned(),
                unit: place,
                of: unit.of(),
                place: unit.place(&spot.pointer()),
                kind: unit.kind_of_place(&spot.pointer()),
            };
            for rule in marks.binds(spot) {
                self.born(birth(Some(Class::Rule(rule)), text));
            }
            let Some(bears) = bears(unit, spot) else { return Vec::new() };
            for class in spot.classes.iter().filter(|class| has_size(class, text)) {
                let any = if matches!(class, Class::Id(_)) {
                    Class::Id(String::new())
                } else {
                    class.clone()
                };
                if !self.sent_whole.contains(&hash_whole(&any, text)) {
                    self.born(birth(Some(class.clone()), text));
                }
            }
            let mut tokens = Vec::new();
            for span in self.listed.spans(text, |_| true) {
                let placeholder = text.get(span.range).unwrap_or_default();
                if !self.sent.contains(&hash(placeholder)) {
                    self.born(birth(None, placeholder));
                }
            }
            if bears.tokens {
                self.candidates(text, &mut |sent, token| {
                    if !sent.contains(&hash(token)) {
                        tokens.push(token.to_owned());
                    }
                });
            }
            for token in tokens {
                let known = |word| self.heard.words.contains(&hash(word));
                let is_name = |token| {
                    let key = self.heard.keys.get(&token);
                    key.is_some_and(|first| *first <= unit.order())
                        || self.heard.names.contains(&token)
                };
                if words(&token).all(known) && is_token(&token) && !is_name(hash(&token)) {
                    self.born(birth(None, &token));
                }
            }
            Vec::new()
        });
    }

    fn born(&mut self, birth: Birth) {
        let key = (birth.class.clone(), birth.text.clone());
        if self.births.len() >= BIRTHS_CAP || self.index.contains_key(&key) {
            return;
        }
        let place = self.births.len();
        if matches!(birth.class, Some(Class::Id(_))) {
            self.ids.entry(birth.text.clone()).or_default().push(place);
        }
        self.index.insert(key, place);
        self.births.push(birth);
    }
}

/// A whole value's place in a set.
fn hash_whole(class: &Class, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (class, text).hash(&mut hasher);
    hasher.finish()
}

/// What may be born at a place.
struct Bears {
    tokens: bool,
}

/// None where nothing is born.
fn bears(unit: &Unit<'_>, spot: &Spot<'_>) -> Option<Bears> {
    match &unit.form {
        Form::Header(name) => (!class::is_deaf_header(name)).then_some(Bears { tokens: true }),
        Form::EventId => Some(Bears { tokens: false }),
        Form::Url | Form::Frame(_) | Form::Body => Some(Bears { tokens: spot.what != What::Key }),
        Form::Message(message) => {
            let path = spot.path;
            if path.is_some_and(|path| {
                spot.is_outer() && class::is_fixed(path)
                    || path.key().is_some_and(class::is_word_key)
            }) {
                return None;
            }
            let lists = message.method.as_deref().is_some_and(class::is_listing);
            let declared = spot.classes.iter().any(|class| !matches!(class, Class::Id(_)));
            (!lists || declared).then_some(Bears { tokens: spot.what != What::Key })
        }
    }
}

/// A value is of a size that is bound as a whole.
pub(super) fn has_size(class: &Class, text: &str) -> bool {
    match class {
        Class::Id(_) => {
            text.len() <= ID_CAP
                && text.contains(|c: char| c.is_ascii_digit())
                && !text.contains(char::is_whitespace)
        }
        _ => !text.is_empty() && text.len() <= WHOLE_CAP,
    }
}
