//! Finds, in a recorded session, values that a response brings and a later request bears.
//!
//! Three passes, each over all that the session says: which words requests have at all, so that
//! the rest of the responses costs nothing; what responses bring first; where requests bear it.

mod uses;

use std::collections::{HashMap, HashSet};

use super::{
    class::{self, Class},
    corrections::Corrections,
    json::What,
    layers::Spot,
    token::{hash, is_token, spans, words},
    tokens::Tokens,
    unit::{Form, Unit, units},
};
use crate::protocol::Story;

/// Values remembered as born. Those that come later are not bound: their uses are sent as recorded.
const BIRTHS_CAP: usize = 1 << 18;

/// The longest value that is bound where the protocol names it, in bytes.
pub(super) const WHOLE_CAP: usize = 64 << 10;

/// The longest short id.
const ID_CAP: usize = 64;

/// A value that a response brought first.
#[derive(Clone, Debug)]
pub(super) struct Birth {
    /// What the protocol says it is; none for a token, which is bound wherever it stands.
    pub(super) class: Option<Class>,
    pub(super) text: String,
    /// By which unit.
    pub(super) unit: usize,
    pub(super) pointer: String,
}

/// Where a request bears it.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) birth: usize,
    /// As what the place holds it.
    pub(super) class: Option<Class>,
    pub(super) unit: usize,
    pub(super) pointer: String,
}

/// What was found.
pub(super) struct Found<'s> {
    pub(super) units: Vec<Unit<'s>>,
    pub(super) births: Vec<Birth>,
    /// In the order of time.
    pub(super) uses: Vec<Use>,
}

/// Finds them all.
pub(super) fn find<'s>(
    story: &'s Story,
    placeholders: &[String],
    corrections: &Corrections,
) -> Found<'s> {
    let units = units(story);
    let listed = Tokens::new(placeholders.iter().map(String::as_str));
    let mut search = Search::new(corrections, listed);
    for (place, unit) in units.iter().enumerate() {
        search.hear(place, unit);
    }
    for (place, unit) in units.iter().enumerate() {
        if unit.from_server {
            search.births(place, unit);
        } else {
            search.sent(unit);
        }
    }
    let uses = search.uses(&units);
    Found { units, births: search.births, uses }
}

struct Search<'c> {
    corrections: &'c Corrections,
    listed: Tokens,
    /// Words of requests.
    words: HashSet<u64>,
    /// Methods and listed names: no handles.
    names: HashSet<u64>,
    /// Keys by the unit that had each first: what is born there or later is a name of a field. A
    /// handle may be a key once it was born.
    keys: HashMap<u64, usize>,
    /// Values that requests bore so far: they are the client's own.
    sent: HashSet<u64>,
    sent_whole: HashSet<(Class, String)>,
    births: Vec<Birth>,
    index: HashMap<(Option<Class>, String), usize>,
    /// Births of short ids by value.
    ids: HashMap<String, Vec<usize>>,
}

impl<'c> Search<'c> {
    fn new(corrections: &'c Corrections, listed: Tokens) -> Self {
        Self {
            corrections,
            listed,
            words: HashSet::new(),
            names: HashSet::new(),
            keys: HashMap::new(),
            sent: HashSet::new(),
            sent_whole: HashSet::new(),
            births: Vec::new(),
            index: HashMap::new(),
            ids: HashMap::new(),
        }
    }

    /// Notes words and names.
    fn hear(&mut self, place: usize, unit: &Unit<'_>) {
        let method = unit.message().and_then(|message| message.method.as_deref());
        self.names.extend(method.map(hash));
        let lists = unit.from_server && method.is_some_and(class::is_listing);
        unit.walk(&mut |spot, text| {
            let is_name = spot.path.and_then(|path| path.key()) == Some("name");
            if spot.what == What::Key && !spot.classes.contains(&Class::Question) {
                self.keys.entry(hash(text)).or_insert(place);
            } else if lists && is_name {
                self.names.insert(hash(text));
            }
            if !unit.from_server {
                self.words.extend(words(text).map(hash));
            }
            Vec::new()
        });
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
                self.sent_whole.insert((class, text.to_owned()));
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
                pointer: spot.pointer(),
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
                if !self.sent_whole.contains(&(any, text.to_owned())) {
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
                let known = |word| self.words.contains(&hash(word));
                let is_name = |token| {
                    let is_key = self.keys.get(&token).is_some_and(|first| *first <= place);
                    is_key || self.names.contains(&token)
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
