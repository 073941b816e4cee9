//! What a live text teaches: the fresh values at the places of the recorded ones, in JSON, beside
//! other text, in base64, one within another.

use std::{ops::Range, sync::Arc};

use super::{
    class::{self, Class},
    coded::{Base64, base64_in, unpercented, unquoted},
    find::WHOLE_CAP,
    json::{What, holds_json, leaves},
    known::Place as Source,
    layers::{self, Spot},
    locate::locate,
    news::New,
    pairs::pairs,
    path::Step,
    table::Table,
};

/// How often JSON and base64 within a text are opened: as deep as requests are looked into.
const NESTING_CAP: usize = 3;

/// How often tokens within tokens are looked for, layers included.
const DEPTH_CAP: usize = 8;

/// Places of one text that are looked up in the live one; further ones teach nothing.
const PLACES_CAP: usize = 256;

/// A place in a text: of a token, or of a run of base64.
type Place = (Range<usize>, Option<usize>);

/// What is known of where a text stands.
#[derive(Clone, Copy)]
pub(super) struct Context<'c> {
    classes: &'c [Class],
    /// What it is a part of.
    of: Option<Source>,
    /// What is learnt counts more than what is known.
    is_news: bool,
    /// How many layers it is within.
    depth: usize,
}

impl<'c> Context<'c> {
    pub(super) fn of(of: Option<Source>, classes: &'c [Class]) -> Self {
        Self { classes, of, is_news: false, depth: 0 }
    }

    /// It is where a value was born, or says so.
    fn is_birth(&self, own: Option<&Source>) -> bool {
        self.is_news || own.is_some() && own == self.of.as_ref()
    }

    /// A driver's own news.
    pub(super) fn news() -> Self {
        Self { is_news: true, ..Self::of(None, &[]) }
    }

    fn below(self, classes: &[Class]) -> Context<'_> {
        Context { classes, of: self.of, is_news: self.is_news, depth: self.depth + 1 }
    }
}

impl Table {
    /// Learns from two texts that say the like.
    pub(super) fn learn_at(&mut self, recorded: &str, live: &str, context: Context<'_>) {
        if recorded.len().max(live.len()) > layers::TEXT_CAP {
            return;
        }
        if context.depth < NESTING_CAP && holds_json(recorded) && holds_json(live) {
            return self.learn_json(recorded, live, context);
        }
        self.learn_plain(recorded, live, context);
        if recorded.contains('%') {
            let (own, its) = (unpercented(recorded), unpercented(live));
            if own.text != recorded {
                self.learn_plain(&own.text, &its.text, context);
            }
        }
    }

    /// The places of JSON that teach something, found in the live one.
    fn learn_json(&mut self, recorded: &str, live: &str, context: Context<'_>) {
        let mut wanted: Vec<Vec<Step>> = Vec::new();
        let mut at: Vec<(What, Vec<Class>)> = Vec::new();
        leaves(recorded, &mut |leaf| {
            let (Some(raw), Some(steps)) = (recorded.get(leaf.raw.clone()), leaf.path.steps())
            else {
                return;
            };
            let is_question =
                leaf.what == What::Key && leaf.path.outer_key() == Some("inputRequests");
            let class = match leaf.what {
                What::Key => is_question.then_some(Class::Question),
                _ => class::of_path(leaf.path),
            };
            let text = unquoted(raw);
            let born = class.as_ref().is_some_and(|class| {
                self.known.births.contains_key(&(class.clone(), text.text.clone().into_owned()))
            });
            if born || leaf.what != What::Key && self.teaches(&text.text) {
                wanted.push(steps.to_vec());
                at.push((leaf.what, class.into_iter().collect()));
            }
        });
        let found = pairs(recorded, live, &wanted);
        for (place, own, its) in found {
            let Some((what, classes)) = at.get(place) else { continue };
            if *what == What::Key {
                let named = wanted.get(place).map(Vec::as_slice);
                self.learn_question(named, live, its);
                continue;
            }
            // A handle that became an object is none.
            if its.starts_with(['{', '[', 't', 'f', 'n']) {
                continue;
            }
            self.learn_at(&plain(own), &plain(its), context.below(classes));
        }
    }

    /// The key under which the live server asks what the recorded one asked under its own.
    fn learn_question(&mut self, recorded: Option<&[Step]>, live: &str, question: &str) {
        let Some((Step::Key(key), outer)) = recorded.and_then(<[Step]>::split_last) else { return };
        let start = (question.as_ptr() as usize).checked_sub(live.as_ptr() as usize);
        let Some(start) = start else { return };
        let mut fresh = None;
        leaves(live, &mut |leaf| {
            let steps = leaf.path.steps().and_then(<[Step]>::split_last);
            if let Some((Step::Key(name), within)) = steps
                && leaf.what == What::Key
                && within == outer
                && leaf.raw.end < start
            {
                fresh = Some(name.clone());
            }
        });
        if let Some(fresh) = fresh {
            self.learn_whole(&Class::Question, key, &fresh, false);
        }
    }

    /// Whether a value that is used stands in a text, however it is spelled.
    fn teaches(&self, text: &str) -> bool {
        let mut any = false;
        layers::text(text, &Spot::top(&[]), 1, &mut |spot, text| {
            let of_class =
                |class: &Class| self.known.births.contains_key(&(class.clone(), text.to_owned()));
            any = any
                || spot.classes.iter().any(of_class)
                || !self.known.tokens.spans(text, |_| true).is_empty();
            Vec::new()
        });
        any
    }

    fn learn_plain(&mut self, recorded: &str, live: &str, context: Context<'_>) {
        for class in context.classes {
            let own = self.known.births.get(&(class.clone(), recorded.to_owned()));
            self.learn_whole(class, recorded, live, context.is_birth(own));
        }
        let known = Arc::clone(&self.known);
        let whole = known.token(recorded);
        if let Some(token) = whole {
            self.learn_token(token, live, context.is_birth(known.born_in.get(&token)));
        }
        // A token may have others within it: an address and the handle in it.
        let within = known.tokens.spans(recorded, |token| Some(token) != whole);
        let tokens: Vec<Place> =
            within.into_iter().map(|span| (span.range, Some(span.token))).collect();
        let is_open = context.depth < NESTING_CAP;
        let runs = if is_open { self.runs(recorded) } else { Vec::new() };
        let (over, free): (Vec<_>, Vec<_>) =
            runs.into_iter().partition(|run| is_over(run, &tokens));
        let apart: Vec<Place> =
            tokens.iter().filter(|token| !is_over(token, &over)).cloned().collect();
        self.learn_places(recorded, live, [tokens, free].concat(), context);
        if !over.is_empty() {
            self.learn_places(recorded, live, [over, apart].concat(), context);
        }
    }

    /// Tokens and runs of base64, none within another, each by what is around it.
    fn learn_places(
        &mut self,
        recorded: &str,
        live: &str,
        mut places: Vec<Place>,
        context: Context<'_>,
    ) {
        places.sort_by_key(|(place, _)| place.start);
        places.truncate(PLACES_CAP);
        let ranges: Vec<Range<usize>> = places.iter().map(|(place, _)| place.clone()).collect();
        for (nth, (place, token)) in places.iter().enumerate() {
            let fresh = locate(recorded, &ranges, nth, live).and_then(|at| live.get(at));
            let Some(fresh) = fresh else { continue };
            let own = recorded.get(place.clone()).unwrap_or_default();
            if let Some(token) = token {
                let is_birth = context.is_birth(self.known.born_in.get(token));
                self.learn_token(*token, fresh, is_birth);
                if context.depth < DEPTH_CAP {
                    self.learn_plain(own, fresh, context.below(&[]));
                }
            } else if let (Some(own), Some(its)) = (whole_run(own), whole_run(fresh)) {
                self.learn_at(&own.text, &its.text, context.below(&[]));
            }
        }
    }

    /// Runs of base64 that hold values that are used.
    fn runs(&self, text: &str) -> Vec<Place> {
        let runs = base64_in(text).into_iter().filter(|run| self.teaches(&run.text));
        runs.take(PLACES_CAP).map(|run| (run.range, None)).collect()
    }

    /// What is learnt first counts, unless this is where the token was born: elsewhere it is said
    /// again, and what a server says again is to be compared.
    fn learn_token(&mut self, token: usize, fresh: &str, is_birth: bool) {
        let Some(recorded) = self.known.texts.get(token) else { return };
        let is_like = recorded.contains(char::is_whitespace)
            || !fresh.contains(char::is_whitespace)
            || self.known.is_placeholder(token);
        let fits = is_like && !fresh.is_empty() && fresh.len() <= WHOLE_CAP;
        if fits && (is_birth || !self.fresh.contains_key(&token)) {
            self.note(New::Token(token, fresh.to_owned()));
        }
    }

    /// A value that the protocol names.
    pub(super) fn learn_whole(
        &mut self,
        class: &Class,
        recorded: &str,
        fresh: &str,
        is_birth: bool,
    ) {
        let key = (class.clone(), recorded.to_owned());
        if fresh.is_empty() || fresh.len() > WHOLE_CAP || !self.known.births.contains_key(&key) {
            return;
        }
        if is_birth || class.is_renewed() || !self.whole.contains_key(&key) {
            self.note(New::Whole(key, fresh.to_owned()));
        }
    }
}

/// One of these places, in their order, has something of this one.
fn is_over((place, _): &Place, others: &[Place]) -> bool {
    let next = others.partition_point(|(other, _)| other.end <= place.start);
    others.get(next).is_some_and(|(other, _)| other.start < place.end)
}

/// A text that is base64 as a whole.
fn whole_run(text: &str) -> Option<Base64> {
    base64_in(text).into_iter().find(|run| run.range == (0..text.len()))
}

/// What a JSON value says: a string's text, a number as it is spelled.
pub(super) fn plain(raw: &str) -> String {
    let text = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    text.map_or_else(|| raw.to_owned(), |text| unquoted(text).text.into_owned())
}
